package dev.skald.kernel;

import dev.skald.kernel.SgemmPanels.Operand;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.TensorMemory;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Matrix products on the CPU that need no units for bf16 or f16: elements are turned to f32 on their way into the caches, and rounded once
 * on their way out. Few rows are {@link DotProducts}, which read each weight once; many rows are {@link SgemmPanels}, or as few where
 * that is faster than the BLAS at hand. With a matrix in groups all are {@link GroupProducts}, in integers.
 *
 * @param manyAsDots whether many rows are dot products
 */
record VectorGemm(DotProducts dots, Optional<GroupProducts> groups, SgemmPanels panels, boolean manyAsDots)
        implements Gemm {

    /** OpenBLAS has other code, with other bits, for small matrices: where a weight has fewer elements, rows are never given to it. */
    private static final long SMALL = 1 << 17;

    VectorGemm(Workers workers, boolean manyAsDots) {
        this(
                new DotProducts(workers),
                GroupProducts.AVAILABLE.map(processor -> new GroupProducts(workers, processor)),
                new SgemmPanels(workers),
                manyAsDots);
    }

    @Override
    public void forward(Tensor x, Matrix w, Tensor out) {
        if (manyAsDots || w.rows() * w.columns() < SMALL) {
            fewRows(x, w, out);
            return;
        }
        switch (w) {
            case Matrix.Dense dense ->
                panels.multiplyRows(Operand.of(x), Operand.of(dense.tensor()).transpose(), Operand.of(out));
            case Matrix.Blocks blocks ->
                panels.multiplyRows(Operand.of(x), Operand.of(blocks).transpose(), Operand.of(out));
            case Matrix.Grouped grouped -> groups.orElseThrow().multiply(x, grouped, out);
        }
    }

    @Override
    public void fewRows(Tensor x, Matrix w, Tensor out) {
        switch (w) {
            case Matrix.Dense dense -> dots.multiply(x, dense, out);
            case Matrix.Blocks blocks -> dots.multiply(x, blocks, out);
            case Matrix.Grouped grouped -> groups.orElseThrow().multiply(x, grouped, out);
        }
    }

    @Override
    public void inputGradient(Tensor dy, Matrix w, Tensor dx, boolean add) {
        try (PointerScope _ = new PointerScope()) {
            panels.multiply(Operand.of(dy), Operand.of(WholeValues.of(w, dy)), Operand.of(dx), add);
        }
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
}
