package dev.skald.chat;

import dev.skald.InvalidInputException;
import dev.skald.generate.Generation;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import dev.skald.generate.TextStream;
import java.util.List;
import java.util.function.Consumer;

/**
 * Answers messages with a model that has a chat template. Holds no conversation: each call is given all of its messages, of which the engine has to read only
 * those that it has not read before. Thread-safe; the generator stays the caller's to close.
 *
 * <pre>{@code
 * try (Generator model = Generator.load(Path.of("Llama-3-8B-instruct"))) {
 *     Chat chat = Chat.of(model);
 *     System.out.println(chat.reply(List.of(Message.user("Vad heter Norges huvudstad?"))).text());
 * }
 * }</pre>
 */
public final class Chat {

    private final Generator generator;
    private final ChatTemplate template;

    private Chat(Generator generator, ChatTemplate template) {
        this.generator = generator;
        this.template = template;
    }

    /**
     * Answers by the template that the model came with.
     *
     * @throws InvalidInputException when it came with none, or with one that is not valid
     */
    public static Chat of(Generator generator) {
        return new Chat(
                generator,
                ChatTemplate.of(generator.tokenizer())
                        .orElseThrow(() ->
                                new InvalidInputException("the model has no chat template: it is a base model, which"
                                        + " continues texts; a template can be named, llama3 or chatml or a file")));
    }

    /** Answers by another template. */
    public static Chat of(Generator generator, ChatTemplate template) {
        return new Chat(generator, template);
    }

    /** What makes token ids of messages. */
    public ChatTemplate template() {
        return template;
    }

    /** Answers with the model's own defaults. */
    public Reply reply(List<Message> messages) {
        return reply(messages, GenerationOptions.modelDefaults(), _ -> {});
    }

    /** Answers without tools. */
    public Reply reply(List<Message> messages, GenerationOptions options, Consumer<String> listener) {
        return reply(messages, PromptOptions.REPLY, options, listener);
    }

    /**
     * Answers.
     *
     * @param prompt with the tools that the model may want to be called
     * @param options where they do not say how long an answer may be, it may fill the model's context; stop strings are left out of it
     * @param listener is told of the answer's text while it is generated, on the calling thread; of a call of tools nothing
     * @throws InvalidInputException when the template refuses the messages, they leave no room for an answer, or an option is out of range
     */
    public Reply reply(
            List<Message> messages, PromptOptions prompt, GenerationOptions options, Consumer<String> listener) {
        try (TextStream texts = start(template.prompt(messages, prompt), options.numReturnSequences(1))) {
            boolean tools = !prompt.tools().isEmpty();
            StringBuilder held = new StringBuilder();
            while (texts.next() instanceof TextStream.Piece piece) {
                held.append(piece.text());
                if (!held.isEmpty() && !(tools && ToolCall.mayBegin(held.toString()))) {
                    tools = false;
                    listener.accept(held.toString());
                    held.setLength(0);
                }
            }
            Generation generation = texts.results().getFirst();
            List<ToolCall> calls =
                    tools ? ToolCall.parse(generation.generatedText()).orElse(List.of()) : List.of();
            if (calls.isEmpty() && !held.isEmpty()) {
                listener.accept(held.toString());
            }
            Message message =
                    calls.isEmpty() ? Message.assistant(generation.generatedText()) : Message.assistant(calls);
            return new Reply(message, calls, generation);
        }
    }

    /**
     * Begins to answer and returns at once.
     *
     * @return for the caller to close
     * @throws InvalidInputException when the prompt leaves no room for an answer, or an option is out of range
     */
    public TextStream start(ChatPrompt prompt, GenerationOptions options) {
        return generator.start(List.of(prompt.ids()), forReplies(options, prompt.ids().length));
    }

    /** Options as an answer needs them: it ends where the template ends a message, and may be as long as there is room. */
    public GenerationOptions forReplies(GenerationOptions options, int promptTokens) {
        GenerationOptions answer = options.includeStopString(false);
        if (template.endOfTurn().isPresent() && !options.ignoresEos()) {
            answer = answer.alsoStopTokenId(template.endOfTurn().getAsInt());
        }
        return answer.setsNoLength() ? answer.maxNewTokens(Math.max(1, generator.mostTokens() - promptTokens)) : answer;
    }
}
