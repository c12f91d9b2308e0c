import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.generate.Generator;
import dev.skald.serve.Server;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A server under load, over loopback and bounded: 8 clients against one, a shared beginning, a short prompt beside a long one, the health check meanwhile, the same text alone
 * and among others, and a thousand requests of which a fifth go away. Speeds are medians of three.
 *
 * <p>{@code java @jvm.options -XX:MaxNewSize=128m -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/ServeLoad.java MODEL}
 */
final class ServeLoad {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();
    private static final ExecutorService THREADS = Executors.newVirtualThreadPerTaskExecutor();

    private final String address;
    private final Generator model;
    private final int vocab;

    private ServeLoad(Server server, Generator model) {
        this.address = "http://127.0.0.1:" + server.port();
        this.model = model;
        this.vocab = model.tokenizer().vocabSize() - 10;
    }

    public static void main(String[] args) throws Exception {
        try (Generator model = Generator.load(Path.of(args[0]), Optional.empty(), "cpu", 64, 2000);
                Server server = new Server("127.0.0.1", 0, List.of(), Throwable::printStackTrace)) {
            server.serve(model, Optional.empty(), "model", OptionalInt.empty());
            ServeLoad load = new ServeLoad(server, model);
            load.together(8, 3, 1);
            load.clients();
            load.sharedBeginning();
            load.shortBesideLong();
            load.alone();
        }
        // Few sequences, so that the memory for keys and values, which the prefix cache fills as it may, is full early.
        try (Generator model = Generator.load(Path.of(args[0]), Optional.empty(), "cpu", 4, 2000);
                Server server = new Server("127.0.0.1", 0, List.of(), Throwable::printStackTrace)) {
            server.serve(model, Optional.empty(), "model", OptionalInt.empty());
            new ServeLoad(server, model).thousand();
        }
        System.exit(0);
    }

    private static void say(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private List<Integer> prompt(long seed, int tokens) {
        return new SplittableRandom(seed).ints(tokens, 0, vocab).boxed().toList();
    }

    private static String body(List<Integer> prompt, int tokens, String more) {
        return "{\"prompt\":" + prompt + ",\"max_tokens\":" + tokens + ",\"ignore_eos\":true" + more + "}";
    }

    private HttpRequest request(String body) {
        return HttpRequest.newBuilder(URI.create(address + "/v1/completions"))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private JsonNode complete(List<Integer> prompt, int tokens) throws Exception {
        return complete(body(prompt, tokens, ",\"temperature\":0"));
    }

    private JsonNode complete(String body) throws Exception {
        HttpResponse<String> response = CLIENT.send(request(body), HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IllegalStateException(response.statusCode() + " " + response.body());
        }
        return JSON.readTree(response.body());
    }

    /** Seconds to the first event with text of a stream, and to its end. */
    private double[] stream(List<Integer> prompt, int tokens) throws Exception {
        long start = System.nanoTime();
        double first = 0;
        HttpResponse<java.io.InputStream> response = CLIENT.send(
                request(body(prompt, tokens, ",\"temperature\":0,\"stream\":true")),
                HttpResponse.BodyHandlers.ofInputStream());
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (first == 0 && line.startsWith("data: {")) {
                    first = (System.nanoTime() - start) / 1e9;
                }
            }
        }
        return new double[] {first, (System.nanoTime() - start) / 1e9};
    }

