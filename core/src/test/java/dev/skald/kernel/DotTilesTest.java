package dev.skald.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The machine code's sums, and those of the Vector API, against additions in the same order in plain Java: the same bits. */
class DotTilesTest {

    @ParameterizedTest
    @EnumSource(RowFormat.class)
    void sumsAreAdditionsInOrder(RowFormat format) {
        DotTiles code = new DotTiles(GroupProducts.AVAILABLE);
        DotTiles loops = new DotTiles(Optional.empty());
        assertThat(loops.most()).isEqualTo(1);
        SplittableRandom random = new SplittableRandom(7);
        for (int rows = 1; rows <= code.most(); rows++) {
            for (int steps : new int[] {1, 2, 5}) {
                int n = steps * DotTiles.STEP;
                int width = n + 3; // of no whole number of vectors
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment w = arena.allocate(format.bytes((long) DotTiles.OUTS * width));
                    for (int i = 0; i < DotTiles.OUTS * width; i++) {
                        float value = (float) (random.nextDouble() - 0.5);
                        switch (format) {
                            case BF16 ->
                                w.setAtIndex(
                                        ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
                            case F32 -> w.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
                        }
                    }
                    MemorySegment x = floats(arena, random, rows * width);
                    MemorySegment before = floats(arena, random, rows * DotTiles.OUTS * RowFormat.LANES);
                    MemorySegment sums = arena.allocate(before.byteSize()).copyFrom(before);
                    code.add(
                            format, rows, x.address(), 4L * width, w.address(), format.bytes(width), n, sums.address());
                    MemorySegment again = arena.allocate(before.byteSize()).copyFrom(before);
                    loops.add(
                            format,
                            rows,
                            x.address(),
                            4L * width,
                            w.address(),
                            format.bytes(width),
                            n,
                            again.address());
                    for (int i = 0; i < rows * DotTiles.OUTS * RowFormat.LANES; i++) {
                        int lane = i % RowFormat.LANES;
                        int out = i / RowFormat.LANES % DotTiles.OUTS;
                        int row = i / RowFormat.LANES / DotTiles.OUTS;
                        float sum = before.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                        for (int k = lane; k < n; k += RowFormat.LANES) {
                            float weight = switch (format) {
                                case BF16 -> RowFormat.bf16(w.address() + 2L * (out * width + k));
                                case F32 -> w.getAtIndex(ValueLayout.JAVA_FLOAT, (long) out * width + k);
                            };
                            sum = Math.fma(x.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * width + k), weight, sum);
                        }
                        assertThat(sums.getAtIndex(ValueLayout.JAVA_FLOAT, i))
                                .as("%d rows, %d steps, sum %d", rows, steps, i)
                                .isEqualTo(sum);
                        assertThat(again.getAtIndex(ValueLayout.JAVA_FLOAT, i)).isEqualTo(sum);
                    }
                }
            }
        }
    }

    private static MemorySegment floats(Arena arena, SplittableRandom random, int n) {
        MemorySegment memory = arena.allocate(4L * n, 4);
        for (int i = 0; i < n; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (random.nextDouble() - 0.5));
        }
        return memory;
    }
}
