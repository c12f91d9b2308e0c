package dev.skald.kernel;

import static dev.skald.kernel.TensorChecks.random;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.assembler.Processor;
import dev.skald.tensor.BlockValues;
import dev.skald.tensor.DType;
import dev.skald.tensor.Format;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.Natives;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products with blocks: against the sums of the formula in plain Java, and against those of the exact values. */
class BlockProductsTest {

    /** No whole number of groups. */
    private static final int OUTS = 75;

    private static final int IN = 768;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static Matrix.Grouped pack(Matrix.Blocks blocks, Arena arena) {
        MemorySegment to = arena.allocate(GroupPacking.bytes(blocks.format(), blocks.rows(), blocks.columns()), 64);
        return GroupPacking.pack(blocks, row -> row, to, new Workers(2));
    }

    private static float[] values(Matrix.Blocks w) {
        float[] values = new float[(int) (w.rows() * w.columns())];
        BlockValues.read(w.format(), w.memory(), 0, values.length, values, 0);
        return values;
    }

    private static float[] floats(Tensor tensor) {
        return TensorMemory.of(tensor.to(ScalarType.Float).contiguous()).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    /** The formula, element by element: integers of the activations, a block's integer sums, one step in f32 for each block. */
    private static float dot(Matrix.Blocks w, int row, float[] x) {
        Format format = w.format();
        int block = format.blockElements();
        float sum = 0;
        for (int at = 0; at < x.length; at += block) {
            float most = 0;
            for (int i = at; i < at + block; i++) {
                most = Math.max(most, Math.abs(x[i]));
            }
            float step = most / 127;
            float inverse = most == 0 ? 0 : 127 / most;
            int[] a = new int[block];
            for (int i = 0; i < block; i++) {
                a[i] = (int) Math.rint(x[at + i] * inverse);
            }
            long b = row * format.bytes(x.length) + format.bytes(at);
            MemorySegment m = w.memory();
            sum = switch (format) {
                case Q4_0, Q8_0 -> {
                    int dot = 0;
                    for (int i = 0; i < 32; i++) {
                        int q = format == Format.Q8_0
                                ? m.get(ValueLayout.JAVA_BYTE, b + 2 + i)
                                : ((m.get(ValueLayout.JAVA_BYTE, b + 2 + i % 16) >> (i / 16 * 4)) & 15) - 8;
                        dot += q * a[i];
                    }
                    yield Math.fma((float) dot, half(m, b) * step, sum);
                }
                case Q4_K, Q5_K -> {
                    int dot = 0;
                    int minimums = 0;
                    for (int i = 0; i < 256; i++) {
                        int run = i / 32;
                        long nibbles = b + (format == Format.Q4_K ? 16 : 48);
                        int q = (m.get(ValueLayout.JAVA_BYTE, nibbles + 32L * (run / 2) + i % 32) >> (run % 2 * 4))
                                & 15;
                        if (format == Format.Q5_K) {
                            q += ((m.get(ValueLayout.JAVA_BYTE, b + 16 + i % 32) >> run) & 1) << 4;
                        }
                        dot += sixBits(m, b + 4, run) * q * a[i];
                        minimums += sixBits(m, b + 4, 8 + run) * a[i];
                    }
                    sum = Math.fma((float) dot, half(m, b) * step, sum);
                    yield Math.fma((float) minimums, half(m, b + 2) * -step, sum);
                }
                case Q6_K -> {
                    int dot = 0;
                    for (int i = 0; i < 256; i++) {
                        int part = i / 128;
                        int strand = i % 128 / 32;
                        int low = m.get(ValueLayout.JAVA_BYTE, b + 64L * part + 32L * (strand % 2) + i % 32)
                                >> (strand / 2 * 4);
                        int high = m.get(ValueLayout.JAVA_BYTE, b + 128 + 32L * part + i % 32) >> (2 * strand);
                        int q = ((low & 15) | ((high & 3) << 4)) - 32;
                        dot += m.get(ValueLayout.JAVA_BYTE, b + 192 + i / 16) * q * a[i];
                    }
                    yield Math.fma((float) dot, half(m, b + 208) * step, sum);
                }
                case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 ->
                    throw new IllegalArgumentException();
            };
        }
        return sum;
    }

    private static float half(MemorySegment m, long at) {
        return Float.float16ToFloat(m.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
    }

    /** Scales 0 to 7 and minimums 8 to 15 as llama.cpp's get_scale_min_k4 reads them. */
    private static int sixBits(MemorySegment m, long at, int which) {
        int j = which % 8;
        int[] s = new int[12];
        for (int i = 0; i < 12; i++) {
            s[i] = m.get(ValueLayout.JAVA_BYTE, at + i) & 0xff;
        }
        if (which < 8) {
            return j < 4 ? s[j] & 63 : (s[j + 4] & 15) | ((s[j - 4] >> 6) << 4);
        }
        return j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) | ((s[j] >> 6) << 4);
    }

    /** What this machine's processor can do, and what one without VNNI could. */
    private static List<GroupProducts> products() {
        Processor processor = GroupProducts.AVAILABLE.orElseThrow();
        return Stream.of(processor, new Processor(processor.wide(), false))
                .map(each -> new GroupProducts(new Workers(2), each))
                .toList();
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
    void integersAreThoseOfTheFormula(Format format) {
        try (Arena arena = Arena.ofShared();
                PointerScope _ = new PointerScope()) {
            Matrix.Blocks blocks = RandomBlocks.matrix(format, OUTS, IN, 2, arena);
            Matrix.Grouped grouped = pack(blocks, arena);
            for (GroupProducts products : products()) {
                for (int rows = 1; rows <= 7; rows++) {
                    Tensor x = random(ScalarType.Float, rows, IN);
                    x.select(0, rows / 2).narrow(0, 0, 256).zero_(); // a block without a largest
                    float[] inputs = floats(x);
                    Tensor out = x.new_empty(rows, OUTS);
                    products.multiply(x, grouped, out);
                    float[] found = floats(out);
                    for (int r = 0; r < rows; r++) {
                        float[] row = Arrays.copyOfRange(inputs, r * IN, (r + 1) * IN);
                        for (int o = 0; o < OUTS; o++) {
                            assertThat(found[r * OUTS + o])
                                    .as("%s, %d rows: %d, %d", products.processor(), rows, r, o)
                                    .isEqualTo(dot(blocks, o, row));
                        }
                    }
                }
            }
        }
    }

    /** The extremes: quants and activations at their ends, where 16 bits just hold the sums. */
    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
    void sumsFitSixteenBits(Format format) {
        try (Arena arena = Arena.ofShared();
                PointerScope _ = new PointerScope()) {
            for (byte fill : new byte[] {0, -1, (byte) 0x80, 0x7f, (byte) 0xf0, 0x0f}) {
                byte[] bytes = RandomBlocks.bytes(format, 33L * 256, 3);
                for (int b = 0; b < bytes.length; b++) {
                    int in = b % format.blockBytes();
                    boolean scale = format == Format.Q6_K ? in >= 208 : in < (format.blockElements() == 32 ? 2 : 4);
                    bytes[b] = scale ? bytes[b] : fill;
                }
                MemorySegment memory = arena.allocate(bytes.length);
                memory.copyFrom(MemorySegment.ofArray(bytes));
                Matrix.Blocks blocks = new Matrix.Blocks(memory, 33, 256, format);
                for (float sign : new float[] {-1, 1}) {
                    float[] row = new float[256];
                    Arrays.fill(row, sign);
                    Tensor x = TensorMemory.wrap(arena.allocateFrom(ValueLayout.JAVA_FLOAT, row), DType.F32, 1, 256);
                    for (GroupProducts products : products()) {
                        Tensor out = x.new_empty(1, 33);
                        products.multiply(x, pack(blocks, arena), out);
                        float[] found = floats(out);
                        for (int o = 0; o < 33; o++) {
                            assertThat(found[o])
                                    .as("%s, %d", products.processor(), o)
                                    .isEqualTo(dot(blocks, o, row));
                        }
                    }
                }
            }
        }
    }

    /**
     * An activation is off by at most half a step, 1/254 of its block's largest; so a product is by that times the sum of the weights' magnitudes. Those multiplied in
     * floats (many rows, formats without integer loops) differ by roundings alone, in bf16 1/256 of each product.
     */
    @ParameterizedTest
    @EnumSource(Format.class)
    void productsAreThoseOfTheValues(Format format) {
        try (Arena arena = Arena.ofShared();
                PointerScope _ = new PointerScope()) {
            Matrix.Blocks blocks = RandomBlocks.matrix(format, OUTS, IN, 4, arena);
            float[] values = values(blocks);
            List<Matrix> matrices =
                    GroupPacking.canPack(format) ? List.of(blocks, pack(blocks, arena)) : List.of(blocks);
            for (ScalarType dtype : List.of(ScalarType.Float, ScalarType.BFloat16)) {
                Tensor x = random(dtype, 5, IN);
                float[] inputs = floats(x);
                for (Matrix w : matrices) {
                    List<Gemm> own = List.of(
                            new VectorGemm(new Workers(2), false),
                            new VectorGemm(new Workers(2), true),
                            new VectorKernels().gemm());
                    List<Gemm> all = w instanceof Matrix.Grouped
                            ? own
                            : Stream.concat(own.stream(), Stream.of(new AtenGemm((a, b) -> b.add_(a))))
                                    .toList();
                    for (Gemm gemm : all) {
                        check(x, inputs, values, w, dtype, gemm, true);
                        check(x, inputs, values, w, dtype, gemm, false);
                    }
                }
            }
        }
    }

    private static void check(
            Tensor x, float[] inputs, float[] values, Matrix w, ScalarType dtype, Gemm gemm, boolean few) {
        Tensor out = x.new_empty(5, OUTS);
        if (few) {
            gemm.fewRows(x, w, out);
        } else {
            gemm.forward(x, w, out);
        }
        float[] found = floats(out);
        boolean integers = w instanceof Matrix.Grouped;
        for (int r = 0; r < 5; r++) {
            for (int o = 0; o < OUTS; o++) {
                double exact = 0;
                double magnitudes = 0;
                double weights = 0;
                float most = 0;
                for (int i = 0; i < IN; i++) {
                    double product = (double) inputs[r * IN + i] * values[o * IN + i];
                    exact += product;
                    magnitudes += Math.abs(product);
                    weights += Math.abs(values[o * IN + i]);
                    most = Math.max(most, Math.abs(inputs[r * IN + i]));
                }
                double bound = (integers ? most / 254 * weights : 0)
                        + (dtype == ScalarType.Float ? 1e-6 : 1 / 256.0) * magnitudes
                        + (dtype == ScalarType.Float ? 0 : Math.abs(exact) / 256);
                assertThat((double) found[r * OUTS + o])
                        .as("%s, %d, %d", gemm, r, o)
                        .isCloseTo(exact, org.assertj.core.data.Offset.offset(bound));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS", "Q5_1"})
    void aRowDoesNotDependOnTheOthers(Format format) {
        try (Arena arena = Arena.ofShared();
                PointerScope _ = new PointerScope()) {
            Matrix.Blocks blocks = RandomBlocks.matrix(format, 900, IN, 5, arena);
            Matrix w = GroupPacking.canPack(format) ? pack(blocks, arena) : blocks;
            for (ScalarType dtype : List.of(ScalarType.Float, ScalarType.BFloat16)) {
                Tensor x = random(dtype, 300, IN);
                Tensor few = x.new_empty(300, 900);
                new VectorGemm(new Workers(3), false).fewRows(x, w, few);
                for (Gemm gemm : List.of(
                        new VectorGemm(new Workers(1), false),
                        new VectorGemm(new Workers(2), true),
                        new VectorKernels().gemm())) {
                    for (int rows : new int[] {1, 2, 3, 5, 8, 64}) {
                        Tensor out = x.new_empty(rows, 900);
                        gemm.fewRows(x.narrow(0, 7, rows), w, out);
                        assertThat(out.equal(few.narrow(0, 7, rows)))
                                .as("%d rows", rows)
                                .isTrue();
                    }
                    Tensor many = x.new_empty(300, 900);
                    gemm.forward(x, w, many);
                    for (int rows : new int[] {96, 97, 192, 204}) {
                        Tensor out = x.new_empty(rows, 900);
                        gemm.forward(x.narrow(0, 96, rows), w, out);
                        assertThat(out.equal(many.narrow(0, 96, rows)))
                                .as("%d rows from the 97th on", rows)
                                .isTrue();
                    }
                }
            }
        }
    }
}
