package dev.skald.chat;

import dev.skald.InvalidInputException;
import dev.skald.jinja.Rendered;
import dev.skald.jinja.Template;
import dev.skald.jinja.TemplateException;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Messages to token ids by a model's chat template, as transformers' {@code apply_chat_template} does. Immutable and thread-safe.
 *
 * <p>What a message says never becomes a special token: {@code <|eot_id|>} in its text is text. And a prompt's ids are the beginning of the ids of the
 * conversation that it becomes, for the assistant's messages are encoded by themselves: a tokenizer joins nothing across their beginning.
 */
public final class ChatTemplate {

    /** Templates that come with Skald, by name. */
    private static final List<String> BUILT_IN = List.of("llama3", "chatml");

    private final Tokenizer tokenizer;
    private final Map<String, Template> templates;
    private final Map<String, String> sources;
    private final Supplier<ZonedDateTime> now;
    private final OptionalInt endOfTurn;

    private ChatTemplate(Tokenizer tokenizer, Map<String, String> sources, Supplier<ZonedDateTime> now) {
        this.tokenizer = tokenizer;
        this.now = now;
        this.sources = sources;
        this.templates = new LinkedHashMap<>();
        sources.forEach((name, source) ->
                templates.put(name, parse(name.equals("default") ? "chat template" : "chat template " + name, source)));
        this.endOfTurn = findEndOfTurn();
    }

    private static Template parse(String name, String source) {
        try {
            return Template.parse(name, source);
        } catch (TemplateException e) {
            throw new InvalidInputException(e.getMessage(), e);
        }
    }

    /**
     * The template of a model's tokenizer; empty where it has none, as base models have none.
     *
     * @throws InvalidInputException when the template is not valid
     */
    public static Optional<ChatTemplate> of(Tokenizer tokenizer) {
        Map<String, String> sources = tokenizer.chatTemplates();
        return sources.containsKey("default")
                ? Optional.of(new ChatTemplate(tokenizer, sources, ZonedDateTime::now))
                : Optional.empty();
    }

