package dev.skald.corpus;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Tells Swedish, Danish, Bokmål, Nynorsk, Icelandic, Faroese, English and everything else ("other") apart. A linear softmax classifier over
 * hashed words, word pairs and character n-grams ({@link LanguageFeatures}), the features' weights averaged over the text. {@link
 * LanguageTrainer} trains it. Immutable except for a scratch buffer: one instance per thread.
 */
public final class LanguageIdentifier {

    /** The languages, in the order of the model's outputs. */
    public static final List<String> KNOWN = List.of("sv", "da", "nb", "nn", "is", "fo", "en", "other");

    static final List<String> KNOWN_OR_DEFAULT = List.of("sv", "da", "nb", "nn", "is", "fo", "en", "other", "default");

    static final int OTHER = KNOWN.size() - 1;

    private static final class Shipped {
        static final byte[] WEIGHTS = read();
        static final float SCALE = ByteBuffer.wrap(WEIGHTS).getFloat(WEIGHTS.length - 4);

        private static byte[] read() {
            try (InputStream in = LanguageIdentifier.class.getResourceAsStream("language.model.gz");
                    GZIPInputStream model = new GZIPInputStream(in, 1 << 16)) {
                return model.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException("the shipped language model cannot be read", e);
            }
        }
    }

    private final byte[] weights;
    private final float scale;
    private final LanguageFeatures features = new LanguageFeatures();
    private final int[] sums = new int[KNOWN.size()];
    private final double[] probabilities = new double[KNOWN.size()];

    /** With the shipped model. */
    public LanguageIdentifier() {
        this(Shipped.WEIGHTS, Shipped.SCALE);
    }

    /**
     * @param weights [BUCKETS, languages] of signed bytes
     * @param scale what a weight of 1 adds to the logit
     */
    LanguageIdentifier(byte[] weights, float scale) {
        this.weights = weights;
        this.scale = scale;
    }

    /** A language and how sure the model is of it, 0 to 1. */
    public record Identified(String language, double score) {}

    /** The language of a text of any length. */
    public Identified identify(String text) {
        char[] chars = text.toCharArray();
        return identify(chars, chars.length, Integer.MAX_VALUE);
    }

    /** The language of {@code chars[0, length)}, of which at most {@code sample} are looked at: a third each from start, middle and end. */
    Identified identify(char[] chars, int length, int sample) {
        features.clear();
        if (length <= sample) {
            features.add(chars, 0, length);
        } else {
            int third = sample / 3;
            features.add(chars, 0, third);
            features.add(chars, (length - third) / 2, (length + third) / 2);
            features.add(chars, length - third, length);
        }
        return classify();
    }

    private Identified classify() {
        int n = features.count();
        if (n == 0 || features.isForeignScript()) {
            return new Identified("other", n == 0 ? 0 : 1);
        }
        java.util.Arrays.fill(sums, 0);
        int[] buckets = features.buckets();
        for (int i = 0; i < n; i++) {
            int at = buckets[i] * 8;
            for (int language = 0; language < 8; language++) {
                sums[language] += weights[at + language];
            }
        }
        int best = 0;
        for (int language = 1; language < 8; language++) {
            if (sums[language] > sums[best]) {
                best = language;
            }
        }
        double total = 0;
        for (int language = 0; language < 8; language++) {
            probabilities[language] = Math.exp((double) scale * (sums[language] - sums[best]) / n);
            total += probabilities[language];
        }
        return new Identified(KNOWN.get(best), 1 / total);
    }
}
