package dev.skald.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void everyItemIsDoneOnce(int threads) {
        Workers workers = new Workers(threads);
        for (int items : new int[] {0, 1, 2, 7, 1000}) {
            for (int chunk : new int[] {1, 3, 2000}) {
                AtomicIntegerArray done = new AtomicIntegerArray(items);
                workers.run(items, chunk, (from, to) -> {
                    for (int i = from; i < to; i++) {
                        done.incrementAndGet(i);
                    }
                });
                for (int i = 0; i < items; i++) {
                    assertThat(done.get(i)).as("item %d of %d", i, items).isEqualTo(1);
                }
            }
        }
    }

    /** Many callers at once: whoever finds the workers taken works alone, and all results are right. */
    @Test
    void manyCallersAtOnce() throws Exception {
        Workers workers = new Workers(4);
        try (ExecutorService callers = Executors.newFixedThreadPool(8)) {
            List<Future<Long>> sums = new ArrayList<>();
            for (int c = 0; c < 64; c++) {
                int caller = c;
                sums.add(callers.submit(() -> {
                    long sum = 0;
                    for (int run = 0; run < 50; run++) {
                        long[] parts = new long[100];
                        workers.run(100, 1, (from, to) -> {
                            for (int i = from; i < to; i++) {
                                parts[i] = (long) caller * i;
                            }
                        });
                        for (long part : parts) {
                            sum += part;
                        }
                    }
                    return sum;
                }));
            }
            for (int c = 0; c < sums.size(); c++) {
                assertThat(sums.get(c).get()).isEqualTo(50L * c * 4950);
            }
        }
    }

    /** A task that runs a loop of its own does not wait for itself. */
    @Test
    void aTaskMayRunALoop() {
        Workers workers = new Workers(3);
        AtomicInteger done = new AtomicInteger();
        workers.run(10, 1, (from, to) -> workers.run(10, 1, (first, last) -> done.addAndGet(last - first)));
        assertThat(done).hasValue(100);
    }

    /** What a task throws reaches the caller once all other items are done, and the next run is not harmed. */
    @Test
    void aFailureReachesTheCaller() {
        Workers workers = new Workers(3);
        AtomicInteger done = new AtomicInteger();
        assertThatThrownBy(() -> workers.run(100, 1, (from, to) -> {
                    if (from == 37) {
                        throw new IllegalStateException("item 37");
                    }
                    done.incrementAndGet();
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("item 37");
        assertThat(done).hasValue(99);
        workers.run(10, 1, (from, to) -> done.addAndGet(to - from));
        assertThat(done).hasValue(109);
    }
}