    /**
     * A template by name, or from a file.
     *
     * @param nameOrFile {@code llama3}, {@code chatml} or a file with a template in Jinja
     * @throws InvalidInputException when there is none, or it is not valid
     * @throws IOException when it cannot be read
     */
    public static ChatTemplate of(Tokenizer tokenizer, String nameOrFile) throws IOException {
        if (BUILT_IN.contains(nameOrFile)) {
            try (InputStream in = ChatTemplate.class.getResourceAsStream(nameOrFile + ".jinja")) {
                String source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                return new ChatTemplate(tokenizer, Map.of("default", source), ZonedDateTime::now);
            }
        }
        Path file = Path.of(nameOrFile);
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException("chat template: " + nameOrFile + " is no file, expected "
                    + String.join(", ", BUILT_IN) + " or a file with a template");
        }
        return new ChatTemplate(tokenizer, Map.of("default", Files.readString(file)), ZonedDateTime::now);
    }

    /**
     * A template from its text.
     *
     * @param jinja the template
     * @throws InvalidInputException when it is not valid
     */
    public static ChatTemplate ofSource(Tokenizer tokenizer, String jinja) {
        return new ChatTemplate(tokenizer, Map.of("default", jinja), ZonedDateTime::now);
    }

    /** The same with another clock. */
    ChatTemplate at(Supplier<ZonedDateTime> clock) {
        return new ChatTemplate(tokenizer, sources, clock);
    }

    /** The template in Jinja, as it was read. */
    public String source() {
        return sources.get("default");
    }

    /** Whether the template knows what to do with tools. */
    public boolean knowsTools() {
        return sources.containsKey("tool_use") || source().contains("tools");
    }

    /** The special token that ends the assistant's message, where the template has one. */
    public OptionalInt endOfTurn() {
        return endOfTurn;
    }

    /** Writes a conversation and looks what follows the answer. */
    private OptionalInt findEndOfTurn() {
        String answer = "skald";
        try {
            Rendered rendered = render(List.of(Message.user("?"), Message.assistant(answer)), PromptOptions.WHOLE);
            int from = rendered.text().lastIndexOf(answer);
            if (from >= 0) {
                String rest = rendered.text().substring(from + answer.length());
                for (int id : tokenizer.encode(rest)) {
                    if (tokenizer.isSpecial(id)) {
                        return OptionalInt.of(id);
                    }
                }
            }
        } catch (TemplateException e) {
            // A template may want more than these two messages; then generation_config.json has to name the end.
        }
        return OptionalInt.empty();
    }

    /**
     * Messages as a prompt.
     *
     * @throws InvalidInputException when there are no messages, the template refuses them, or both {@code openReply} and {@code continueFinal} are asked
     *     for; the message of a refusal is the template's own
     */
    public ChatPrompt prompt(List<Message> messages, PromptOptions options) {
        if (messages.isEmpty()) {
            throw new InvalidInputException("there are no messages, expected at least one");
        }
        try {
            Rendered rendered = options.continueFinal() ? continued(messages, options) : render(messages, options);
            List<Conversation.Part> parts = parts(rendered, replies(messages, options, rendered.text()));
            return new ChatPrompt(rendered.text(), Conversation.ids(parts));
        } catch (TemplateException e) {
            throw new InvalidInputException(e.getMessage(), e);
        }
    }

    /**
     * A whole conversation, with what each of its tokens says. Its ids are those of {@link #prompt}.
     *
     * @throws InvalidInputException as {@link #prompt}; or when the tokenizer changes texts so that it cannot be told which token says what
     */
    public Conversation conversation(List<Message> messages, PromptOptions options) {
        if (messages.isEmpty()) {
            throw new InvalidInputException("there are no messages, expected at least one");
        }
        NumberedMessages numbered = NumberedMessages.of(messages);
        try {
            Rendered rendered = renderFields(numbered.fields(), options);
            int[] begins = replies(messages, options, rendered.text());
            return Conversation.of(tokenizer, rendered, parts(rendered, begins), numbered, begins);
        } catch (TemplateException e) {
            throw new InvalidInputException(e.getMessage(), e);
        }
    }

    private Rendered render(List<Message> messages, PromptOptions options) {
        return renderFields(messages.stream().map(Message::fields).toList(), options);
    }

    private Rendered renderFields(List<Map<String, Object>> messages, PromptOptions options) {
        Map<String, Object> variables = new HashMap<>(options.variables());
        variables.put("messages", messages);
        variables.put("tools", options.tools().isEmpty() ? null : options.tools());
        variables.put("documents", null);
        variables.put("add_generation_prompt", options.openReply());
        boolean toolUse = !options.tools().isEmpty() && templates.containsKey("tool_use");
        return templates.get(toolUse ? "tool_use" : "default").render(variables, tokenizer.namedTokens(), now);
    }

    /** The text up to the end of the last message's words, by the rule of transformers' chat_template_utils.py. */
    private Rendered continued(List<Message> messages, PromptOptions options) {
        if (options.openReply()) {
            throw new InvalidInputException(
                    "add_generation_prompt and continue_final_message are both set, expected one of them");
        }
        String words = messages.getLast().content();
        Rendered rendered = render(messages, options);
        int at = rendered.text().lastIndexOf(words.strip());
        if (words.isBlank() || at < 0) {
            throw new InvalidInputException(
                    "the chat template does not write the last message as it is, so that it cannot be" + " continued");
        }
        String open = words.stripLeading();
        int end = at
                + (rendered.text().startsWith(open, at)
                        ? open.length()
                        : words.strip().length());
        return rendered.upTo(end);
    }

    /** Where each of the assistant's messages begins in the text, what is before it being the prompt that it answers; -1 for the others. */
    private int[] replies(List<Message> messages, PromptOptions options, String text) {
        int[] replies = new int[messages.size()];
        Arrays.fill(replies, -1);
        PromptOptions open = new PromptOptions(true, false, options.tools(), options.variables());
        for (int i = 1; i < messages.size(); i++) {
            if (messages.get(i).role().equals("assistant")) {
                try {
                    String before = render(messages.subList(0, i), open).text();
                    if (text.startsWith(before)) {
                        replies[i] = before.length();
                    }
                } catch (TemplateException e) {
                    // The messages up to here are no conversation to this template: there is no prompt to agree with.
                }
            }
        }
        return replies;
    }

    /**
     * The tokens of a text, each part of it by itself.
     *
     * @param begins where parts begin; -1: nowhere
     */
    private List<Conversation.Part> parts(Rendered rendered, int[] begins) {
        BitSet callers = rendered.callers();
        List<Conversation.Part> parts = new ArrayList<>();
        int from = 0;
        int end = rendered.text().length();
        for (int cut : IntStream.concat(Arrays.stream(begins).filter(begin -> begin >= 0), IntStream.of(end))
                .sorted()
                .distinct()
                .toArray()) {
            parts.add(new Conversation.Part(
                    from, cut, tokenizer.encode(rendered.text().substring(from, cut), callers.get(from, cut))));
            from = cut;
        }
        return parts;
    }
}
