package dev.skald;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A {@link TinyLlama} of random weights as llama.cpp's converter would write it. */
public final class TinyGguf {

    private static final int HEAD_DIM = 8;
    private static final Map<String, String> NAMES = Map.of(
            "input_layernorm", "attn_norm",
            "self_attn.q_proj", "attn_q",
            "self_attn.k_proj", "attn_k",
            "self_attn.v_proj", "attn_v",
            "self_attn.o_proj", "attn_output",
            "post_attention_layernorm", "ffn_norm",
            "mlp.gate_proj", "ffn_gate",
            "mlp.up_proj", "ffn_up",
            "mlp.down_proj", "ffn_down");

    private TinyGguf() {}

    /** The file's bytes; may be added to. */
    public static GgufBytes of(TinyLlama tiny) {
        GgufBytes bytes = new GgufBytes(3)
                .text("general.architecture", "llama")
                .number("llama.block_count", 2)
                .number("llama.context_length", 1024)
                .number("llama.embedding_length", 32)
                .number("llama.feed_forward_length", 48)
                .number("llama.attention.head_count", 4)
                .number("llama.attention.head_count_kv", 10, 8, 2)
                .real("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", "gpt-2")
                .flag("tokenizer.ggml.add_bos_token", true)
                .number("tokenizer.ggml.bos_token_id", TinyLlama.BOS)
                .number("tokenizer.ggml.eos_token_id", TinyLlama.EOS);
        List<String> tokens = new ArrayList<>();
        int[] types = new int[TinyLlama.VOCAB];
        int unprintable = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            tokens.add(String.valueOf((char) (printable ? b : unprintable++)));
            types[b] = 1;
        }
        tokens.addAll(List.of("<s>", "</s>"));
        types[TinyLlama.BOS] = 3;
        types[TinyLlama.EOS] = 3;
        bytes.texts("tokenizer.ggml.tokens", tokens)
                .numbers("tokenizer.ggml.token_type", types)
                .texts("tokenizer.ggml.merges", List.of());
        tiny.tensors().forEach((name, tensor) -> add(bytes, name, tensor));
        return bytes;
    }

    private static void add(GgufBytes bytes, String name, TinyLlama.FloatTensor tensor) {
        long[] shape = new long[tensor.shape().length];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = tensor.shape()[i];
        }
        boolean turned = name.endsWith("q_proj.weight") || name.endsWith("k_proj.weight");
        bytes.tensor(name(name), turned ? turned(tensor) : tensor.values(), shape);
    }

    private static String name(String name) {
        return switch (name) {
            case "model.embed_tokens.weight" -> "token_embd.weight";
            case "model.norm.weight" -> "output_norm.weight";
            case "lm_head.weight" -> "output.weight";
            default -> {
                String[] parts = name.split("\\.", 4);
                yield "blk." + parts[2] + "." + NAMES.get(parts[3].replace(".weight", "")) + ".weight";
            }
        };
    }

    /** As llama.cpp's converter: heads as [2, headDim / 2], the two axes exchanged. */
    private static float[] turned(TinyLlama.FloatTensor tensor) {
        int columns = tensor.shape()[1];
        float[] values = new float[tensor.values().length];
        int to = 0;
        for (int head = 0; head < tensor.shape()[0] / HEAD_DIM; head++) {
            for (int i = 0; i < HEAD_DIM / 2; i++) {
                for (int half = 0; half < 2; half++) {
                    int row = head * HEAD_DIM + half * HEAD_DIM / 2 + i;
                    System.arraycopy(tensor.values(), row * columns, values, to, columns);
                    to += columns;
                }
            }
        }
        return values;
    }
}
