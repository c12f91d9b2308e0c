package dev.skald.corpus;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;

/** The rules' measures that are more than one line. Pure functions. */
final class Measures {

    private Measures() {}

    static double ratio(double count, double of) {
        return of == 0 ? 0 : count / of;
    }

    static double meanWordLength(Subject subject) {
        TextShape shape = subject.shape();
        double sum = 0;
        for (int i = 0; i < shape.words; i++) {
            sum += shape.wordEnd[i] - shape.wordStart[i];
        }
        return ratio(sum, shape.words);
    }

    static double lineCharacters(Subject subject) {
        TextShape shape = subject.shape();
        int[] lengths = new int[shape.lines];
        Arrays.setAll(lengths, i -> shape.lineEnd[i] - shape.lineStart[i]);
        return meanAndMedian(lengths);
    }

    static double lineWords(Subject subject) {
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

    static double bulletLines(Subject subject) {
        return lines(subject, (shape, line) -> {
            char first = shape.chars[shape.lineStart[line]];
            return first == '>' || first == '-' || first == '•';
        });
    }

    static double ellipsisLines(Subject subject) {
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

    static double linePunctuation(Subject subject) {
        return lines(subject, (shape, line) -> ".!?…:;\"'”’»)".indexOf(shape.chars[shape.lineEnd[line] - 1]) >= 0);
    }

    static double shortLines(Subject subject) {
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

    static double urlLength(Subject subject) {
        return subject.url().isEmpty() ? Double.NaN : subject.url().length();
    }

    static double urlMalformed(Subject subject) {
        return subject.url().isEmpty() ? Double.NaN : host(subject.url()) == null ? 1 : 0;
    }

    static double urlBlocked(Subject subject) {
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
