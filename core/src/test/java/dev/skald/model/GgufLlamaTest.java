package dev.skald.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.GgufBytes;
import dev.skald.InvalidInputException;
import dev.skald.gguf.Gguf;
import dev.skald.tensor.DType;
import dev.skald.tensor.Format;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufLlamaTest {

    @TempDir
    private Path folder;

    /** By llama.cpp's converter: 1 for short wavelengths, the factor for long ones, between them 1 / ((1 - s) / 8 + s) with s = (8192 / wavelength - 1) / 3. */
    @Test
    void divisorsOfFrequenciesAreLlama3Scaling() throws IOException {
        assertThat(config(keys().tensor("rope_freqs.weight", new float[] {1, 1, 2.69453f, 8}, 4))
                        .rope_scaling())
                .contains(new LlamaConfig.RopeScaling.Llama3(8, 1, 4, 8192));
        assertThat(config(keys().tensor("rope_freqs.weight", new float[] {1, 1, 1, 1}, 4))
                        .rope_scaling())
                .isEmpty();
        assertThatThrownBy(() -> config(keys().tensor("rope_freqs.weight", new float[] {1, 2, 3, 8}, 4)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("is not what llama3 scaling");
        assertThatThrownBy(() -> config(keys().tensor("rope_freqs.weight", new float[] {1, 1}, 2)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("has shape [2], the keys ask for [4]");
    }

    @Test
    void keysAreTheConfiguration() throws IOException {
        LlamaConfig config = config(keys().text("llama.rope.scaling.type", "linear")
                .real("llama.rope.scaling.factor", 4)
                .texts("tokenizer.ggml.tokens", List.of("a", "<|eot_id|>", "<|end_of_text|>"))
                .numbers("tokenizer.ggml.token_type", 1, 3, 1)
                .number("tokenizer.ggml.eos_token_id", 0));
        assertThat(config.rope_scaling()).contains(new LlamaConfig.RopeScaling.Linear(4));
        assertThat(config.head_dim()).isEqualTo(8);
        assertThat(config.num_key_value_heads()).isEqualTo(4);
        assertThat(config.vocab_size()).isEqualTo(3);
        assertThat(config.rope_theta()).isEqualTo(500000);
        assertThat(config.rms_norm_eps()).isEqualTo(1e-5);
        assertThat(config.tie_word_embeddings()).isTrue();
        assertThat(config.eos_token_ids()).containsExactly(0, 1);
        assertThat(config.torch_dtype()).contains(DType.BF16);
    }

    private LlamaConfig config(GgufBytes bytes) throws IOException {
        try (Gguf gguf = Gguf.open(bytes.write(folder.resolve("model.gguf")))) {
            return new GgufLlama(gguf).config();
        }
    }

    private static GgufBytes keys() {
        return new GgufBytes(3)
                .text("general.architecture", "llama")
                .number("llama.block_count", 1)
                .number("llama.context_length", 131072)
                .number("llama.embedding_length", 32)
                .number("llama.feed_forward_length", 48)
                .number("llama.attention.head_count", 4)
                .real("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .real("llama.rope.freq_base", 500000)
                .zeros("token_embd.weight", 8, Format.Q8_0, 3, 32);
    }
}
