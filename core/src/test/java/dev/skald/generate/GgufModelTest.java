package dev.skald.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.GgufBytes;
import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model from a GGUF file is the one from the model directory that it was made of. */
class GgufModelTest {

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

    @TempDir
    private Path folder;

    @Test
    void saysTheSameAsItsModelDirectory() throws IOException {
        TinyLlama tiny = TinyLlama.random(3);
        Path directory = tiny.write(folder.resolve("model"));
        Path file = gguf(tiny).write(folder.resolve("model.gguf"));
        GenerationOptions options =
                GenerationOptions.modelDefaults().maxNewTokens(40).keepLogits(true);
        try (Generator expected = Generator.load(directory);
                Generator found = Generator.load(file)) {
            assertThat(found.config()).isEqualTo(expected.config());
            for (String prompt : List.of("a", "Sommar och sol är det bästa jag vet, 12345!")) {
                Generation one = found.generate(prompt, options);
                Generation other = expected.generate(prompt, options);
                assertThat(one.promptIds()).isEqualTo(other.promptIds());
                assertThat(one.generatedIds()).isEqualTo(other.generatedIds());
                assertThat(one.logits().getLast())
                        .isEqualTo(other.logits().getLast()); // bit for bit: no element is rounded
            }
        }
    }

    @Test
    void tokenizesAsItsTokenizerJson() throws IOException {
        TinyLlama tiny = TinyLlama.random(3);
        Tokenizer expected = Tokenizer.load(tiny.write(folder.resolve("model")));
        Path file = gguf(tiny).text("tokenizer.chat_template", "{{ x }}").write(folder.resolve("model.gguf"));
        Tokenizer found = ModelTokenizer.load(file);
        String text = "Hej, <s>värld</s>  we're 1234 \n\n ☃";
        assertThat(found.encode(text, true)).isEqualTo(expected.encode(text, true));
        assertThat(found.decode(found.encode(text), false)).isEqualTo(text);
        assertThat(found.vocabSize()).isEqualTo(expected.vocabSize());
        assertThat(found.chatTemplates()).containsEntry("default", "{{ x }}");
        assertThat(found.eosId()).isEqualTo(expected.eosId());
    }

    /** Scores make the merges: the best pair first, and bytes where there is no token. */
    @Test
    void scoresAreMerges() throws IOException {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        for (int b = 0; b < 256; b++) {
            tokens.add(String.format("<0x%02X>", b));
        }
        int letters = tokens.size();
        tokens.addAll(List.of("▁", "a", "b", "c", "ab", "bc", "▁ab", "abc"));
        int[] types = new int[tokens.size()];
        float[] scores = new float[tokens.size()];
        for (int id = 0; id < types.length; id++) {
            types[id] = id == 0 ? 2 : id < 3 ? 3 : id < letters ? 6 : 1;
            scores[id] = letters - id;
        }
        Path file = new GgufBytes(3)
                .text("tokenizer.ggml.model", "llama")
                .texts("tokenizer.ggml.tokens", tokens)
                .numbers("tokenizer.ggml.token_type", types)
                .reals("tokenizer.ggml.scores", scores)
                .number("tokenizer.ggml.bos_token_id", 1)
                .number("tokenizer.ggml.eos_token_id", 2)
                .number("tokenizer.ggml.unknown_token_id", 0)
                .write(folder.resolve("llama.gguf"));
        Tokenizer tokenizer = ModelTokenizer.load(file);
        assertThat(tokenizer.encode("abc bc", true)).containsExactly(1, letters + 6, letters + 3, letters, letters + 5);
        assertThat(tokenizer.encode("ä")).containsExactly(letters, 3 + 0xC3, 3 + 0xA4);
        assertThat(tokenizer.decode(tokenizer.encode("abc ä bc"), false)).isEqualTo("abc ä bc");
    }

    @Test
    void whatIsNotThisModelIsRefused() throws IOException {
        TinyLlama tiny = TinyLlama.random(3);
        refused(gguf(tiny).tensor("blk.0.attn_q.bias", new float[32], 32), "tensor 'blk.0.attn_q.bias' is not one");
        refused(gguf(tiny).number("llama.rope.dimension_count", 4), "llama.rope.dimension_count: is 4, expected 8");
        refused(gguf(tiny).text("llama.rope.scaling.type", "yarn"), "is 'yarn', expected none or linear");
        refused(gguf(tiny).number("llama.expert_count", 8), "a mixture of experts is not read");
        refused(new GgufBytes(3).text("general.architecture", "qwen2"), "is 'qwen2', expected llama");
        tiny.tensors().remove("model.layers.1.mlp.up_proj.weight");
        refused(gguf(tiny), "tensor 'blk.1.ffn_up.weight' is missing");
    }

    private void refused(GgufBytes bytes, String message) throws IOException {
        Path file = bytes.write(folder.resolve("bad.gguf"));
        assertThatThrownBy(() -> Generator.load(file).close())
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(message);
    }

    private static GgufBytes gguf(TinyLlama tiny) {
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
