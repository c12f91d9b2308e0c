package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.chat.Chat;
import dev.skald.chat.ChatTemplate;
import dev.skald.generate.Generator;
import dev.skald.serve.Server;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code skald serve}: OpenAI's API, and a page, for a model. */
@Command(
        name = "serve",
        description = "Serves a model over HTTP: OpenAI's API, and a page to try it at /.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Ctrl-C lets running requests end, for ten seconds at most.",
            "",
            "Example:",
            "  skald serve --port 8080",
            "  curl http://127.0.0.1:8080/v1/completions -d '{\"prompt\": \"Riksdagen beslutade\", \"max_tokens\": 40}'"
        })
final class ServeCommand implements Callable<Integer> {

    private static final int GRACE_SECONDS = 10;

    private static final Set<String> LOCAL = Set.of("127.0.0.1", "localhost", "::1");

    @Mixin
    private ModelOptions model;

    @Option(
            names = "--adapter",
            paramLabel = "[NAME=]DIR",
            description =
                    "An adapter (LoRA): a directory as PEFT writes it, or the output_dir of the run that tuned it. With NAME= it is a model of its"
                            + " own beside the one of --model, and may be repeated; without, the model is served with it.")
    private List<String> adapters = List.of();

    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = "127.0.0.1",
            description = "The address to listen on (default: ${DEFAULT-VALUE}, this machine alone).")
    private String host;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "The port to listen on; 0: a free one (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            description = "A key that requests have to name; may be repeated. None: anybody may ask.")
    private List<String> keys = List.of();

    @Option(
            names = "--parallel",
            paramLabel = "N",
            defaultValue = "64",
            description = "Texts that are generated at once, at most (default: ${DEFAULT-VALUE}).")
    private int parallel;

    @Option(
            names = "--queue",
            paramLabel = "N",
            defaultValue = "1024",
            description = "Requests that may wait, at most; others get 429 (default: ${DEFAULT-VALUE}).")
    private int queue;

    @Option(
            names = "--context",
            paramLabel = "N",
            description =
                    "Tokens of prompt and answer together, at most (default: what the model and the memory allow).")
    private Integer context;

    @Option(
            names = "--model-name",
            paramLabel = "NAME",
            description = "What requests call the model (default: its directory's name).")
    private String modelName;

    @Option(
            names = "--chat-template",
            paramLabel = "T",
            description =
                    "llama3, chatml, or a file with a template in Jinja (default: the model's own, if it has one).")
    private String chatTemplate;

    @Spec
    private CommandSpec spec;

    private static void check(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new InvalidInputException(
                    option + " is " + value + ", expected a number from " + least + " to " + most);
        }
    }

    private static void tell(Throwable failure, PrintWriter err) {
        synchronized (err) {
            err.println("a request failed:");
            failure.printStackTrace(err);
            err.flush();
        }
    }

    private static void awaitEnd(CountDownLatch ended) {
        try {
            boolean _ = ended.await(GRACE_SECONDS + 5L, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is loaded; closed from the last to the first, whose weights the others share. */
    private record Loaded(List<Generator> generators) implements AutoCloseable {

        @Override
        public void close() {
            generators.reversed().forEach(Generator::close);
        }
    }

    /**
     * The adapters of the command line.
     *
     * @param named takes those with a name
     * @return the one without
     */
    private Optional<Path> adapters(Map<String, Path> named) {
        Optional<Path> first = Optional.empty();
        for (String adapter : adapters) {
            int equals = adapter.indexOf('=');
            if (equals < 1 || Files.exists(Path.of(adapter))) {
                if (first.isPresent()) {
                    throw new InvalidInputException("--adapter: found " + first.get() + " and " + adapter
                            + ", expected NAME=DIR for all but one: requests choose by the name");
                }
                first = Optional.of(Path.of(adapter));
            } else if (named.put(adapter.substring(0, equals), Path.of(adapter.substring(equals + 1))) != null) {
                throw new InvalidInputException(
                        "--adapter: two are called " + adapter.substring(0, equals) + ", expected names of their own");
            }
        }
        return first;
    }

    private Server.Named served(String name, Generator generator, Optional<String> parent) throws IOException {
        Optional<Chat> chat = chatTemplate == null
                ? ChatTemplate.of(generator.tokenizer()).map(template -> Chat.of(generator, template))
                : Optional.of(Chat.of(generator, ChatTemplate.of(generator.tokenizer(), chatTemplate)));
        return new Server.Named(name, generator, chat, parent);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        check("--port", port, 0, 65_535);
        check("--parallel", parallel, 1, 4096);
        check("--queue", queue, 1, 1_000_000);
        check("--context", context == null ? 2 : context, 2, Integer.MAX_VALUE);
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        Thread.Builder thread = Thread.ofPlatform().name("stop");
        Runtime.getRuntime().addShutdownHook(thread.unstarted(() -> {
            if (ended.getCount() == 0) {
                return; // it ended by itself, and the exit code is its own
            }
            stop.countDown();
            awaitEnd(ended);
            Runtime.getRuntime().halt(0);
        }));
        Map<String, Path> named = new LinkedHashMap<>();
        Optional<Path> first = adapters(named);
        try (Server server = new Server(host, port, keys, failure -> tell(failure, err));
                Loaded loaded = new Loaded(model.load(first, List.copyOf(named.values()), parallel, queue, err))) {
            String name = modelName == null ? model.name() : modelName;
            List<Server.Named> models = new ArrayList<>();
            models.add(served(name, loaded.generators().getFirst(), Optional.empty()));
            for (String adapter : named.keySet()) {
                Generator generator = loaded.generators().get(models.size());
                models.add(served(adapter, generator, Optional.of(name)));
            }
            server.serve(models, context == null ? OptionalInt.empty() : OptionalInt.of(context));
            if (keys.isEmpty() && !LOCAL.contains(host)) {
                err.println("warning: anybody who reaches " + host + " may use the model: no --api-key is set");
            }
            models.stream()
                    .filter(each -> each.chat().isEmpty())
                    .forEach(each -> err.println(
                            each.name() + " has no chat template: it continues texts, and answers no messages"));
            String shown = host.contains(":") ? "[" + host + "]" : host;
            err.println("listening on http://" + shown + ":" + server.port());
            err.flush();
            stop.await();
            server.drain(GRACE_SECONDS);
        } finally {
            ended.countDown();
        }
        return 0;
    }
}
