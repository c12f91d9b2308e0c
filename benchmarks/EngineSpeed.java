import dev.skald.engine.Engine;
import dev.skald.engine.Handle;
import dev.skald.engine.Request;
import dev.skald.kernel.LogitLoops;
import dev.skald.model.Llama;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * What the engine gains: requests together against one after the other, and scored texts that share their beginning against texts that do not,
 * each pair in one run. Prints the medians of three.
 *
 * <p>{@code java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/EngineSpeed.java DIR}
 */
final class EngineSpeed {

    private static final int REQUESTS = 8;
    private static final int PROMPT = 100;
    private static final int NEW = 24;
    private static final int SHARED = 480;
    private static final int OWN = 16;

    public static void main(String[] args) {
        Path directory = Path.of(args[0]);
        try (Llama model = Llama.load(directory, Optional.empty(), "cpu");
                Engine engine = new Engine(model, Engine.Limits.of(model, 64, 1000))) {
            int vocab = model.config().vocab_size();
            generate(engine, vocab, 0, 1); // warm
            double[] turns = new double[3];
            double[] together = new double[3];
            for (int run = 0; run < 3; run++) {
                turns[run] = generate(engine, vocab, 100 * run + 1, 1);
                together[run] = generate(engine, vocab, 100 * run + 50, REQUESTS);
            }
            double tokens = REQUESTS * NEW;
            say(
                    "%d requests of %d and %d tokens: %.1f tokens/s in turns, %.1f together; %.2f times",
                    REQUESTS,
                    PROMPT,
                    NEW,
                    tokens / median(turns),
                    tokens / median(together),
                    median(turns) / median(together));
            double[] apart = new double[3];
            double[] shared = new double[3];
            for (int run = 0; run < 3; run++) {
                apart[run] = score(engine, vocab, 1000 + 100 * run, false);
                shared[run] = score(engine, vocab, 2000 + 100 * run, true);
            }
            say(
                    "%d texts of %d tokens scored: %.2f s, %.2f s when the first %d are the same; %.2f times",
                    REQUESTS, SHARED + OWN, median(apart), median(shared), SHARED, median(apart) / median(shared));
            sampling(vocab);
        }
    }

    /** Seconds for all requests, so many at a time. */
    private static double generate(Engine engine, int vocab, int seed, int atOnce) {
        long begin = System.nanoTime();
        for (int i = 0; i < REQUESTS; i += atOnce) {
            List<Handle> handles = new ArrayList<>();
            for (int j = i; j < i + atOnce; j++) {
                int[] count = {0};
                Request.Continuation greedy = logits ->
                        ++count[0] == NEW ? Request.Continuation.END : LogitLoops.highest(logits, logits.length);
                handles.add(engine.submit(new Request.Generate(
                        prompt(vocab, seed + j, PROMPT), List.of(greedy), PROMPT + NEW, Optional.empty())));
            }
            handles.forEach(Handle::await);
        }
        return (System.nanoTime() - begin) / 1e9;
    }

    private static double score(Engine engine, int vocab, int seed, boolean same) {
        long begin = System.nanoTime();
        List<Handle> handles = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
            int[] start = prompt(vocab, same ? seed : seed + i, SHARED);
            int[] ids = IntStream.concat(Arrays.stream(start), Arrays.stream(prompt(vocab, seed + 50 + i, OWN)))
                    .toArray();
            handles.add(engine.submit(new Request.Score(ids, SHARED, 0, Optional.empty())));
            if (i == 0) {
                handles.getFirst().await(); // the others find what it read
            }
        }
        handles.forEach(Handle::await);
        return (System.nanoTime() - begin) / 1e9;
    }

    /** Milliseconds to choose a token of a vocabulary by temperature, the 50 highest and a share of the probabilities. */
    private static void sampling(int vocab) {
        float[] scores = new float[vocab];
        float[] probabilities = new float[vocab];
        SplittableRandom random = new SplittableRandom(1);
        double[] times = new double[200];
        for (int run = 0; run < times.length; run++) {
            for (int i = 0; i < vocab; i++) {
                scores[i] = (float) random.nextDouble(-10, 10);
            }
            long begin = System.nanoTime();
            LogitLoops.requireFinite(scores, vocab);
            LogitLoops.divide(scores, vocab, 0.7f);
            LogitLoops.ruleOutBelow(scores, scores, vocab, LogitLoops.kthHighest(scores, vocab, 50));
            LogitLoops.softmax(scores, vocab, probabilities);
            LogitLoops.draw(probabilities, vocab, random.nextDouble());
            times[run] = (System.nanoTime() - begin) / 1e6;
        }
        say("choosing one of %d ids: %.3f ms", vocab, median(times));
    }

    private static int[] prompt(int vocab, int seed, int length) {
        return new SplittableRandom(seed).ints(length, 0, vocab).toArray();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static void say(String format, Object... values) {
        System.out.printf(Locale.ROOT, format + "%n", values);
    }
}