    private double together(int clients, int rounds, long seed) throws Exception {
        long start = System.nanoTime();
        List<Future<Integer>> all = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            long own = seed + i;
            all.add(THREADS.submit(() -> {
                for (int round = 0; round < rounds; round++) {
                    complete(prompt(1000 * own + round, 32), 64);
                }
                return rounds;
            }));
        }
        for (Future<Integer> each : all) {
            each.get();
        }
        return clients * rounds * 64 / ((System.nanoTime() - start) / 1e9);
    }

    private void clients() throws Exception {
        double[] one = new double[3];
        double[] eight = new double[3];
        for (int run = 0; run < 3; run++) {
            one[run] = together(1, 2, 10 + 20 * run);
            eight[run] = together(8, 2, 20 + 20 * run);
        }
        say(
                "clients: one %.1f tokens/s, eight together %.1f; %.2f times",
                median(one), median(eight), median(eight) / median(one));
    }

    private void sharedBeginning() throws Exception {
        double[] first = new double[3];
        double[] second = new double[3];
        for (int run = 0; run < 3; run++) {
            List<Integer> prompt = new ArrayList<>(prompt(500 + run, 1000));
            prompt.addAll(prompt(600 + run, 8));
            first[run] = stream(prompt, 2)[0];
            List<Integer> other = new ArrayList<>(prompt.subList(0, 1000));
            other.addAll(prompt(700 + run, 8));
            second[run] = stream(other, 2)[0];
        }
        say(
                "shared beginning of 1000 tokens: first token after %.0f ms, of the second request after %.0f ms; %.2f times",
                1000 * median(first), 1000 * median(second), median(second) / median(first));
    }

    private void shortBesideLong() throws Exception {
        double[] alone = new double[3];
        double[] beside = new double[3];
        double[] whole = new double[3];
        List<Double> health = new ArrayList<>();
        for (int run = 0; run < 3; run++) {
            alone[run] = stream(prompt(800 + run, 20), 2)[0];
            long seed = 900 + run;
            Future<double[]> reading = THREADS.submit(() -> stream(prompt(seed, 4000), 2));
            Thread.sleep(150);
            AtomicBoolean reads = new AtomicBoolean(true);
            Future<Integer> checks = THREADS.submit(() -> {
                while (reads.get()) {
                    long start = System.nanoTime();
                    CLIENT.send(
                            HttpRequest.newBuilder(URI.create(address + "/health"))
                                    .build(),
                            HttpResponse.BodyHandlers.discarding());
                    health.add((System.nanoTime() - start) / 1e6);
                    Thread.sleep(20);
                }
                return 0;
            });
            beside[run] = stream(prompt(950 + run, 20), 2)[0];
            whole[run] = reading.get()[0];
            reads.set(false);
            checks.get();
        }
        health.sort(null);
        say(
                "short prompt: first token after %.0f ms alone, %.0f ms while 4000 tokens are read, which take %.0f ms",
                1000 * median(alone), 1000 * median(beside), 1000 * median(whole));
        say(
                "health check meanwhile: %.1f ms at the median, %.1f ms at most of %d",
                health.get(health.size() / 2), health.getLast(), health.size());
    }

    /** The same request alone and beside 8 others, greedy and drawn. */
    private void alone() throws Exception {
        for (String how : List.of(",\"temperature\":0", ",\"temperature\":0.8,\"seed\":7")) {
            String body = body(prompt(31, 60), 40, how);
            String alone = complete(body).at("/choices/0/text").asText();
            List<Callable<JsonNode>> others = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String other = body(prompt(40 + i, 20 + 30 * i), 60, ",\"temperature\":1");
                others.add(() -> complete(other));
            }
            List<Future<JsonNode>> running =
                    others.stream().map(THREADS::submit).toList();
            String among = complete(body).at("/choices/0/text").asText();
            for (Future<JsonNode> each : running) {
                each.get();
            }
            say(
                    "alone and among 8 others (%s): %s",
                    how.substring(1), alone.equals(among) ? "the same text" : "ANOTHER TEXT");
        }
    }

    private static long residentMegabytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
            }
        }
        return 0;
    }

    private void thousand() throws Exception {
        long at200 = 0;
        for (int from = 0; from < 1000; from += 50) {
            List<Future<Integer>> all = new ArrayList<>();
            for (int i = from; i < from + 50; i++) {
                int number = i;
                all.add(THREADS.submit(() -> one(number)));
            }
            for (Future<Integer> each : all) {
                each.get();
            }
            at200 = from == 150 ? residentMegabytes() : at200;
        }
        for (int i = 0; i < 200 && model.engine().state().active() > 0; i++) {
            Thread.sleep(10);
        }
        long at1000 = residentMegabytes();
        say(
                "a thousand requests, a fifth gone: %d MB resident after 200, %d after 1000 (%+.1f %%); %s at the end",
                at200, at1000, 100.0 * (at1000 - at200) / at200, model.engine().state());
    }

    private int one(int number) throws Exception {
        SplittableRandom random = new SplittableRandom(number);
        String more = random.nextBoolean() ? ",\"temperature\":0" : ",\"temperature\":1,\"logprobs\":2";
        String body = body(
                prompt(5000 + number, random.nextInt(1, 120)),
                random.nextInt(1, 48),
                more + (random.nextBoolean() ? ",\"stream\":true" : ""));
        if (number % 5 == 0) {
            var answer = CLIENT.sendAsync(request(body), HttpResponse.BodyHandlers.ofString());
            Thread.sleep(random.nextInt(5, 120));
            answer.cancel(true);
            return 0;
        }
        return CLIENT.send(request(body), HttpResponse.BodyHandlers.ofString()).statusCode();
    }
}
