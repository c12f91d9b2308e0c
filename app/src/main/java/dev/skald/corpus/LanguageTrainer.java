package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * Trains the weights of {@link LanguageIdentifier}: multinomial logistic regression by AdaGrad over pieces of text of 15 to 1,000 characters.
 * Every language is drawn equally often and, within it, a source by the square root of its size, so that statutes do not speak for a
 * language. The weights are then rounded to signed bytes.
 */
public final class LanguageTrainer {

    private static final int LANGUAGES = LanguageIdentifier.KNOWN.size();
    private static final int SHORTEST = 15;
    private static final int LONGEST = 1000;
    private static final double RATE = 1;

    private final List<List<Texts>> texts = new ArrayList<>();
    private final float[] weights = new float[LanguageFeatures.BUCKETS * LANGUAGES];
    private final float[] squares = new float[LanguageFeatures.BUCKETS * LANGUAGES];
    private final LanguageFeatures features = new LanguageFeatures();
    private final SplittableRandom random = new SplittableRandom(1);

    private record Texts(String text, double weight) {}

    private LanguageTrainer() {}

    /**
     * Trains and writes a model.
     *
     * @param directory holds {@code <language>/<source>.txt}, one paragraph a line
     * @param model the gzip file to write
     * @param steps pieces of text to learn from
     * @param log told the loss now and then
     */
    public static void train(Path directory, Path model, int steps, PrintStream log) throws IOException {
        LanguageTrainer trainer = new LanguageTrainer();
        trainer.read(directory);
        trainer.learn(steps, log);
        trainer.write(model);
    }

    private void read(Path directory) throws IOException {
        for (String language : LanguageIdentifier.KNOWN) {
            List<Texts> sources = new ArrayList<>();
            Path folder = directory.resolve(language);
            if (!Files.isDirectory(folder)) {
                throw new InvalidInputException(folder + ": no such directory; expected texts of '" + language + "'");
            }
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.sorted(Comparator.naturalOrder()).toList()) {
                    String text = Files.readString(file);
                    sources.add(new Texts(text, Math.sqrt(text.length())));
                }
            }
            texts.add(sources);
        }
    }

    private void learn(int steps, PrintStream log) {
        double[] logits = new double[LANGUAGES];
        double loss = 0;
        for (int step = 1; step <= steps; step++) {
            int language = random.nextInt(LANGUAGES);
            piece(texts.get(language));
            if (features.count() == 0) {
                continue;
            }
            loss += learnFrom(language, RATE * (1 - (double) step / (steps + 1)), logits);
            if (step % 100_000 == 0) {
                log.printf("%d pieces, loss %.4f%n", step, loss / 100_000);
                loss = 0;
            }
        }
    }

    private void piece(List<Texts> sources) {
        double sum = sources.stream().mapToDouble(Texts::weight).sum();
        double at = random.nextDouble() * sum;
        int chosen = 0;
        while (chosen < sources.size() - 1 && at >= sources.get(chosen).weight) {
            at -= sources.get(chosen++).weight;
        }
        String text = sources.get(chosen).text;
        int length = (int) (SHORTEST * Math.pow((double) LONGEST / SHORTEST, random.nextDouble()));
        int from = Math.max(0, random.nextInt(text.length()) - length);
        from = Math.max(text.lastIndexOf(' ', from), text.lastIndexOf('\n', from)) + 1;
        char[] chars =
                text.substring(from, Math.min(text.length(), from + length)).toCharArray();
        features.clear();
        features.add(chars, 0, chars.length);
    }

    private double learnFrom(int language, double rate, double[] logits) {
        int n = features.count();
        int[] buckets = features.buckets();
        Arrays.fill(logits, 0);
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < LANGUAGES; k++) {
                logits[k] += weights[buckets[i] * LANGUAGES + k];
            }
        }
        double highest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < LANGUAGES; k++) {
            logits[k] /= n;
            highest = Math.max(highest, logits[k]);
        }
        double total = 0;
        for (int k = 0; k < LANGUAGES; k++) {
            logits[k] = Math.exp(logits[k] - highest);
            total += logits[k];
        }
        double probability = logits[language] / total;
        for (int k = 0; k < LANGUAGES; k++) {
            double slope = (logits[k] / total - (k == language ? 1 : 0)) / n;
            if (Math.abs(slope) * n < 1e-4) {
                continue;
            }
            float square = (float) (slope * slope);
            for (int i = 0; i < n; i++) {
                int at = buckets[i] * LANGUAGES + k;
                squares[at] += square;
                weights[at] -= (float) (rate * slope / Math.sqrt(squares[at] + 1e-12));
            }
        }
        return -Math.log(Math.max(probability, 1e-12));
    }

    private void write(Path model) throws IOException {
        float largest = 0;
        for (float weight : weights) {
            largest = Math.max(largest, Math.abs(weight));
        }
        float scale = largest / 127;
        byte[] bytes = new byte[weights.length + 4];
        for (int i = 0; i < weights.length; i++) {
            bytes[i] = (byte) Math.round(weights[i] / scale);
        }
        ByteBuffer.wrap(bytes).putFloat(weights.length, scale);
        AtomicFiles.write(model, (Path part) -> {
            try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(part))) {
                out.write(bytes);
            }
        });
    }
}
