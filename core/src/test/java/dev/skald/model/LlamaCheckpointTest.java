package dev.skald.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import dev.skald.engine.Engine;
import dev.skald.engine.Request;
import dev.skald.tensor.Natives;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the files of a model directory mean, where config.json alone does not say. */
class LlamaCheckpointTest {

    @TempDir
    private Path directory;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static Path plain() throws Exception {
        return Path.of(Objects.requireNonNull(LlamaCheckpointTest.class.getResource("plain"))
                .toURI());
    }

    /** The tied model {@code plain} with an lm_head.weight of its own: the embedding's rows, moved by some. */
    private void writeWithHead(int moved) throws Exception {
        Files.copy(plain().resolve("config.json"), directory.resolve("config.json"));
        try (SafeTensors file = SafeTensors.open(plain().resolve("model.safetensors"));
                PointerScope _ = new PointerScope()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (String name : file.entries().keySet()) {
                tensors.put(name, file.tensor(name));
            }
            tensors.put(Parameter.HEAD, tensors.get(Parameter.EMBEDDING).roll(new long[] {-moved}, 0));
            SafeTensorsWriter.write(directory.resolve("model.safetensors"), tensors, Map.of("format", "pt"));
        }
    }

    private static float[] logits(Path directory) {
        float[][] found = new float[1][];
        try (Llama model = Llama.load(directory, Optional.empty(), "cpu");
                Engine engine = new Engine(model, Engine.Limits.of(model, 1, 1))) {
            Request.Continuation keep = row -> {
                found[0] = row.clone();
                return Request.Continuation.END;
            };
            engine.submit(new Request.Generate(new int[] {1, 2, 3}, List.of(keep), 10, Optional.empty()))
                    .await();
        }
        return found[0];
    }

    /** A head whose rows are the embedding's, moved by one, gives the tied model's logits, moved by one. */
    @Test
    void aHeadOfItsOwnIsUsedThoughConfigSaysTied() throws Exception {
        writeWithHead(1);
        float[] tied = logits(plain());
        float[] own = logits(directory);
        for (int id = 0; id < own.length; id++) {
            assertThat(own[id]).isEqualTo(tied[(id + 1) % tied.length]);
        }
        assertThat(LlamaCheckpoint.readConfig(directory).tie_word_embeddings()).isFalse();
        assertThat(LlamaConfig.read(directory.resolve("config.json")).tie_word_embeddings())
                .isTrue();
    }

    @Test
    void aCopyOfTheEmbeddingIsLeftOut() throws Exception {
        writeWithHead(0);
        assertThat(logits(directory)).isEqualTo(logits(plain()));
        assertThat(LlamaCheckpoint.readConfig(directory).tie_word_embeddings()).isTrue();
    }

    /** As transformers 5's {@code rope_scaling or rope_parameters}, with rope_theta inside going first. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            'rope_theta':1e4,'rope_parameters':{'rope_type':'default','rope_theta':5e5}                                | 500000 |
            'rope_theta':1e4,'rope_parameters':{'rope_type':'linear','factor':2}                                       | 10000  | 2
            'rope_theta':1e4,'rope_scaling':{},'rope_parameters':{'rope_type':'linear','factor':2,'rope_theta':7e4}    | 70000  | 2
            'rope_theta':1e4,'rope_scaling':{'type':'linear','factor':3},'rope_parameters':{'rope_theta':7e4}          | 10000  | 3
            'rope_scaling':{'rope_type':'linear','factor':3,'rope_theta':9e4}                                          | 90000  | 3
            'rope_theta':2e4,'rope_scaling':null,'rope_parameters':{}                                                  | 20000  |
            'rope_scaling':{'rope_type':'default'},'rope_parameters':{'rope_type':'linear','factor':2}                 | 10000  |
            """)
    void ropeKeys(String keys, double theta, Double factor) throws IOException {
        Path file = directory.resolve("config.json");
        Files.writeString(
                file,
                ("{'hidden_size':8,'intermediate_size':8,'num_hidden_layers':1,'num_attention_heads':1,'vocab_size':9,"
                                + keys + "}")
                        .replace('\'', '"'));
        LlamaConfig config = LlamaConfig.read(file);
        assertThat(config.rope_theta()).isEqualTo(theta);
        assertThat(config.rope_scaling())
                .isEqualTo(Optional.ofNullable(factor).map(LlamaConfig.RopeScaling.Linear::new));
    }

    /** A second object behind the first is a file that was written wrongly. */
    @Test
    void nothingMayFollowTheConfiguration() throws Exception {
        Path file = directory.resolve("config.json");
        Files.writeString(file, Files.readString(plain().resolve("config.json")).strip() + "}{");
        assertThatThrownBy(() -> LlamaConfig.read(file))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("config.json");
    }

    @Test
    void aGitLfsPointerSaysSo() throws Exception {
        Files.copy(plain().resolve("config.json"), directory.resolve("config.json"));
        Files.writeString(
                directory.resolve("model.safetensors"),
                "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n");
        assertThatThrownBy(() -> logits(directory))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(directory.resolve("model.safetensors")
                        + ": is a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'");
    }

    /** transformers 4.2x wrote RoPE's frequencies into shards without listing them. */
    @Test
    void frequenciesThatTheIndexDoesNotListAreLeftOut() throws Exception {
        Files.copy(plain().resolve("config.json"), directory.resolve("config.json"));
        StringBuilder index = new StringBuilder();
        try (SafeTensors file = SafeTensors.open(plain().resolve("model.safetensors"));
                PointerScope _ = new PointerScope()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (String name : file.entries().keySet()) {
                tensors.put(name, file.tensor(name));
                index.append(index.isEmpty() ? "" : ",")
                        .append('"')
                        .append(name)
                        .append("\":\"a.safetensors\"");
            }
            tensors.put("model.layers.0.self_attn.rotary_emb.inv_freq", tensors.get("model.norm.weight"));
            SafeTensorsWriter.write(directory.resolve("a.safetensors"), tensors, Map.of("format", "pt"));
        }
        Files.writeString(directory.resolve("model.safetensors.index.json"), "{\"weight_map\":{" + index + "}}");
        assertThat(logits(directory)).isEqualTo(logits(plain()));
    }
}
