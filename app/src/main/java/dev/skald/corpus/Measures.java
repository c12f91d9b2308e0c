package dev.skald.corpus;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;

/** What each rule measures of a document: pure functions, NaN where the rule does not apply. */
final class Measures {

    private Measures() {}

    /** The rule's value. */
    static double of(Rule rule, Subject m) {
        return switch (rule) {
            case CHARACTERS -> m.shape().length;
            case WORDS -> m.shape().words;
            case MEAN_WORD_LENGTH -> meanWordLength(m);
            case LINE_CHARACTERS -> lineCharacters(m);
            case LINE_WORDS -> lineWords(m);
            case LANGUAGE_SCORE -> m.score();
            case ALPHABETIC_WORDS -> ratio(m.shape().letterWords, m.shape().words);
            case DIGITS -> ratio(m.shape().digits, m.shape().length);
            case HASHES -> ratio(m.shape().hashes, m.shape().words);
            case ELLIPSES -> ratio(m.shape().ellipses, m.shape().words);
            case BULLET_LINES -> bulletLines(m);
            case ELLIPSIS_LINES -> ellipsisLines(m);
            case STOP_WORD_HITS -> m.stopWordHits();
            case STOP_WORDS -> ratio(m.stopWordHits(), m.shape().words);
            case DUPLICATE_LINES -> m.repetition().lines();
            case DUPLICATE_LINE_CHARACTERS -> m.repetition().lineCharacters();
            case DUPLICATE_PARAGRAPHS -> m.repetition().paragraphs();
            case DUPLICATE_PARAGRAPH_CHARACTERS -> m.repetition().paragraphCharacters();
            case TOP_2_GRAM -> m.repetition().top(2);
            case TOP_3_GRAM -> m.repetition().top(3);
            case TOP_4_GRAM -> m.repetition().top(4);
            case DUPLICATE_5_GRAMS -> m.repetition().duplicate(5);
            case DUPLICATE_6_GRAMS -> m.repetition().duplicate(6);
            case DUPLICATE_7_GRAMS -> m.repetition().duplicate(7);
            case DUPLICATE_8_GRAMS -> m.repetition().duplicate(8);
            case DUPLICATE_9_GRAMS -> m.repetition().duplicate(9);
            case DUPLICATE_10_GRAMS -> m.repetition().duplicate(10);
            case CHARACTER_10_GRAMS -> m.repetition().characterTenGrams();
            case WORD_5_GRAMS -> m.repetition().wordFiveGrams();
            case LINE_PUNCTUATION -> linePunctuation(m);
            case SHORT_LINES -> shortLines(m);
            case NEWLINES -> ratio(m.shape().newlines, m.shape().words);
            case ADULT_WORDS -> m.adultWeight();
            case URL_LENGTH -> urlLength(m);
            case URL_MALFORMED -> urlMalformed(m);
            case URL_BLOCKED -> urlBlocked(m);
            case CONTAMINATION -> m.contamination();
        };
    }

    static double ratio(double count, double of) {
        return of == 0 ? 0 : count / of;
    }

    private static double meanWordLength(Subject subject) {
        TextShape shape = subject.shape();
        double sum = 0;
        for (int i = 0; i < shape.words; i++) {
            sum += shape.wordEnd[i] - shape.wordStart[i];
        }
        return ratio(sum, shape.words);
    }

    private static double lineCharacters(Subject subject) {
        TextShape shape = subject.shape();
        int[] lengths = new int[shape.lines];
        Arrays.setAll(lengths, i -> shape.lineEnd[i] - shape.lineStart[i]);
        return meanAndMedian(lengths);
    }

    private static double lineWords(Subject subject) {
        TextShape shape = subject.shape();
        return meanAndMedian(Arrays.copyOf(shape.lineWords, shape.lines));
    }

    private static double meanAndMedian(int[] values) {
        int n = values.length;
        if (n == 0) {
            return 0;
        }
        Arrays.sort(values);
        double median = n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
        double mean = (double) Arrays.stream(values).asLongStream().sum() / n;
        return (mean + median) / 2;
    }

    private static double bulletLines(Subject subject) {
        return lines(subject, (shape, line) -> {
            char first = shape.chars[shape.lineStart[line]];
            return first == '>' || first == '-' || first == '•';
        });
    }

    private static double ellipsisLines(Subject subject) {
        return lines(subject, (shape, line) -> {
            int end = shape.lineEnd[line];
            char[] chars = shape.chars;
            return chars[end - 1] == '…'
                    || (end - shape.lineStart[line] >= 3
                            && chars[end - 1] == '.'
                            && chars[end - 2] == '.'
                            && chars[end - 3] == '.');
        });
    }

    private static double linePunctuation(Subject subject) {
        return lines(subject, (shape, line) -> ".!?…:;\"'”’»)".indexOf(shape.chars[shape.lineEnd[line] - 1]) >= 0);
    }

    private static double shortLines(Subject subject) {
        return lines(subject, (shape, line) -> shape.lineEnd[line] - shape.lineStart[line] <= 30);
    }

    @FunctionalInterface
    private interface LineTest {
        boolean holds(TextShape shape, int line);
    }

    /** Share of the lines for which the test holds; NaN if there are fewer lines than the rule asks for. */
    private static double lines(Subject subject, LineTest test) {
        TextShape shape = subject.shape();
        if (shape.lines < subject.bound().from()) {
            return Double.NaN;
        }
        int found = 0;
        for (int line = 0; line < shape.lines; line++) {
            if (test.holds(shape, line)) {
                found++;
            }
        }
        return ratio(found, shape.lines);
    }

    private static double urlLength(Subject subject) {
        return subject.url().isEmpty() ? Double.NaN : subject.url().length();
    }

    private static double urlMalformed(Subject subject) {
        return subject.url().isEmpty() ? Double.NaN : host(subject.url()) == null ? 1 : 0;
    }

    private static double urlBlocked(Subject subject) {
        String host = subject.url().isEmpty() ? null : host(subject.url());
        return host == null
                ? Double.NaN
                : subject.lists().blocks(host, URI.create(subject.url()).getPath()) ? 1 : 0;
    }

    private static String host(String url) {
        try {
            return new URI(url).getHost();
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
