package dev.skald.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.skald.InvalidInputException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against plain loops and sorting, for vocabularies that fill no vector, some, and leave a rest. */
class LogitLoopsTest {

    private static float[] scores(int n) {
        SplittableRandom random = new SplittableRandom(n);
        float[] scores = new float[n];
        for (int i = 0; i < n; i++) {
            // Few values, so that there are equal ones, and some that are ruled out.
            scores[i] = random.nextInt(10) == 0 ? Float.NEGATIVE_INFINITY : random.nextInt(-40, 40) / 4f;
        }
        scores[n / 2] = 1;
        return scores;
    }

    private static int[] sorted(float[] scores) {
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer id) -> -scores[id]).thenComparing(id -> id))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 8, 16, 17, 100, 1000, 5003})
    void highestOnes(int n) {
        float[] scores = scores(n);
        int[] expected = sorted(scores);
        assertThat(LogitLoops.highest(scores, n)).isEqualTo(expected[0]);
        for (int k = 1; k <= Math.min(n, 60); k++) {
            assertThat(LogitLoops.highest(scores, n, k)).containsExactly(Arrays.copyOf(expected, k));
            assertThat(LogitLoops.kthHighest(scores, n, k)).isEqualTo(scores[expected[k - 1]]);
        }
        assertThat(LogitLoops.highest(scores, n, n + 5)).containsExactly(expected);
        assertThat(LogitLoops.highest(scores, n, 0)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 8, 16, 17, 100, 1000, 5003})
    void probabilities(int n) {
        float[] scores = scores(n);
        double sum = 0;
        for (float score : scores) {
            sum += Math.exp(score);
        }
        assertThat(LogitLoops.logSumExp(scores, n)).isCloseTo(Math.log(sum), within(1e-6));
        float[] found = new float[n];
        LogitLoops.softmax(scores, n, found);
        double below = 0;
        int[] kept = new int[n];
        int count = 0;
        float threshold = found[n / 2];
        for (int i = 0; i < n; i++) {
            assertThat((double) found[i]).isCloseTo(Math.exp(scores[i]) / sum, within(1e-6));
            if (found[i] < threshold) {
                below += found[i];
            } else {
                kept[count++] = i;
            }
        }
        assertThat(LogitLoops.sumBelow(found, n, threshold)).isCloseTo(below, within(1e-6));
        long[] sorted = new long[n];
        assertThat(LogitLoops.collect(found, n, threshold, sorted)).isEqualTo(count);
        assertThat(Arrays.stream(sorted).limit(count).mapToInt(key -> (int) key).toArray())
                .containsExactly(Arrays.copyOf(kept, count));
        LogitLoops.ruleOutBelow(scores, found, n, threshold);
        for (int i = 0; i < n; i++) {
            assertThat(scores[i] == Float.NEGATIVE_INFINITY).isEqualTo(found[i] < threshold || found[i] == 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 16, 100, 1000})
    void drawsById(int n) {
        float[] probabilities = new float[n];
        int[] ids = {n / 3, n / 2, n - 1};
        for (int id : ids) {
            probabilities[id] += 0.25f;
        }
        assertThat(LogitLoops.draw(probabilities, n, 0)).isEqualTo(ids[0]);
        assertThat(LogitLoops.draw(probabilities, n, 0.74)).isEqualTo(ids[2]);
        assertThat(LogitLoops.draw(probabilities, n, 0.999)).isEqualTo(ids[2]);
        if (n > 7) {
            assertThat(LogitLoops.draw(probabilities, n, 0.25)).isEqualTo(ids[1]);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void whatIsNotFiniteIsRefused(float bad) {
        for (int at : new int[] {0, 5, 31, 99}) {
            float[] scores = new float[100];
            LogitLoops.requireFinite(scores, 100);
            scores[at] = bad;
            assertThatThrownBy(() -> LogitLoops.requireFinite(scores, 100))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("not finite");
        }
    }
}
