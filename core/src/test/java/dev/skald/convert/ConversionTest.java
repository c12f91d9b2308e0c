package dev.skald.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import dev.skald.TinyGguf;
import dev.skald.TinyLlama;
import dev.skald.gguf.Gguf;
import dev.skald.gguf.GgufTensor;
import dev.skald.model.LlamaConfig;
import dev.skald.model.Parameter;
import dev.skald.model.SafeTensors;
import dev.skald.model.WeightRows;
import dev.skald.tensor.Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConversionTest {

    @TempDir
    private Path folder;

    /** Against {@link TinyGguf}, which puts a file together by itself. */
    @Test
    void tensorsAreThoseOfLlamaCppsConverter() throws IOException {
        TinyLlama tiny = TinyLlama.random(1);
        Path expected = TinyGguf.of(tiny).write(folder.resolve("expected.gguf"));
        Path written = convert(tiny.write(folder.resolve("model")), "model.gguf", Optional.empty());
        try (Gguf a = Gguf.open(expected);
                Gguf b = Gguf.open(written)) {
            assertThat(b.tensors().keySet()).isEqualTo(a.tensors().keySet());
            for (GgufTensor tensor : a.tensors().values()) {
                GgufTensor other = b.tensors().get(tensor.name());
                assertThat(other.shape()).as(tensor.name()).isEqualTo(tensor.shape());
                assertThat(other.bytes().mismatch(tensor.bytes()))
                        .as(tensor.name())
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void aModelThereAndBackIsTheSame() throws IOException {
        Path first = convert(TinyLlama.random(2).write(folder.resolve("model")), "first", Optional.of(Preset.BF16));
        Path gguf = convert(first, "model.gguf", Optional.of(Preset.BF16));
        Path second = convert(gguf, "second", Optional.of(Preset.BF16));
        try (SafeTensors a = SafeTensors.open(first.resolve("model.safetensors"));
                SafeTensors b = SafeTensors.open(second.resolve("model.safetensors"))) {
            assertThat(b.entries()).isEqualTo(a.entries());
            for (String name : a.entries().keySet()) {
                assertThat(b.bytes(name).orElseThrow().mismatch(a.bytes(name).orElseThrow()))
                        .as(name)
                        .isEqualTo(-1);
            }
        }
        assertThat(LlamaConfig.read(second.resolve("config.json")))
                .isEqualTo(LlamaConfig.read(first.resolve("config.json")));
        try (Stream<Path> files = Files.list(second)) {
            assertThat(files.map(each -> each.getFileName().toString()))
                    .contains("tokenizer.json", "tokenizer_config.json", "generation_config.json");
        }
    }

    @Test
    void blocksOfAGgufFileStayAsTheyAre() throws IOException {
        Path model = TinyLlama.random(3).write(folder.resolve("model"));
        Path quantised = convert(model, "q8.gguf", Optional.of(Preset.Q8_0));
        Path copy = convert(quantised, "copy.gguf", Optional.empty());
        assertThat(copy).hasSameBinaryContentAs(quantised);
        Conversion.Options again = new Conversion.Options(Conversion.Target.GGUF, Optional.of(Preset.Q4_0), false);
        try (Conversion conversion = Conversion.open(quantised, folder.resolve("q4.gguf"), again)) {
            assertThat(conversion.warnings()).anyMatch(line -> line.contains("is quantised (Q8_0 and so on)"));
        }
    }

    /** Rows of 48 are no blocks of 32. */
    @Test
    void rowsThatAreNoBlocksGetALargerFormat() throws IOException {
        Path model = TinyLlama.random(3).write(folder.resolve("model"));
        try (WeightRows rows = WeightRows.open(convert(model, "q.gguf", Optional.of(Preset.Q4_K_M)))) {
            TreeMap<String, Format> formats = new TreeMap<>();
            Parameter.of(rows.config()).forEach(each -> formats.put(each.name(), rows.format(each)));
            assertThat(formats)
                    .containsEntry("model.layers.0.mlp.down_proj.weight", Format.F16)
                    .containsEntry("model.layers.0.mlp.up_proj.weight", Format.Q5_0)
                    .containsEntry("model.layers.1.self_attn.v_proj.weight", Format.Q8_0)
                    .containsEntry("model.norm.weight", Format.F32)
                    .containsEntry("lm_head.weight", Format.Q8_0);
        }
    }

    @Test
    void llama3ScalingIsATensor() throws IOException {
        TinyLlama tiny = TinyLlama.random(1);
        tiny.config()
                .putObject("rope_scaling")
                .put("rope_type", "llama3")
                .put("factor", 8)
                .put("low_freq_factor", 1)
                .put("high_freq_factor", 4)
                .put("original_max_position_embeddings", 8192);
        tiny.config().put("rope_theta", 500000.0);
        Path file = convert(tiny.write(folder.resolve("model")), "m.gguf", Optional.empty());
        try (WeightRows rows = WeightRows.open(file)) {
            assertThat(rows.config().rope_scaling()).contains(new LlamaConfig.RopeScaling.Llama3(8, 1, 4, 8192));
        }
        try (Gguf gguf = Gguf.open(file)) {
            // For base 500000 and 8 elements; by llama.cpp's converter, as in GgufLlamaTest.
            assertThat(gguf.tensors().get("rope_freqs.weight").shape()).containsExactly(4L);
        }
    }

    @Test
    void progressIsOfTheBytesThatAreWritten() throws IOException {
        Path model = TinyLlama.random(1).write(folder.resolve("model"));
        AtomicLong bytes = new AtomicLong();
        try (Conversion conversion = Conversion.open(
                model,
                folder.resolve("m.gguf"),
                new Conversion.Options(Conversion.Target.GGUF, Optional.empty(), false))) {
            conversion.write(bytes::addAndGet);
            assertThat(Files.size(folder.resolve("m.gguf"))).isEqualTo(conversion.bytes());
            assertThat(bytes.get()).isBetween(conversion.bytes() - 20_000, conversion.bytes());
        }
    }

    @Test
    void whatIsThereStaysUnlessItMayGo() throws IOException {
        Path model = TinyLlama.random(1).write(folder.resolve("model"));
        Path written = convert(model, "m.gguf", Optional.empty());
        assertThatThrownBy(() -> convert(model, "m.gguf", Optional.empty()))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(written + ": is there already; --overwrite replaces it");
        assertThatThrownBy(() -> convert(model, "model", Optional.of(Preset.BF16)))
                .hasMessageContaining("is there already");
        Conversion.Options replacing = new Conversion.Options(Conversion.Target.HF, Optional.of(Preset.BF16), true);
        try (Conversion conversion = Conversion.open(written, folder.resolve("model"), replacing)) {
            conversion.write(done -> {});
        }
        assertThat(LlamaConfig.read(model.resolve("config.json"))
                        .torch_dtype()
                        .orElseThrow()
                        .name())
                .isEqualTo("BF16");
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.map(each -> each.getFileName().toString())).containsExactlyInAnyOrder("model", "m.gguf");
        }
    }

    @Test
    void whatTheTargetCannotHaveIsRefused() throws IOException {
        Path model = TinyLlama.random(1).write(folder.resolve("model"));
        assertThatThrownBy(() -> convert(model, "dir", Optional.of(Preset.Q8_0)))
                .hasMessage("a Hugging Face directory has no q8_0, expected f32, f16 or bf16");
        assertThatThrownBy(() -> Conversion.open(
                        model,
                        folder.resolve("m"),
                        new Conversion.Options(Conversion.Target.GGUF, Optional.empty(), false)))
                .hasMessageContaining("expected a name that ends in .gguf");
        TinyLlama large = TinyLlama.random(1);
        large.tensors().get("model.layers.1.mlp.up_proj.weight").values()[5] = 1e6f;
        Path huge = large.write(folder.resolve("large"));
        assertThatThrownBy(() -> convert(huge, "large.gguf", Optional.of(Preset.F16)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("tensor 'model.layers.1.mlp.up_proj.weight' has 1000000.0, which F16 cannot say");
        large.tensors().get("model.layers.1.mlp.up_proj.weight").values()[5] = Float.NaN;
        Path broken = large.write(folder.resolve("broken"));
        assertThatThrownBy(() -> convert(broken, "large.gguf", Optional.of(Preset.Q8_0)))
                .hasMessageContaining("has NaN, which Q8_0 cannot say");
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.map(each -> each.getFileName().toString())).noneMatch(name -> name.contains("gguf"));
        }
    }

    @Test
    void halfOfTheLayersOfAMixHaveMoreBits() {
        assertThat(more(16)).isEqualTo(List.of(0, 1, 4, 7, 10, 13, 14, 15));
        assertThat(more(28)).isEqualTo(List.of(0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27));
        assertThat(more(32)).isEqualTo(List.of(0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31));
    }

    /** Layers whose v_proj and down_proj have Q6_K; those of 1B, 3B and 8B are what llama.cpp's quantiser makes of these models. */
    private static List<Integer> more(int layers) {
        LlamaConfig config = new LlamaConfig(
                256,
                256,
                layers,
                4,
                2,
                64,
                16,
                64,
                1e-5,
                1e4,
                Optional.empty(),
                true,
                Optional.empty(),
                List.of(),
                Optional.empty());
        List<Integer> found = Parameter.of(config).stream()
                .filter(each -> each.name().endsWith("v_proj.weight"))
                .filter(each -> Preset.Q4_K_M.of(each, config) == Format.Q6_K)
                .map(each -> Integer.parseInt(each.name().split("\\.", 4)[2]))
                .toList();
        List<Integer> down = Parameter.of(config).stream()
                .filter(each -> each.name().endsWith("down_proj.weight"))
                .filter(each -> Preset.Q5_K_M.of(each, config) == Format.Q6_K)
                .map(each -> Integer.parseInt(each.name().split("\\.", 4)[2]))
                .toList();
        assertThat(down).isEqualTo(found);
        return found;
    }

    private Path convert(Path model, String name, Optional<Preset> preset) throws IOException {
        Path out = folder.resolve(name);
        Conversion.Target target = name.endsWith(".gguf") ? Conversion.Target.GGUF : Conversion.Target.HF;
        try (Conversion conversion = Conversion.open(model, out, new Conversion.Options(target, preset, false))) {
            conversion.write(done -> {});
        }
        return out;
    }
}
