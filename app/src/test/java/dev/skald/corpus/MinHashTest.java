package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class MinHashTest {

    private static Recipe.FuzzyDedup settings(String shingle, int size, int bands, int rows) {
        return new Recipe.FuzzyDedup(true, shingle, size, bands, rows, 0.8, List.of("earliest"), 100);
    }

    private static TextShape shape(String text) {
        TextShape shape = new TextShape();
        shape.read(text);
        return shape;
    }

    @Property(tries = 50)
    void jaccardIsThatOfTheSetsOfWordShingles(@ForAll @IntRange(min = 1, max = 60) int from) {
        String a = words(0, 80);
        String b = words(from, from + 80);
        MinHash minHash = new MinHash(settings("word", 3, 4, 2), 1);
        Set<String> setA = shingles(a, 3);
        Set<String> setB = shingles(b, 3);
        Set<String> both = new HashSet<>(setA);
        both.retainAll(setB);
        double expected = (double) both.size() / (setA.size() + setB.size() - both.size());
        assertThat(MinHash.jaccard(minHash.shingles(shape(a)), minHash.shingles(shape(b))))
                .isCloseTo(expected, within(1e-12));
    }

    /** Words with some repetition. */
    private static String words(int from, int to) {
        StringBuilder text = new StringBuilder();
        for (int i = from; i < to; i++) {
            text.append(i % 7 == 0 ? "Og" : "ord" + (i * i) % 53).append(i % 5 == 0 ? ", " : " ");
        }
        return text.toString();
    }

    private static Set<String> shingles(String text, int size) {
        List<String> words =
                List.of(text.toLowerCase(Locale.ROOT).replace(",", "").trim().split(" +"));
        Set<String> found = new HashSet<>();
        for (int i = 0; i + size <= words.size(); i++) {
            found.add(String.join(" ", words.subList(i, i + size)));
        }
        return found;
    }

    @Test
    void bandsAgreeAsOftenAsTheFormulaSays() {
        MinHash minHash = new MinHash(settings("word", 1, 1000, 1), 7);
        long[] a = minHash.bandKeys(shape(numbers(0, 100)), "sv");
        long[] b = minHash.bandKeys(shape(numbers(25, 125)), "sv"); // Jaccard 75/125
        int equal = 0;
        for (int i = 0; i < a.length; i++) {
            equal += a[i] == b[i] ? 1 : 0;
        }
        // 1,000 hash functions: a standard deviation is 0.015
        assertThat(equal / 1000.0).isCloseTo(0.6, within(0.06));
    }

    private static String numbers(int from, int to) {
        StringBuilder text = new StringBuilder();
        for (int i = from; i < to; i++) {
            text.append("w").append(i).append(' ');
        }
        return text.toString();
    }

    @Test
    void languagesNeverMeet() {
        MinHash minHash = new MinHash(settings("word", 5, 20, 5), 1);
        assertThat(minHash.bandKeys(shape("det er en bil"), "nb"))
                .doesNotContain(minHash.bandKeys(shape("det er en bil"), "da"));
    }

    @Test
    void caseAndPunctuationMakeNoDifference() {
        for (String shingle : List.of("word", "character")) {
            MinHash minHash = new MinHash(settings(shingle, 5, 20, 5), 1);
            assertThat(minHash.shingles(shape("Det er, en BIL -- og en båt på vannet!")))
                    .isEqualTo(minHash.shingles(shape("det er en bil og en båt på vannet")));
        }
    }

    @Test
    void textsWithoutShinglesAreLikeNoOther() {
        for (String unit : List.of("word", "character")) {
            MinHash minHash = new MinHash(settings(unit, 5, 4, 2), 1);
            assertThat(minHash.bandKeys(shape("!!! ???"), "sv"))
                    .doesNotContain(minHash.bandKeys(shape("... ---"), "sv"));
            assertThat(MinHash.jaccard(minHash.shingles(shape("!!! ???")), minHash.shingles(shape("... ---"))))
                    .isZero();
        }
    }
}
