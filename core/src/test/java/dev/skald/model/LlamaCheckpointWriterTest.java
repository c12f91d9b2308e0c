package dev.skald.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import dev.skald.tensor.TensorMemory;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is written is what was read: tensors bit by bit, configuration and the files beside them. */
class LlamaCheckpointWriterTest {

    @TempDir
    private Path directory;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    @ParameterizedTest
    @CsvSource({"llama3, 1000000, 1", "llama3, 20000, 6", "llama3, 1, 21", "linear, 30000, 3", "half, 1000000, 1"})
    void roundTrip(String name, long shardBytes, int shards) throws Exception {
        Path source = Path.of(
                Objects.requireNonNull(LlamaGoldenTest.class.getResource(name)).toURI());
        Path target = directory.resolve("new/checkpoint");
        try (LlamaCheckpoint read = LlamaCheckpoint.open(source, Optional.empty(), DeviceType.CPU)) {
            LlamaCheckpointWriter.write(
                    target,
                    read.config(),
                    read.tensors(),
                    LlamaCheckpointWriter.companions(source, source),
                    shardBytes);
            try (LlamaCheckpoint again = LlamaCheckpoint.open(target, Optional.empty(), DeviceType.CPU)) {
                assertThat(again.config()).isEqualTo(read.config());
                assertThat(again.dtype()).isEqualTo(read.dtype());
                for (int i = 0; i < read.tensors().size(); i++) {
                    Tensor expected = read.tensors().get(i);
                    assertThat(TensorMemory.of(again.tensors().get(i)).mismatch(TensorMemory.of(expected)))
                            .isEqualTo(-1);
                }
            }
        }
        assertThat(safetensors(target)).hasSize(shards);
        assertThat(Files.exists(target.resolve("model.safetensors"))).isEqualTo(shards == 1);
        assertThat(Files.exists(target.resolve("model.safetensors.index.json"))).isEqualTo(shards > 1);
        if (shards > 1) {
            JsonNode index = new ObjectMapper()
                    .readTree(target.resolve("model.safetensors.index.json").toFile());
            long bytes = 0;
            for (Path shard : safetensors(target)) {
                assertThat(shard.getFileName().toString()).matches("model-\\d{5}-of-\\d{5}\\.safetensors");
                try (SafeTensors opened = SafeTensors.open(shard)) {
                    assertThat(opened.metadata()).containsEntry("format", "pt");
                    bytes += opened.entries().values().stream()
                            .mapToLong(entry -> entry.end() - entry.begin())
                            .sum();
                }
            }
            assertThat(index.get("metadata").get("total_size").longValue()).isEqualTo(bytes);
        }
        assertThat(list(target.getParent())).containsExactly(target);
    }

    @Test
    void theFilesBesideTheWeightsAreCopied() throws IOException {
        TinyLlama tiny = TinyLlama.random(1);
        tiny.generation().put("temperature", 0.25).put("transformers_version", "4.40.0");
        Path source = tiny.write(directory.resolve("source"));
        Path target = directory.resolve("target");
        try (LlamaCheckpoint read = LlamaCheckpoint.open(source, Optional.empty(), DeviceType.CPU)) {
            LlamaCheckpointWriter.write(
                    target, read.config(), read.tensors(), LlamaCheckpointWriter.companions(source, source), 1 << 20);
            for (String name : List.of("tokenizer.json", "tokenizer_config.json", "generation_config.json")) {
                assertThat(target.resolve(name)).hasSameBinaryContentAs(source.resolve(name));
            }
            Path without = directory.resolve("without");
            LlamaCheckpointWriter.write(without, read.config(), read.tensors(), Map.of(), 1 << 20);
            JsonNode generation = new ObjectMapper()
                    .readTree(without.resolve("generation_config.json").toFile());
            assertThat(generation.get("eos_token_id").intValue()).isEqualTo(TinyLlama.EOS);
            assertThat(generation.get("bos_token_id").intValue()).isEqualTo(TinyLlama.BOS);
            assertThat(list(without))
                    .extracting(file -> file.getFileName().toString())
                    .containsExactly("config.json", "generation_config.json", "model.safetensors");
        }
    }

