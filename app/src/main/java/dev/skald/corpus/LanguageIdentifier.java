package dev.skald.corpus;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Tells Swedish, Danish, Bokmål, Nynorsk, Icelandic, Faroese, English and everything else ("other") apart. A linear softmax classifier over
 * hashed words, word pairs and character n-grams ({@link LanguageFeatures}), the features' weights averaged over the text. {@link
 * LanguageTrainer} trains it. Not thread-safe.
 */
public final class LanguageIdentifier {

    /** The languages, in the order of the model's outputs. */
    public static final List<String> KNOWN = List.of("sv", "da", "nb", "nn", "is", "fo", "en", "other");

    static final List<String> KNOWN_OR_DEFAULT = List.of("sv", "da", "nb", "nn", "is", "fo", "en", "other", "default");

    static final int OTHER = KNOWN.size() - 1;

    /** The shipped model. */
    private static final class Model {

        /** For each bucket the weights of the eight languages as unsigned bytes, {@link #BIAS} added, the first language's lowest. */
        static final long[] WEIGHTS = new long[LanguageFeatures.BUCKETS];

        static final int BIAS = 128;

        /** What a weight of 1 adds to the logit. */
        static final float SCALE;

        static {
            ByteBuffer model = read().order(ByteOrder.LITTLE_ENDIAN);
            for (int bucket = 0; bucket < WEIGHTS.length; bucket++) {
                WEIGHTS[bucket] = model.getLong() ^ 0x8080808080808080L;
            }
            SCALE = model.order(ByteOrder.BIG_ENDIAN).getFloat();
        }

        private static ByteBuffer read() {
            try (InputStream in = LanguageIdentifier.class.getResourceAsStream("language.model.gz");
                    GZIPInputStream model = new GZIPInputStream(in, 1 << 16)) {
                return ByteBuffer.wrap(model.readAllBytes());
            } catch (IOException e) {
                throw new UncheckedIOException("the shipped language model cannot be read", e);
            }
        }
    }

    private static final long EVEN = 0x00FF00FF00FF00FFL;

    private final LanguageFeatures features = new LanguageFeatures();
    private final int[] sums = new int[KNOWN.size()];
    private final double[] probabilities = new double[KNOWN.size()];

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
        sum(features.buckets(), n);
        int best = 0;
        for (int language = 1; language < 8; language++) {
            if (sums[language] > sums[best]) {
                best = language;
            }
        }
        double total = 0;
        for (int language = 0; language < 8; language++) {
            probabilities[language] = Math.exp((double) Model.SCALE * (sums[language] - sums[best]) / n);
            total += probabilities[language];
        }
        return new Identified(KNOWN.get(best), 1 / total);
    }

    /** Adds up the features' weights, eight languages at a time: four sums of 16 bits lie in each of two longs, emptied before they are full. */
    private void sum(int[] buckets, int n) {
        Arrays.fill(sums, -Model.BIAS * n);
        for (int from = 0; from < n; from += 256) {
            long even = 0;
            long odd = 0;
            for (int i = from; i < Math.min(n, from + 256); i++) {
                long weights = Model.WEIGHTS[buckets[i]];
                even += weights & EVEN;
                odd += (weights >>> 8) & EVEN;
            }
            for (int lane = 0; lane < 4; lane++) {
                sums[2 * lane] += (int) (even >>> (16 * lane)) & 0xFFFF;
                sums[2 * lane + 1] += (int) (odd >>> (16 * lane)) & 0xFFFF;
            }
        }
    }
}
