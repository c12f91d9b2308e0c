package dev.skald.kernel;

import dev.skald.tensor.Matrix;
import org.bytedeco.pytorch.Tensor;

/**
 * Matrix products: all of the program's. {@link AtenGemm} is libtorch's, on any device and in any dtype; {@link VectorGemm} is our own on the
 * CPU, in f32 whatever the operands' format; {@link FastestGemm} has for each kind of product the one of the two that is faster on this
 * machine. Sums are f32, results are rounded once. Thread-safe.
 *
 * <p>On the CPU a row comes out the same, bit for bit, whatever the other rows are, and however many of them and of threads there are: any row
 * of {@link #fewRows}, and of {@link #forward} a row at the same place of a run of {@link #RUN} rows. Between the two the last bits may differ.
 * (libtorch's bf16 product keeps to this where the processor has bf16 units; its f32 product does not, and is not taken on the CPU.)
 */
public sealed interface Gemm permits AtenGemm, VectorGemm, FastestGemm {

    /**
     * Rows that {@link #forward} treats alike wherever their run is among the rows: a multiple of what the kernels of BLAS libraries take at a
     * time, 12 or 16, the rest of a run having other code there.
     */
    int RUN = 96;

    /**
     * {@code x [rows, in]} times the transpose of {@code w [out, in]}, for many rows.
     *
     * @param out {@code [rows, out]} of the dtype of {@code x}; overwritten
     */
    void forward(Tensor x, Matrix w, Tensor out);

    /** As {@link #forward}, for few rows: each weight is read once and used for all of them. */
    void fewRows(Tensor x, Matrix w, Tensor out);

    /**
     * The gradient of the input: {@code dy [rows, out]} times {@code w [out, in]}.
     *
     * @param dx {@code [rows, in]} of the dtype of {@code dy}; overwritten, or with {@code add} added to
     */
    void inputGradient(Tensor dy, Matrix w, Tensor dx, boolean add);

    /**
     * The gradient of the weight: the transpose of {@code dy [rows, out]} times {@code x [rows, in]}.
     *
     * @param sum f32 {@code [out, in]}; added to
     */
    void weightGradient(Tensor dy, Tensor x, Tensor sum);

    /**
     * Products side by side.
     *
     * @param a {@code [n, rows, inner]}; the elements of its rows, or of its columns, lie side by side
     * @param b {@code [n, inner, columns]}; likewise
     * @return {@code [n, rows, columns]}; the caller's scope frees it
     */
    Tensor batched(Tensor a, Tensor b);
}
