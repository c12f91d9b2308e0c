package dev.skald.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The model by plain operators and autograd, in f32, without caring for memory or speed. */
final class AutogradLlama {
    /** By the index of their parameter; {@code grad()} has the gradient of the loss times {@code scale}. */
    final List<Tensor> leaves;

    final double loss;
    private final LlamaConfig config;
    private final PackedRows rows;

    AutogradLlama(LlamaConfig config, LlamaParameters parameters, PackedRows rows, double scale) {
        this.config = config;
        this.rows = rows;
        this.leaves = new ArrayList<>();
        Map<String, Tensor> w = new HashMap<>();
        for (Parameter parameter : parameters.list()) {
            Tensor leaf = parameters
                    .view(parameter)
                    .to(ScalarType.Float)
                    .clone()
                    .detach()
                    .set_requires_grad(true);
            leaves.add(leaf);
            w.put(parameter.name(), leaf);
        }
        Tensor embedding = w.get("model.embed_tokens.weight");
        Tensor x = embedding.index_select(0, longs(rows.ids()));
        for (int i = 0; i < config.num_hidden_layers(); i++) {
            String layer = "model.layers." + i + ".";
            Tensor normed = norm(x, w.get(layer + "input_layernorm.weight"));
            Tensor q = rotated(heads(torch.linear(normed, w.get(layer + "self_attn.q_proj.weight"))));
            Tensor k = rotated(heads(torch.linear(normed, w.get(layer + "self_attn.k_proj.weight"))));
            Tensor v = heads(torch.linear(normed, w.get(layer + "self_attn.v_proj.weight")));
            x = x.add(torch.linear(attention(q, k, v), w.get(layer + "self_attn.o_proj.weight")));
            Tensor again = norm(x, w.get(layer + "post_attention_layernorm.weight"));
            Tensor gated = torch.silu(torch.linear(again, w.get(layer + "mlp.gate_proj.weight")))
                    .mul(torch.linear(again, w.get(layer + "mlp.up_proj.weight")));
            x = x.add(torch.linear(gated, w.get(layer + "mlp.down_proj.weight")));
        }
        Tensor sum = torch.cross_entropy_loss(
                torch.linear(norm(x, w.get("model.norm.weight")), w.getOrDefault("lm_head.weight", embedding)),
                longs(rows.targets()),
                new TensorOptional(),
                torch.Reduction.Sum.value,
                PackedRows.NOT_PREDICTED,
                0);
        sum.mul(new Scalar(scale)).backward();
        this.loss = sum.item_double();
    }

    private Tensor norm(Tensor x, Tensor weight) {
        Tensor meanSquare = x.square().mean(new long[] {-1}, true, new ScalarTypeOptional());
        return x.mul(meanSquare.add(new Scalar(config.rms_norm_eps())).rsqrt()).mul(weight);
    }

    private Tensor heads(Tensor x) {
        return x.view(x.size(0), x.size(1) / config.head_dim(), config.head_dim());
    }

    /** {@code x * cos + rotate_half(x) * sin}. */
    private Tensor rotated(Tensor x) {
        int half = config.head_dim() / 2;
        float[] angles = new float[rows.rows() * half];
        for (int r = 0; r < rows.rows(); r++) {
            for (int i = 0; i < half; i++) {
                angles[r * half + i] =
                        (float) (rows.positions()[r] / Math.pow(config.rope_theta(), 2.0 * i / config.head_dim()));
            }
        }
        Tensor angle = torch.tensor(angles).view(rows.rows(), 1, half);
        Tensor twice = torch.cat(new TensorVector(angle, angle), 2);
        Tensor turned = torch.cat(new TensorVector(x.narrow(2, half, half).neg(), x.narrow(2, 0, half)), 2);
        return x.mul(twice.cos()).add(turned.mul(twice.sin()));
    }

    private Tensor attention(Tensor q, Tensor k, Tensor v) {
        long count = rows.rows();
        int[] document = new int[rows.rows()];
        for (int start : rows.documentStarts()) {
            for (int i = start; i < count; i++) {
                document[i]++;
            }
        }
        Tensor of = longs(document);
        Tensor unseen = of.unsqueeze(0)
                .ne(of.unsqueeze(1))
                .logical_or(torch.ones(count, count).triu(1).to(ScalarType.Bool));
        return q.transpose(0, 1)
                .matmul(repeated(k).transpose(1, 2))
                .mul(new Scalar(1 / Math.sqrt(config.head_dim())))
                .masked_fill(unseen, new Scalar(Double.NEGATIVE_INFINITY))
                .softmax(-1)
                .matmul(repeated(v))
                .transpose(0, 1)
                .reshape(count, (long) config.num_attention_heads() * config.head_dim());
    }

    private Tensor repeated(Tensor x) {
        return x.transpose(0, 1).repeat_interleave(config.groupSize(), new LongOptional(0), new LongOptional());
    }

    private static Tensor longs(int[] values) {
        long[] wide = Arrays.stream(values).asLongStream().toArray();
        return torch.from_blob(new LongPointer(wide), new long[] {wide.length}, new TensorOptions(ScalarType.Long))
                .clone();
    }
}