    @Test
    void aTokenizerOfAnotherPlaceIsCopiedWithWhatLiesBesideIt() throws IOException {
        TinyLlama tiny = TinyLlama.random(1);
        tiny.generation().put("temperature", 0.25);
        Path model = tiny.write(directory.resolve("model"));
        Path other = Files.createDirectory(directory.resolve("other"));
        for (String name : List.of("words.json", "tokenizer_config.json", "generation_config.json", "config.json")) {
            Files.writeString(other.resolve(name), name);
        }
        assertThat(LlamaCheckpointWriter.companions(model, other.resolve("words.json")))
                .isEqualTo(Map.of(
                        "tokenizer.json", other.resolve("words.json"),
                        "tokenizer_config.json", other.resolve("tokenizer_config.json"),
                        "generation_config.json", model.resolve("generation_config.json")));
        assertThat(LlamaCheckpointWriter.companions(model, other))
                .containsOnlyKeys("tokenizer_config.json", "generation_config.json");
        Path target = directory.resolve("target");
        try (LlamaCheckpoint read = LlamaCheckpoint.open(model, Optional.empty(), DeviceType.CPU)) {
            LlamaCheckpointWriter.write(
                    target,
                    read.config(),
                    read.tensors(),
                    LlamaCheckpointWriter.companions(model, other.resolve("words.json")),
                    1 << 20);
        }
        assertThat(target.resolve("tokenizer.json")).hasContent("words.json");
    }

    @Test
    void whatIsThereIsNotTouched() throws IOException {
        Path source = TinyLlama.random(1).write(directory.resolve("source"));
        Path target = Files.createDirectory(directory.resolve("target"));
        try (LlamaCheckpoint read = LlamaCheckpoint.open(source, Optional.empty(), DeviceType.CPU)) {
            assertThatThrownBy(
                            () -> LlamaCheckpointWriter.write(target, read.config(), read.tensors(), Map.of(), 1 << 20))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("is there already");
        }
        assertThat(list(target)).isEmpty();
    }

    /** The second shard cannot be written: its dtype is none of a checkpoint's. */
    @Test
    void afterAFailureNothingIsLeft() throws IOException {
        Path source = TinyLlama.random(1).write(directory.resolve("source"));
        try (LlamaCheckpoint read = LlamaCheckpoint.open(source, Optional.empty(), DeviceType.CPU);
                Tensor wrong = torch.zeros(new long[] {4}).to(ScalarType.Long)) {
            List<Tensor> tensors = new ArrayList<>(read.tensors());
            tensors.set(5, wrong);
            assertThatThrownBy(() -> LlamaCheckpointWriter.write(
                            directory.resolve("target"), read.config(), tensors, Map.of(), 1))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> LlamaCheckpointWriter.write(
                            directory.resolve("target"), read.config(), tensors.subList(0, 3), Map.of(), 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("3 tensors");
        }
        assertThat(list(directory)).containsExactly(source);
    }

    /** A full disk, where there is a device that plays one; elsewhere a directory in the way. */
    @Test
    void anErrorNamesTheFile() throws IOException {
        Path source = TinyLlama.random(1).write(directory.resolve("source"));
        Path target = Files.createDirectory(directory.resolve("target"));
        Path full = Path.of("/dev/full");
        Files.createSymbolicLink(target.resolve("model.safetensors"), Files.exists(full) ? full : directory);
        try (LlamaCheckpoint read = LlamaCheckpoint.open(source, Optional.empty(), DeviceType.CPU)) {
            assertThatThrownBy(() ->
                            LlamaCheckpointWriter.writeInto(target, read.config(), read.tensors(), Map.of(), 1 << 20))
                    .isInstanceOf(FileSystemException.class)
                    .hasMessageContaining(target.resolve("model.safetensors").toString());
        }
    }

    @Test
    void tensorsThatLieOtherwiseInMemoryAreWrittenRowByRow() throws IOException {
        Path file = directory.resolve("transposed.safetensors");
        try (Tensor square = torch.arange(new org.bytedeco.pytorch.Scalar(6)).to(ScalarType.Float);
                Tensor transposed = square.view(2, 3).t()) {
            SafeTensorsWriter.write(file, java.util.Map.of("a", transposed), java.util.Map.of());
        }
        try (SafeTensors opened = SafeTensors.open(file)) {
            assertThat(opened.entries().get("a").shape()).containsExactly(3L, 2L);
            assertThat(opened.bytes("a").orElseThrow().toArray(java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED))
                    .containsExactly(0, 3, 1, 4, 2, 5);
            assertThat(DType.parse(opened.entries().get("a").dtype(), "")).isEqualTo(DType.F32);
        }
    }

    private static List<Path> safetensors(Path directory) throws IOException {
        return list(directory).stream()
                .filter(file -> file.toString().endsWith(".safetensors"))
                .toList();
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }
}
