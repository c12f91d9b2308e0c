package dev.skald.kernel;

import dev.skald.tensor.Matrix;
import java.util.function.BiConsumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * libtorch's matrix products. A weight's gradient is rounded to the operands' dtype before it is added in f32: libtorch has no product of bf16
 * with a sum in f32.
 *
 * @param adder adds its first argument to its second, which is f32 and of the same shape
 */
record AtenGemm(BiConsumer<Tensor, Tensor> adder) implements Gemm {

    @Override
    public void forward(Tensor x, Matrix w, Tensor out) {
        try (PointerScope _ = new PointerScope()) {
            torch.mm_out(out, x, WholeValues.of(w, x).t());
        }
    }

    @Override
    public void fewRows(Tensor x, Matrix w, Tensor out) {
        forward(x, w, out);
    }

    @Override
    public void inputGradient(Tensor dy, Matrix w, Tensor dx, boolean add) {
        try (PointerScope _ = new PointerScope()) {
            Tensor weight = WholeValues.of(w, dy);
            if (add) {
                dx.addmm_(dy, weight);
            } else {
                torch.mm_out(dx, dy, weight);
            }
        }
    }

    @Override
    public void weightGradient(Tensor dy, Tensor x, Tensor sum) {
        try (PointerScope _ = new PointerScope()) {
            adder.accept(dy.t().mm(x), sum);
        }
    }

    @Override
    public Tensor batched(Tensor a, Tensor b) {
        return a.bmm(b);
    }
}
