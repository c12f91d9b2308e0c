package dev.skald.kernel;

import dev.skald.kernel.GemmTimes.Kind;
import dev.skald.tensor.DType;
import dev.skald.tensor.Matrix;
import org.bytedeco.pytorch.Tensor;

/**
 * For each kind of product on the CPU the implementation that is faster on this machine, by {@link GemmTimes}. f32 is always our own, and so
 * are few rows. On processors with bf16 units libtorch's bf16 products are several times as fast as any in f32; without them they are several
 * times, and in part a hundred times, as slow.
 */
record FastestGemm(VectorGemm vector, AtenGemm aten, GemmTimes times) implements Gemm {

    FastestGemm(Workers workers, AtenGemm aten, GemmTimes times) {
        this(new VectorGemm(workers, times.dotsAreFaster()), aten, times);
    }

    @Override
    public void forward(Tensor x, Matrix w, Tensor out) {
        boolean libtorch = isLibtorchs(Kind.FORWARD, x);
        switch (w) {
            case Matrix.Dense dense when libtorch -> aten.forward(x, dense, out);
            case Matrix.Dense _, Matrix.Blocks _, Matrix.Grouped _ -> vector.forward(x, w, out);
        }
    }

    @Override
    public void fewRows(Tensor x, Matrix w, Tensor out) {
        vector.fewRows(x, w, out);
    }

    @Override
    public void inputGradient(Tensor dy, Matrix w, Tensor dx, boolean add) {
        fastest(Kind.INPUT_GRADIENT, dy).inputGradient(dy, w, dx, add);
    }

    @Override
    public void weightGradient(Tensor dy, Tensor x, Tensor sum) {
        fastest(Kind.WEIGHT_GRADIENT, dy).weightGradient(dy, x, sum);
    }

    @Override
    public Tensor batched(Tensor a, Tensor b) {
        return fastest(Kind.BATCHED, a).batched(a, b);
    }

    private Gemm fastest(Kind kind, Tensor x) {
        return isLibtorchs(kind, x) ? aten : vector;
    }

    private boolean isLibtorchs(Kind kind, Tensor x) {
        return DType.of(x.scalar_type()) == DType.BF16 && times.libtorchIsFaster(kind);
    }
}
