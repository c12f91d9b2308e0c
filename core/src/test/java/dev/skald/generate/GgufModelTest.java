package dev.skald.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.GgufBytes;
import dev.skald.InvalidInputException;
import dev.skald.TinyGguf;
import dev.skald.TinyLlama;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model from a GGUF file is the one from the model directory that it was made of. */
class GgufModelTest {

    @TempDir
    private Path folder;

    @Test
    void saysTheSameAsItsModelDirectory() throws IOException {
        TinyLlama tiny = TinyLlama.random(3);
        Path directory = tiny.write(folder.resolve("model"));
        Path file = TinyGguf.of(tiny).write(folder.resolve("model.gguf"));
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
        Path file = TinyGguf.of(tiny).text("tokenizer.chat_template", "{{ x }}").write(folder.resolve("model.gguf"));
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
        refused(
                TinyGguf.of(tiny).tensor("blk.0.attn_q.bias", new float[32], 32),
                "tensor 'blk.0.attn_q.bias' is not one");
        refused(
                TinyGguf.of(tiny).number("llama.rope.dimension_count", 4),
                "llama.rope.dimension_count: is 4, expected 8");
        refused(TinyGguf.of(tiny).text("llama.rope.scaling.type", "yarn"), "is 'yarn', expected none or linear");
        refused(TinyGguf.of(tiny).number("llama.expert_count", 8), "a mixture of experts is not read");
        refused(new GgufBytes(3).text("general.architecture", "qwen2"), "is 'qwen2', expected llama");
        tiny.tensors().remove("model.layers.1.mlp.up_proj.weight");
        refused(TinyGguf.of(tiny), "tensor 'blk.1.ffn_up.weight' is missing");
    }

    private void refused(GgufBytes bytes, String message) throws IOException {
        Path file = bytes.write(folder.resolve("bad.gguf"));
        assertThatThrownBy(() -> Generator.load(file).close())
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(message);
    }
}
