package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.base.Permutation;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class DataOrderTest {

    @Test
    void thePermutationIsThatOfTheIndependentImplementation() throws IOException {
        for (JsonNode golden :
                new ObjectMapper().readTree(DataOrderTest.class.getResourceAsStream("permutation_golden.json"))) {
            long size = golden.get("size").asLong();
            Permutation permutation = new Permutation(
                    size, golden.get("seed").asLong(), golden.get("epoch").asLong());
            for (int i = 0; i < golden.get("first").size(); i++) {
                assertThat(permutation.of(i))
                        .isEqualTo(golden.get("first").get(i).asLong());
            }
            assertThat(permutation.of(size - 1)).isEqualTo(golden.get("last").asLong());
        }
    }

    @Property(tries = 200)
    void aPermutationMeetsEveryIndexOnce(@ForAll @IntRange(min = 1, max = 5000) int size, @ForAll long seed) {
        Permutation permutation = new Permutation(size, seed, 3);
        BitSet met = new BitSet();
        for (int i = 0; i < size; i++) {
            met.set(Math.toIntExact(permutation.of(i)));
        }
        assertThat(met.cardinality()).isEqualTo(size);
        assertThat(met.length()).isEqualTo(size);
    }

    /** Neighbours are not kept together: the mean distance of two random places is a third of the size. */
    @Test
    void aPermutationScatters() {
        int size = 100_000;
        Permutation permutation = new Permutation(size, 42, 0);
        double distance = LongStream.range(1, size)
                .mapToDouble(i -> Math.abs(permutation.of(i) - permutation.of(i - 1)))
                .average()
                .orElseThrow();
        assertThat(distance).isBetween(0.33 * size, 0.337 * size);
        long fixed =
                LongStream.range(0, size).filter(i -> permutation.of(i) == i).count();
        assertThat(fixed).isLessThan(8);
    }

    @Test
    void everyEpochSeesEachSequenceOnce() {
        DataOrder order = new DataOrder(42, true, new long[] {100}, new double[] {1});
        assertThat(order.epochLength()).isEqualTo(100);
        for (int epoch = 0; epoch < 3; epoch++) {
            int first = epoch * 100;
            assertThat(LongStream.range(first, first + 100)
                            .map(n -> order.sample(n).sequence())
                            .sorted()
                            .toArray())
                    .containsExactly(LongStream.range(0, 100).toArray());
        }
        assertThat(LongStream.range(0, 100).map(n -> order.sample(n).sequence()).toArray())
                .isNotEqualTo(LongStream.range(100, 200)
                        .map(n -> order.sample(n).sequence())
                        .toArray());
    }

    @Test
    void weightsSayHowOftenASequenceIsSeenAndNoneIsSeenAgainBeforeAllAre() {
        DataOrder order = new DataOrder(1, true, new long[] {10, 20, 4}, new double[] {0.5, 1, 2});
        assertThat(order.epochLength()).isEqualTo(5 + 20 + 8);
        Map<DataOrder.Sample, Integer> seen = new HashMap<>();
        for (int n = 0; n < 33; n++) {
            seen.merge(order.sample(n), 1, Integer::sum);
        }
        assertThat(seen.keySet()).filteredOn(sample -> sample.stream() == 0).hasSize(5);
        assertThat(seen.keySet()).filteredOn(sample -> sample.stream() == 1).hasSize(20);
        assertThat(seen.entrySet())
                .filteredOn(entry -> entry.getKey().stream() == 2)
                .hasSize(4)
                .allMatch(entry -> entry.getValue() == 2);
        for (int n = 33; n < 66; n++) {
            seen.merge(order.sample(n), 1, Integer::sum);
        }
        assertThat(seen.entrySet())
                .filteredOn(entry -> entry.getKey().stream() == 0)
                .hasSize(10)
                .allMatch(entry -> entry.getValue() == 1);
    }

    @Test
    void withoutShufflingTheOrderIsThatOfTheData() {
        DataOrder order = new DataOrder(42, false, new long[] {3, 2}, new double[] {1, 2});
        assertThat(LongStream.range(0, 9).mapToObj(order::sample).map(DataOrder.Sample::sequence))
                .containsExactly(0L, 1L, 2L, 0L, 1L, 0L, 1L, 0L, 1L);
    }
}
