package dev.skald.kernel;

import dev.skald.kernel.SgemmPanels.Operand;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.TensorMemory;
import org.bytedeco.pytorch.Tensor;

/**
 * Matrix products on the CPU that need no units for bf16 or f16: elements are turned to f32 on their way into the caches, and rounded once
 * on their way out. Few rows are {@link DotProducts}, which read each weight once; many rows are {@link SgemmPanels}, or dot products too where
 * those are faster than the BLAS at hand.
 *
 * @param manyAsDots whether many rows are dot products
 */
record VectorGemm(DotProducts dots, SgemmPanels panels, boolean manyAsDots) implements Gemm {

    /** OpenBLAS has other code, with other bits, for small matrices: where a weight has fewer elements, rows are never given to it. */
    private static final long SMALL = 1 << 17;

    VectorGemm(Workers workers, boolean manyAsDots) {
        this(new DotProducts(workers), new SgemmPanels(workers), manyAsDots);
    }

    @Override
    public void forward(Tensor x, Matrix w, Tensor out) {
        Matrix.Dense weight = dense(w);
        if (manyAsDots || weight.rows() * weight.columns() < SMALL) {
            dots.multiply(x, weight, out);
        } else {
            panels.multiplyRows(Operand.of(x), Operand.of(weight.tensor()).transpose(), Operand.of(out));
        }
    }

    @Override
    public void fewRows(Tensor x, Matrix w, Tensor out) {
        dots.multiply(x, dense(w), out);
    }

    @Override
    public void inputGradient(Tensor dy, Matrix w, Tensor dx, boolean add) {
        panels.multiply(Operand.of(dy), Operand.of(dense(w).tensor()), Operand.of(dx), add);
    }

    @Override
    public void weightGradient(Tensor dy, Tensor x, Tensor sum) {
        panels.multiply(Operand.of(dy).transpose(), Operand.of(x), Operand.of(sum), true);
    }

    @Override
    public Tensor batched(Tensor a, Tensor b) {
        Tensor out = a.new_empty(a.size(0), a.size(1), b.size(2));
        panels.multiply(parts(a), parts(b), parts(out));
        return out;
    }

    private static Operand[] parts(Tensor x) {
        Operand[] parts = new Operand[(int) x.size(0)];
        long address = TensorMemory.address(x);
        Operand first = Operand.of(x, 1, address);
        for (int i = 0; i < parts.length; i++) {
            parts[i] = first.at(address + first.format().bytes(i * x.stride(0)));
        }
        return parts;
    }

    private static Matrix.Dense dense(Matrix w) {
        return switch (w) {
            case Matrix.Dense dense -> dense;
        };
    }
}
