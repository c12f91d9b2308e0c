package dev.skald.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.chat.Chat;
import dev.skald.chat.ChatPrompt;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Serves a model over HTTP, as OpenAI's API has it, with vLLM's additions. Listens from its making on; until {@link #serve} gives it a model, all but the health check are
 * answered with 503. {@link #drain} lets what runs end.
 */
public final class Server implements AutoCloseable {

    /** Bytes of a request's body, at most. */
    private static final int MOST_BODY = 32 << 20;

    private static final long REQUEST_SECONDS = 30;

    private final List<byte[]> keys;
    private final Consumer<Throwable> failures;
    private final HttpListener listener;
    private final Map<String, Route> routes;
    private final AtomicInteger running = new AtomicInteger();
    private volatile boolean closing;
    /** By name; the first answers requests that name none. */
    private volatile Map<String, Serving> serving = Map.of();

    /** A model, and what answers with it. */
    private record Serving(ServedModel model, Metrics metrics, Completions completions, Chats chats) {}

    /**
     * A model to serve.
     *
     * @param name what requests call it
     * @param generator stays the caller's, who closes it after the server
     * @param chat empty: the model only continues texts
     * @param parent the model that it is an adapter of; empty: of none
     */
    public record Named(String name, Generator generator, Optional<Chat> chat, Optional<String> parent) {}

    /** What a path does with a method. */
    private record Route(String method, BiConsumer<Map<String, Serving>, Exchange> action) {}

    /**
     * Begins to listen.
     *
     * @param port 0: a free one
     * @param keys one of which requests have to name; none: anybody may ask
     * @param failures is told of what is nobody's invalid input: the client learns no more than that there was something
     * @throws InvalidInputException when the address cannot be listened on
     */
    public Server(String host, int port, List<String> keys, Consumer<Throwable> failures) {
        this.keys = keys.stream().map(Server::digest).toList();
        this.failures = failures;
        this.routes = Map.ofEntries(
                Map.entry("/", new Route("GET", (_, exchange) -> page(exchange))),
                Map.entry("/v1/completions", new Route("POST", Server::complete)),
                Map.entry("/v1/chat/completions", new Route("POST", Server::chat)),
                Map.entry("/v1/models", new Route("GET", Server::models)),
                Map.entry("/v1/embeddings", new Route("POST", (_, _) -> {
                    throw ApiException.notFound("embeddings are not served: the model is one that continues texts");
                })),
                Map.entry("/tokenize", new Route("POST", Server::tokenize)),
                Map.entry("/detokenize", new Route("POST", Server::detokenize)),
                Map.entry("/tokenizer_info", new Route("GET", Server::tokenizerInfo)),
                Map.entry("/props", new Route("GET", Server::properties)),
                Map.entry("/version", new Route("GET", (_, exchange) -> version(exchange))),
                Map.entry("/metrics", new Route("GET", Server::metrics)));
        this.listener = new HttpListener(host, port, MOST_BODY, REQUEST_SECONDS, this::answer);
    }

    /** The port that it listens on. */
    public int port() {
        return listener.port();
    }

    /**
     * Serves a model from now on.
     *
     * @param generator stays the caller's, who closes it after this
     * @param chat empty: the model only continues texts
     * @param name what requests call it
     * @param context tokens of prompt and answer together, at most; empty: what the model and its memory allow
     */
    public void serve(Generator generator, Optional<Chat> chat, String name, OptionalInt context) {
        serve(List.of(new Named(name, generator, chat, Optional.empty())), context);
    }

    /**
     * Serves several models from now on; requests say which, and those of different ones are answered beside each other.
     *
     * @param models the first answers requests that name none
     * @param context tokens of prompt and answer together, at most; empty: what each model and its memory allow
     * @throws InvalidInputException when two have the same name
     */
    public void serve(List<Named> models, OptionalInt context) {
        Map<String, Serving> all = new LinkedHashMap<>();
        for (Named each : models) {
            int most = Math.min(each.generator.mostTokens(), context.orElse(Integer.MAX_VALUE));
            long now = System.currentTimeMillis() / 1000;
            ServedModel model = new ServedModel(each.name, each.generator, each.chat, most, now, each.parent);
            Metrics metrics = new Metrics(each.name);
            Serving added = new Serving(
                    model,
                    metrics,
                    new Completions(model, metrics, this::refusal),
                    new Chats(model, metrics, this::refusal));
            if (all.put(each.name, added) != null) {
                throw new InvalidInputException("two models are called " + each.name + ", expected names of their own");
            }
        }
        serving = Collections.unmodifiableMap(all);
    }

    /**
     * Takes no more requests, and waits for those that are being answered.
     *
     * @param seconds how long to wait, at most
     */
    public void drain(int seconds) {
        closing = true;
        listener.stopListening();
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        try {
            while (running.get() > 0 && System.nanoTime() < end) {
                Thread.sleep(20);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends at once: who is being answered loses the connection. */
    @Override
    public void close() {
        closing = true;
        listener.close();
    }

    private void answer(Exchange exchange) {
        running.incrementAndGet();
        try {
            route(exchange);
        } catch (RuntimeException e) {
            ApiException why = refusal(e);
            if (!exchange.isAnswered() && !exchange.isGone()) {
                exchange.refuse(why);
            }
        } finally {
            running.decrementAndGet();
        }
    }

    /** What a client is told of something that went wrong. */
    private ApiException refusal(RuntimeException e) {
        return switch (e) {
            case ApiException refused -> refused;
            case InvalidInputException invalid -> ApiException.invalid(null, invalid.getMessage());
            case RejectedExecutionException full -> ApiException.tooManyRequests(full.getMessage());
            default -> {
                failures.accept(e);
                yield ApiException.internal();
            }
        };
    }

    private void route(Exchange exchange) {
        String path = exchange.path();
        if (exchange.method().equals("OPTIONS")) {
            exchange.answer(
                    204,
                    "text/plain",
                    new byte[0],
                    Map.of(
                            "access-control-allow-methods", "GET, POST, OPTIONS",
                            "access-control-allow-headers", "authorization, content-type, x-request-id",
                            "access-control-max-age", "86400"));
            return;
        }
        if (path.equals("/health") || path.equals("/ping")) {
            exchange.answer(serving.isEmpty() || closing ? 503 : 200, "text/plain", new byte[0], Map.of());
            return;
        }
        Route route = routes.get(path);
        if (route == null && path.startsWith("/v1/models/")) {
            route = new Route("GET", Server::oneModel);
        }
        if (route == null) {
            throw ApiException.notFound("there is nothing at " + path);
        }
        boolean head = exchange.method().equals("HEAD") && route.method.equals("GET");
        if (!head && !exchange.method().equals(route.method)) {
            throw ApiException.wrongMethod(exchange.method(), path);
        }
        if (!path.equals("/")) {
            authorize(exchange);
        }
        Map<String, Serving> now = serving;
        if (now.isEmpty() || closing) {
            throw ApiException.unavailable(closing ? "the server is stopping" : "the model is being loaded");
        }
        route.action.accept(now, exchange);
    }

    /** In a time that does not tell how much of a key was right. */
    private void authorize(Exchange exchange) {
        byte[] given = digest(exchange.header("authorization")
                .map(value -> value.regionMatches(true, 0, "Bearer ", 0, 7)
                        ? value.substring(7).strip()
                        : "")
                .orElse(""));
        boolean valid = keys.isEmpty();
        for (byte[] key : keys) {
            valid |= MessageDigest.isEqual(key, given);
        }
        if (!valid) {
            throw ApiException.unauthorized();
        }
    }

    private static byte[] digest(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The model of a name. */
    private static Serving named(Map<String, Serving> all, String name) {
        Serving serving = all.get(name);
        if (serving == null) {
            throw ApiException.unknownModel(name, String.join(" or ", all.keySet()));
        }
        return serving;
    }

    /** The model that a request names, else the first. */
    private static Serving named(Map<String, Serving> all, Parameters body) {
        return body.text("model").map(name -> named(all, name)).orElseGet(() -> first(all));
    }

    private static Serving first(Map<String, Serving> all) {
        return all.values().iterator().next();
    }

    private static void complete(Map<String, Serving> all, Exchange exchange) {
        Parameters body = Parameters.of(exchange.body());
        named(all, body).completions.answer(exchange, body);
    }

    private static void chat(Map<String, Serving> all, Exchange exchange) {
        Parameters body = Parameters.of(exchange.body());
        named(all, body).chats.answer(exchange, body);
    }

    private static void models(Map<String, Serving> all, Exchange exchange) {
        ObjectNode node = Exchange.JSON.createObjectNode().put("object", "list");
        ArrayNode data = node.putArray("data");
        all.values().forEach(each -> data.add(describe(each.model)));
        exchange.answer(200, node);
    }

    private static void oneModel(Map<String, Serving> all, Exchange exchange) {
        String name = exchange.path().substring("/v1/models/".length());
        String decoded = URLDecoder.decode(name, StandardCharsets.UTF_8);
        exchange.answer(200, describe(named(all, decoded).model));
    }

    private static ObjectNode describe(ServedModel model) {
        return Exchange.JSON
                .createObjectNode()
                .put("id", model.name())
                .put("object", "model")
                .put("created", model.loaded())
                .put("owned_by", "skald")
                .put("root", model.name())
                .put("parent", model.parent().orElse(null))
                .put("max_model_len", model.context());
    }

    private static void tokenize(Map<String, Serving> all, Exchange exchange) {
        Parameters body = Parameters.of(exchange.body());
        Serving serving = named(all, body);
        int[] ids;
        if (body.has("messages")) {
            Chat chat = serving.chats.chat();
            ChatPrompt prompt = serving.chats.prompt(body, chat, List.of());
            ids = prompt.ids();
        } else {
            String text = body.text("prompt").orElseThrow(() -> body.wrong("prompt", "a text"));
            ids = serving.model.tokenizer().encode(text, body.flag("add_special_tokens", true));
        }
        ObjectNode node =
                Exchange.JSON.createObjectNode().put("count", ids.length).put("max_model_len", serving.model.context());
        ArrayNode tokens = node.putArray("tokens");
        for (int id : ids) {
            tokens.add(id);
        }
        if (body.flag("return_token_strs", false)) {
            ArrayNode texts = node.putArray("token_strs");
            for (int id : ids) {
                texts.add(serving.model.text(id));
            }
        }
        exchange.answer(200, node);
    }

    private static void detokenize(Map<String, Serving> all, Exchange exchange) {
        Parameters body = Parameters.of(exchange.body());
        Serving serving = named(all, body);
        int[] ids = body.ids("tokens").stream().mapToInt(Integer::intValue).toArray();
        for (int id : ids) {
            if (id >= serving.model.tokenizer().vocabSize()) {
                throw body.wrong(
                        "tokens", "token ids below " + serving.model.tokenizer().vocabSize());
            }
        }
        exchange.answer(
                200,
                Exchange.JSON
                        .createObjectNode()
                        .put("prompt", serving.model.tokenizer().decode(ids, false)));
    }

    private static void tokenizerInfo(Map<String, Serving> all, Exchange exchange) {
        Serving serving = first(all);
        ObjectNode node = Exchange.JSON.createObjectNode().put("tokenizer_class", "PreTrainedTokenizerFast");
        serving.model.tokenizer().namedTokens().forEach(node::put);
        node.put("model_max_length", serving.model.context());
        node.put("add_bos_token", serving.model.tokenizer().addsBos());
        serving.model
                .chat()
                .ifPresent(chat -> node.put("chat_template", chat.template().source()));
        exchange.answer(200, node);
    }

    /** What a page has to know of the model, under the names of llama.cpp's server. */
    private static void properties(Map<String, Serving> all, Exchange exchange) {
        Serving serving = first(all);
        ObjectNode node = Exchange.JSON
                .createObjectNode()
                .put("model", serving.model.name())
                .put("n_ctx", serving.model.context());
        node.set(
                "default_generation_settings",
                Exchange.JSON.valueToTree(serving.model.generator().defaults()));
        serving.model
                .chat()
                .ifPresent(chat -> node.put("chat_template", chat.template().source()));
        exchange.answer(200, node);
    }

    private static void version(Exchange exchange) {
        String version = Server.class.getPackage().getImplementationVersion();
        exchange.answer(200, Exchange.JSON.createObjectNode().put("version", version == null ? "0" : version));
    }

    private static void metrics(Map<String, Serving> all, Exchange exchange) {
        String text = Metrics.joined(all.values().stream()
                .map(each -> each.metrics.text(each.model.generator().engine().state()))
                .toList());
        exchange.answer(
                200, "text/plain; version=0.0.4; charset=utf-8", text.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    private static void page(Exchange exchange) {
        try (InputStream in = Server.class.getResourceAsStream("index.html")) {
            exchange.answer(200, "text/html; charset=utf-8", in.readAllBytes(), Map.of());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
