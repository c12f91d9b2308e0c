package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SortedRunsTest {

    @Property(tries = 200)
    void sortsAsTheLibraryDoes(
            @ForAll @IntRange(max = 300) int count, @ForAll @IntRange(min = 1, max = 4) int width, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long[] records = random.longs((long) count * width, -3, 3).toArray();
        List<long[]> expected = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            expected.add(Arrays.copyOfRange(records, i * width, (i + 1) * width));
        }
        expected.sort((a, b) -> Arrays.compareUnsigned(a, b));
        RecordSort.sort(records, count, width);
        for (int i = 0; i < count; i++) {
            assertThat(Arrays.copyOfRange(records, i * width, (i + 1) * width)).isEqualTo(expected.get(i));
        }
    }

    @Test
    void everyRecordArrivesOnceAtItsReceiverInOrder(@TempDir Path directory) throws IOException {
        int receivers = 3;
        int count = 700_000; // more than one buffer of a writer
        SplittableRandom random = new SplittableRandom(1);
        long sum = 0;
        List<Path> bases = List.of(directory.resolve("a"), directory.resolve("b"), directory.resolve("none"));
        for (Path base : bases.subList(0, 2)) {
            try (SortedRuns.Writer writer =
                    new SortedRuns.Writer(run -> SortedRuns.file(base, run), 2, SortedRuns.Receiver.HASH, receivers)) {
                for (int i = 0; i < count; i++) {
                    long first = random.nextLong();
                    writer.add(first, i);
                    sum += first ^ i;
                }
            }
        }
        int found = 0;
        int misplaced = 0;
        for (int receiver = 0; receiver < receivers; receiver++) {
            try (SortedRuns.Reader reader = new SortedRuns.Reader(bases, 2, receiver, receivers)) {
                long before = 0;
                for (long[] record = reader.next(); record != null; record = reader.next()) {
                    misplaced += SortedRuns.Receiver.HASH.of(record[0], receivers) == receiver ? 0 : 1;
                    misplaced += Long.compareUnsigned(before, record[0]) <= 0 ? 0 : 1;
                    before = record[0];
                    sum -= record[0] ^ record[1];
                    found++;
                }
            }
        }
        assertThat(found).isEqualTo(2 * count);
        assertThat(sum).isZero();
        assertThat(misplaced).isZero();
    }
}
