package dev.skald.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.base.StrictJson;
import dev.skald.chat.Chat;
import dev.skald.chat.ChatPrompt;
import dev.skald.chat.ChatTemplate;
import dev.skald.chat.Message;
import dev.skald.chat.PromptOptions;
import dev.skald.generate.Generation;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import dev.skald.generate.TextStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code skald chat}: a conversation in the terminal, or through a pipe. */
@Command(
        name = "chat",
        description =
                "Talks with a model that has a chat template: in the terminal, or one question a line from standard input.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Ctrl-C stops an answer, Ctrl-D ends. A line that ends in \\ goes on in the next one.",
            "  /system TEXT  begin anew with instructions      /reset       begin anew",
            "  /save FILE    write the conversation            /load FILE   go on with one",
            "  /tokens       how much of the context is used   /quit        end",
            "",
            "Example:",
            "  skald chat --model Llama-3-8B-instruct --system \"Svara kort.\""
        })
final class ChatCommand implements Callable<Integer> {

    private static final ObjectMapper JSON = StrictJson.mapper();

    @Mixin
    private ModelOptions model;

    @Mixin
    private AdapterOption adapter;

    @Mixin
    private SamplingOptions sampling;

    @Option(names = "--system", paramLabel = "TEXT", description = "Instructions that the conversation begins with.")
    private String system;

    @Option(
            names = "--chat-template",
            paramLabel = "T",
            description = "llama3, chatml, or a file with a template in Jinja (default: the model's own).")
    private String chatTemplate;

    @Spec
    private CommandSpec spec;

    private final List<Message> messages = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        PrintWriter err = spec.commandLine().getErr();
        try (Generator generator = model.load(adapter, err);
                Questions questions = Questions.open(spec.commandLine().getOut())) {
            Chat chat = chatTemplate == null
                    ? Chat.of(generator)
                    : Chat.of(generator, ChatTemplate.of(generator.tokenizer(), chatTemplate));
            begin(system);
            for (Optional<String> line = questions.next(); line.isPresent(); line = questions.next()) {
                String question = line.get();
                if (question.isBlank()) {
                    continue;
                }
                if (!question.startsWith("/")) {
                    ask(chat, questions, question);
                } else if (!obey(question.strip(), generator, chat, questions)) {
                    break;
                }
            }
        }
        return 0;
    }

    private void begin(String instructions) {
        messages.clear();
        if (instructions != null) {
            messages.add(Message.system(instructions));
        }
    }

    private void ask(Chat chat, Questions questions, String question) {
        PrintWriter out = questions.out();
        messages.add(Message.user(question));
        try {
            ChatPrompt prompt = chat.template().prompt(messages, PromptOptions.REPLY);
            GenerationOptions options = sampling.applyTo(GenerationOptions.modelDefaults());
            try (TextStream texts = chat.start(prompt, options)) {
                questions.whileAnswering(texts::close, () -> {
                    while (texts.next() instanceof TextStream.Piece piece) {
                        out.print(piece.text());
                        out.flush();
                    }
                });
                Generation answer = texts.results().getFirst();
                messages.add(Message.assistant(answer.generatedText()));
                out.println();
                out.flush();
            }
        } catch (InvalidInputException e) {
            messages.removeLast();
            if (!questions.isInteractive()) {
                throw e;
            }
            questions.tell("error: " + e.getMessage());
        }
    }

    /** @return whether the conversation goes on */
    private boolean obey(String line, Generator generator, Chat chat, Questions questions) throws IOException {
        int blank = line.indexOf(' ');
        String command = blank < 0 ? line : line.substring(0, blank);
        String rest = blank < 0 ? "" : line.substring(blank + 1).strip();
        switch (command) {
            case "/quit", "/exit" -> {
                return false;
            }
            case "/reset" -> begin(system);
            case "/system" -> begin(rest.isEmpty() ? null : rest);
            case "/tokens" -> questions.tell(tokens(generator, chat));
            case "/save" -> save(rest, questions);
            case "/load" -> load(rest, questions);
            default ->
                questions.tell(
                        "unknown command " + command + ", expected /system, /reset, /save, /load, /tokens or /quit");
        }
        return true;
    }

    private String tokens(Generator generator, Chat chat) {
        int used = messages.isEmpty()
                ? 0
                : chat.template().prompt(messages, PromptOptions.WHOLE).ids().length;
        return String.format(Locale.ROOT, "%d of %d tokens", used, generator.mostTokens());
    }

    private void save(String file, Questions questions) throws IOException {
        if (file.isEmpty()) {
            questions.tell("/save needs a file");
            return;
        }
        List<Object> all = new ArrayList<>();
        messages.forEach(message -> all.add(message.fields()));
        AtomicFiles.write(Path.of(file), JSON.writeValueAsString(Map.of("messages", all)) + "\n");
        questions.tell(messages.size() + " messages written to " + file);
    }

    private void load(String file, Questions questions) throws IOException {
        if (file.isEmpty() || !Files.isRegularFile(Path.of(file))) {
            questions.tell(file.isEmpty() ? "/load needs a file" : file + ": no such file");
            return;
        }
        List<Message> loaded = new ArrayList<>();
        try {
            JsonNode list = JSON.readTree(Files.readString(Path.of(file))).path("messages");
            for (JsonNode each : list) {
                loaded.add(Message.fromJson(file + ": messages[" + loaded.size() + "]", each));
            }
        } catch (JsonProcessingException e) {
            questions.tell(file + ": not JSON: " + e.getOriginalMessage());
            return;
        } catch (InvalidInputException e) {
            questions.tell(e.getMessage());
            return;
        }
        messages.clear();
        messages.addAll(loaded);
        questions.tell(messages.size() + " messages read from " + file);
    }
}
