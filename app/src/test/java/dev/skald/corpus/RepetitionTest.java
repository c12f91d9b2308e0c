package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the definitions, word for word. */
class RepetitionTest {

    private final Repetition repetition = new Repetition();

    @ParameterizedTest
    @ValueSource(ints = {2, 5, 30, 400})
    void nGramsAreCountedAsDefined(int vocabulary) {
        SplittableRandom random = new SplittableRandom(vocabulary);
        for (int length : new int[] {0, 1, 4, 5, 12, 60, 3000}) {
            List<String> words = new ArrayList<>();
            for (int i = 0; i < length; i++) {
                boolean again = i > 40 && random.nextInt(8) == 0;
                for (int copied = again ? random.nextInt(20) : 1; copied > 0; copied--) {
                    words.add(again ? words.get(words.size() - 40) : "ord" + random.nextInt(vocabulary));
                }
            }
            String text = String.join(" ", words);
            TextShape shape = new TextShape();
            shape.read(text);
            repetition.read(shape);
            for (int n = 2; n <= 4; n++) {
                assertThat(repetition.top(n)).as("top " + n).isEqualTo(top(words, n, text.length()));
            }
            for (int n = 5; n <= 10; n++) {
                assertThat(repetition.duplicate(n)).as("duplicate " + n).isEqualTo(duplicate(words, n, text.length()));
            }
            List<String> grams = grams(words, 5);
            Map<String, Integer> counts = counts(grams);
            double repeated =
                    grams.stream().filter(gram -> counts.get(gram) > 1).count();
            assertThat(repetition.wordFiveGrams()).isEqualTo(grams.isEmpty() ? 0 : repeated / grams.size());
            assertThat(repetition.characterTenGrams()).isEqualTo(characterTenGrams(text));
        }
    }

    private static List<String> grams(List<String> words, int n) {
        List<String> grams = new ArrayList<>();
        for (int i = 0; i + n <= words.size(); i++) {
            grams.add(String.join(" ", words.subList(i, i + n)));
        }
        return grams;
    }

    private static Map<String, Integer> counts(List<String> grams) {
        Map<String, Integer> counts = new HashMap<>();
        grams.forEach(gram -> counts.merge(gram, 1, Integer::sum));
        return counts;
    }

    private static double top(List<String> words, int n, int characters) {
        Map<String, Integer> counts = counts(grams(words, n));
        int most = counts.values().stream().mapToInt(i -> i).max().orElse(0);
        if (most < 2) {
            return 0;
        }
        int longest = counts.entrySet().stream()
                .filter(gram -> gram.getValue() == most)
                .mapToInt(gram -> gram.getKey().length())
                .max()
                .orElseThrow();
        return (double) most * longest / characters;
    }

    private static double duplicate(List<String> words, int n, int characters) {
        Set<String> seen = new HashSet<>();
        List<String> grams = grams(words, n);
        double duplicate = 0;
        for (int i = 0; i < grams.size(); i++) {
            if (!seen.add(grams.get(i))) {
                duplicate += grams.get(i).length();
                i += n - 1;
            }
        }
        return characters == 0 ? 0 : duplicate / characters;
    }

    private static double characterTenGrams(String text) {
        List<String> grams = new ArrayList<>();
        for (int i = 0; i + 10 <= text.length(); i++) {
            grams.add(text.substring(i, i + 10));
        }
        int[] counts = counts(grams).values().stream()
                .mapToInt(count -> -count)
                .sorted()
                .toArray();
        double sum = Arrays.stream(counts)
                .limit((int) Math.sqrt(counts.length))
                .filter(count -> count < -1)
                .sum();
        return grams.isEmpty() ? 0 : -sum / grams.size();
    }
}
