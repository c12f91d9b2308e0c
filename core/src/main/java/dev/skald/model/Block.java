package dev.skald.model;

import dev.skald.kernel.Kernels;
import dev.skald.kernel.Kernels.AttentionGradients;
import org.bytedeco.pytorch.Tensor;

/**
 * One decoder layer, forward and backward, but for attention itself, which predicting has over caches and learning inside documents. Rows are
 * {@code [rows, features]}; what a method returns belongs to the caller's scope. {@code many} is as {@link Linear#forward} has it.
 */
record Block(
        Kernels kernels,
        int headDim,
        Norm inputNorm,
        Linear q,
        Linear k,
        Linear v,
        Linear o,
        Norm postNorm,
        Linear gate,
        Linear up,
        Linear down) {

    /**
     * Queries, keys and values.
     *
     * @param q {@code [rows, heads, headDim]}, rotated
     * @param k {@code [rows, kvHeads, headDim]}, rotated
     * @param v {@code [rows, kvHeads, headDim]}
     */
    record Heads(Tensor q, Tensor k, Tensor v) {}

    /**
     * What goes into SwiGLU.
     *
     * @param gate {@code [rows, intermediate]}
     * @param up {@code [rows, intermediate]}
     */
    record Gated(Tensor gate, Tensor up) {}

    /** From the layer's input to what attention takes. */
    Heads heads(Tensor x, int many, RopeTable.Angles angles, int[] positions) {
        Tensor normed = inputNorm.forward(x);
        Heads heads = new Heads(
                split(q.forward(normed, many)), split(k.forward(normed, many)), split(v.forward(normed, many)));
        kernels.rope(heads.q, angles.cos(), angles.sin(), positions);
        kernels.rope(heads.k, angles.cos(), angles.sin(), positions);
        return heads;
    }

    /** The residual stream between attention and MLP. */
    Tensor middle(Tensor x, Tensor attended, int many) {
        return o.forward(attended, many).add_(x);
    }

    /** From the residual stream to what SwiGLU takes. */
    Gated gated(Tensor middle, int many) {
        Tensor normed = postNorm.forward(middle);
        return new Gated(gate.forward(normed, many), up.forward(normed, many));
    }

    /** The layer's output. */
    Tensor output(Tensor middle, Gated gated, int many) {
        return down.forward(kernels.swiGlu(gated.gate, gated.up), many).add_(middle);
    }

    /**
     * From the gradient of the layer's output to that of {@code middle}.
     *
     * @param gated overwritten
     */
    Tensor mlpBackward(Tensor dy, Tensor middle, Gated gated, Gradients gradients) {
        Tensor dSwiGlu = empty(gated.gate);
        down.backward(dy, kernels.swiGlu(gated.gate, gated.up), dSwiGlu, false, gradients);
        kernels.swiGluBackward(dSwiGlu, gated.gate, gated.up);
        Tensor normed = postNorm.forward(middle);
        Tensor dNormed = empty(middle);
        up.backward(gated.up, normed, dNormed, false, gradients);
        gate.backward(gated.gate, normed, dNormed, true, gradients);
        return postNorm.backward(dNormed, middle, gradients).add_(dy);
    }

    /** From the gradient of {@code middle} to that of attention's result. */
    Tensor attendedBackward(Tensor dMiddle, Tensor attended, Gradients gradients) {
        Tensor dAttended = empty(attended);
        o.backward(dMiddle, attended, dAttended, false, gradients);
        return dAttended;
    }

    /**
     * From the gradients of attention's arguments and of {@code middle} to that of the layer's input.
     *
     * @param d overwritten
     */
    Tensor headsBackward(
            Tensor x,
            AttentionGradients d,
            Tensor dMiddle,
            RopeTable.Angles angles,
            int[] positions,
            Gradients gradients) {
        kernels.ropeBackward(d.dq(), angles.cos(), angles.sin(), positions);
        kernels.ropeBackward(d.dk(), angles.cos(), angles.sin(), positions);
        Tensor normed = inputNorm.forward(x);
        Tensor dNormed = empty(x);
        v.backward(joined(d.dv()), normed, dNormed, false, gradients);
        k.backward(joined(d.dk()), normed, dNormed, true, gradients);
        q.backward(joined(d.dq()), normed, dNormed, true, gradients);
        return inputNorm.backward(dNormed, x, gradients).add_(dMiddle);
    }

    private Tensor split(Tensor x) {
        return x.view(x.size(0), x.size(1) / headDim, headDim);
    }

    private static Tensor joined(Tensor x) {
        return x.view(x.size(0), x.size(1) * x.size(2));
    }

    private static Tensor empty(Tensor like) {
        return like.new_empty(like.size(0), like.size(1));
    }
}
