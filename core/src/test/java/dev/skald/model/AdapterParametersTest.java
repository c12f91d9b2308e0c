package dev.skald.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.cache.KvBlocks;
import dev.skald.cache.KvSequence;
import dev.skald.kernel.AtenKernels;
import dev.skald.kernel.Kernels;
import dev.skald.kernel.VectorKernels;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters: their gradients against autograd over the merged weights, their files, and merging. */
class AdapterParametersTest {

    private static final double SCALE = 1.0 / 32;
    private static final String Q = "self_attn.q_proj";

    @TempDir
    private Path directory;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static AdapterConfig adapter(double dropout, List<String> targets, List<String> saved) {
        return new AdapterConfig(
                4,
                6,
                dropout,
                targets,
                Optional.empty(),
                List.of(),
                List.of(),
                Map.of("k_proj", 2),
                Map.of("layers.1.mlp.up_proj", 12.0),
                false,
                saved,
                null);
    }

    private static AdapterConfig allLinear(double dropout) {
        return adapter(dropout, AdapterConfig.LINEAR, List.of("lm_head"));
    }

    private Path base() throws IOException {
        Path target = directory.resolve("base");
        return Files.exists(target) ? target : TinyLlama.random(3).write(target);
    }

    private static PackedRows rows() {
        Random random = new Random(5);
        int[] ids = random.ints(37, 0, 256).toArray();
        int[] targets = random.ints(37, 0, 256).toArray();
        int[] positions = new int[37];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = i < 20 ? i : i - 20;
            targets[i] = i % 3 == 0 ? PackedRows.NOT_PREDICTED : targets[i];
        }
        return new PackedRows(ids, targets, positions, new int[] {0, 20});
    }

    /** A model, an adapter whose B is not zero, and the passes over them. */
    private final class Setup implements AutoCloseable {
        private final LlamaCheckpoint checkpoint;
        private final AdapterParameters adapter;
        private final Tensor gradients;
        private final List<Parameter> completed = new ArrayList<>();
        private final Gradients sink = new Gradients() {
            @Override
            public Tensor of(Parameter p) {
                return gradients.narrow(0, p.offset(), p.numel()).view(p.shape());
            }

            @Override
            public void complete(Parameter parameter) {
                completed.add(parameter);
            }
        };

        Setup(AdapterConfig config, DType dtype) throws IOException {
            checkpoint = LlamaCheckpoint.openAs(base(), dtype, DeviceType.CPU);
            adapter = new AdapterParameters(
                    checkpoint.config(), config, new BaseWeights(checkpoint), dtype, DeviceType.CPU);
            adapter.initialize(7);
            gradients = torch.zeros(adapter.flat().numel());
        }

        Setup learned() {
            torch.manual_seed(9);
            for (Parameter parameter : adapter.list()) {
                if (parameter.name().contains("lora_B")) {
                    adapter.view(parameter).copy_(torch.randn(parameter.shape()).mul_(new Scalar(0.2)));
                }
            }
            return this;
        }

        TrainableLlama passes(boolean vector, boolean checkpointing) {
            Kernels kernels = vector ? new VectorKernels() : new AtenKernels();
            return new TrainableLlama(checkpoint.config(), adapter, DeviceType.CPU, kernels, checkpointing);
        }

        @Override
        public void close() {
            adapter.close();
            checkpoint.close();
        }
    }

    /** By the chain rule from the gradient G of the merged weight, which is autograd's: that of B is s G A^T, that of A s B^T G. */
    @ParameterizedTest
    @CsvSource({"F32,true,1e-5", "F32,false,1e-5", "BF16,true,0.06", "BF16,false,0.06"})
    void gradientsEqualAutograd(DType dtype, boolean vector, double tolerance) throws IOException {
        try (PointerScope _ = new PointerScope();
                Setup setup = new Setup(allLinear(0), dtype).learned()) {
            LlamaConfig config = setup.checkpoint.config();
            LlamaParameters merged = new LlamaParameters(config, DType.F32, DeviceType.CPU);
            for (Parameter parameter : merged.list()) {
                merged.view(parameter).copy_(setup.adapter.weight(parameter));
                setup.adapter.difference(parameter).ifPresent(merged.view(parameter)::add_);
            }
            AutogradLlama expected = new AutogradLlama(config, merged, rows(), SCALE);
            try (TrainableLlama passes = setup.passes(vector, false)) {
                double loss = passes.forwardBackward(rows(), SCALE, setup.sink);
                assertThat(loss).isCloseTo(expected.loss, offset(tolerance / 10 * expected.loss));
            }
            for (Parameter parameter : merged.list()) {
                Tensor gradient = expected.leaves.get(parameter.index()).grad();
                String module = parameter.name().replaceFirst("\\.weight$", "");
                if (parameter.name().equals(Parameter.HEAD)) {
                    assertNear(setup, "base_model.model.lm_head.weight", gradient, tolerance);
                } else if (parameter.name().endsWith("_proj.weight")) {
                    Tensor a = view(setup, module, "A");
                    Tensor b = view(setup, module, "B");
                    Scalar scale = new Scalar(setup.adapter.config().scale(module));
                    assertNear(setup, name(module, "B"), gradient.mm(a.t()).mul_(scale), tolerance);
                    assertNear(setup, name(module, "A"), b.t().mm(gradient).mul_(scale), tolerance);
                }
            }
            assertThat(setup.completed).isEqualTo(setup.adapter.list().reversed());
            merged.close();
        }
    }

    private static String name(String module, String which) {
        return "base_model.model." + module + ".lora_" + which + ".weight";
    }

    private static Parameter parameter(Setup setup, String name) {
        return setup.adapter.list().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Tensor view(Setup setup, String module, String which) {
        return setup.adapter.view(parameter(setup, name(module, which))).to(torch.ScalarType.Float);
    }

    private static void assertNear(Setup setup, String name, Tensor expected, double tolerance) {
        Tensor actual = setup.sink.of(parameter(setup, name));
        double distance =
                actual.sub(expected).norm().item_double() / expected.norm().item_double();
        assertThat(distance).as(name).isLessThan(tolerance);
    }

    /** B is zero: nothing is added, so that A has no gradient, and every bit is the base model's. */
    @ParameterizedTest
    @ValueSource(strings = {"F32", "BF16"})
    void anAdapterThatHasLearnedNothingChangesNoBit(DType dtype) throws IOException {
        try (PointerScope _ = new PointerScope();
                Setup setup = new Setup(adapter(0, AdapterConfig.LINEAR, List.of()), dtype);
                LlamaParameters plain = new LlamaParameters(setup.checkpoint.config(), dtype, DeviceType.CPU)) {
            plain.copyFrom(setup.checkpoint.tensors());
            try (TrainableLlama passes = setup.passes(true, false);
                    TrainableLlama whole = new TrainableLlama(
                            setup.checkpoint.config(), plain, DeviceType.CPU, new VectorKernels(), false)) {
                assertThat(passes.losses(rows())).isEqualTo(whole.losses(rows()));
                passes.forwardBackward(rows(), SCALE, setup.sink);
            }
            for (Parameter parameter : setup.adapter.list()) {
                double norm = setup.sink.of(parameter).norm().item_double();
                if (parameter.name().contains("lora_A")) {
                    assertThat(norm).as(parameter.name()).isZero();
                } else {
                    assertThat(norm).as(parameter.name()).isPositive();
                }
            }
        }
    }

    /** The same seed drops the same elements, with blocks run again or not, and the gradient is that of what was dropped. */
    @Test
    void dropoutIsTheSameInBothPassesAndItsSlopeTheGradient() throws IOException {
        try (PointerScope _ = new PointerScope();
                Setup setup = new Setup(allLinear(0.3), DType.F32).learned();
                TrainableLlama passes = setup.passes(true, false);
                TrainableLlama again = setup.passes(true, true)) {
            setup.adapter.begin(42);
            double loss = passes.forwardBackward(rows(), 1, setup.sink);
            Tensor first = setup.gradients.clone();
            setup.gradients.zero_();
            assertThat(again.forwardBackward(rows(), 1, setup.sink)).isEqualTo(loss);
            assertThat(setup.gradients.equal(first)).isTrue();
            torch.manual_seed(3);
            Tensor direction = torch.randn_like(setup.adapter.flat());
            double h = 1e-3;
            setup.adapter.flat().add_(direction, new Scalar(h));
            double above = passes.loss(rows());
            setup.adapter.flat().add_(direction, new Scalar(-2 * h));
            double below = passes.loss(rows());
            double slope = direction.dot(first).item_double();
            assertThat((above - below) / (2 * h)).isCloseTo(slope, offset(0.01 * Math.abs(slope) + 0.1));
            setup.adapter.begin(43);
            assertThat(passes.loss(rows())).isNotEqualTo(below);
            setup.adapter.end();
            double without = passes.loss(rows());
            assertThat(passes.loss(rows())).isEqualTo(without);
        }
    }

    @Test
    void theFilesAreReadAsTheyWereWritten() throws IOException {
        Path files = Files.createDirectory(directory.resolve("adapter"));
        try (PointerScope _ = new PointerScope();
                Setup setup = new Setup(allLinear(0.1), DType.F32).learned()) {
            setup.adapter.write(files, setup.adapter::view, Optional.empty());
            assertThat(AdapterConfig.read(files)).isEqualTo(setup.adapter.config());
            try (AdapterParameters read = AdapterParameters.load(files, setup.checkpoint, DeviceType.CPU)) {
                assertThat(read.flat().equal(setup.adapter.flat())).isTrue();
            }
        }
    }

    /** In f32 to rounding of sums; of bf16 weights only what a bf16 sum can hold is left of small differences. */
    @Test
    void theMergedModelIsTheModelWithItsAdapter() throws IOException {
        Path files = Files.createDirectory(directory.resolve("adapter"));
        Path merged = directory.resolve("merged");
        try (PointerScope _ = new PointerScope();
                Setup setup = new Setup(allLinear(0), DType.F32).learned()) {
            setup.adapter.write(files, setup.adapter::view, Optional.empty());
            AdapterMerge.Outcome outcome = AdapterMerge.write(base(), files, merged, _ -> {});
            assertThat(outcome.changed()).isGreaterThan(outcome.touched() * 9 / 10);
            try (LlamaCheckpoint read = LlamaCheckpoint.open(merged, Optional.empty(), DeviceType.CPU);
                    LlamaParameters parameters = new LlamaParameters(read.config(), DType.F32, DeviceType.CPU);
                    TrainableLlama with = setup.passes(true, false);
                    TrainableLlama whole =
                            new TrainableLlama(read.config(), parameters, DeviceType.CPU, new VectorKernels(), false)) {
                parameters.copyFrom(read.tensors());
                double expected = with.loss(rows());
                assertThat(whole.loss(rows())).isCloseTo(expected, offset(1e-5 * expected));
                for (Parameter parameter : parameters.list()) {
                    Tensor sum = setup.adapter
                            .difference(parameter)
                            .map(each -> each.add_(setup.checkpoint.tensor(parameter)))
                            .orElseGet(() -> setup.adapter.weight(parameter));
                    assertThat(parameters.view(parameter).equal(sum))
                            .as(parameter.name())
                            .isTrue();
                }
            }
        }
        assertThat(merged.resolve("config.json")).exists();
        assertThat(merged.resolve("tokenizer.json")).exists();
        assertThatThrownBy(() -> AdapterMerge.write(base(), files, merged, _ -> {}))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("is there already");
    }

    /** Merged and not, on the engine's path: in f32 what the order of sums changes, in bf16 what one rounding of each weight and activation does. */
    @ParameterizedTest
    @CsvSource({"F32, 1e-5", "BF16, 0.05"})
    void logitsOfTheMergedModelAreThoseOfTheAdapter(DType dtype, double tolerance) throws IOException {
        Path files = Files.createDirectory(directory.resolve("adapter"));
        Path merged = directory.resolve("merged");
        Path base = Files.createDirectory(directory.resolve("base-" + dtype));
        try (LlamaCheckpoint read = LlamaCheckpoint.openAs(base(), dtype, DeviceType.CPU)) {
            Map<String, Path> companions = LlamaCheckpointWriter.companions(base(), base());
            LlamaCheckpointWriter.writeInto(
                    base, read.config(), read::tensor, companions, LlamaCheckpointWriter.DEFAULT_SHARD_BYTES);
        }
        try (Setup setup = new Setup(adapter(0, AdapterConfig.LINEAR, List.of()), DType.F32).learned()) {
            setup.adapter.write(files, setup.adapter::view, Optional.empty());
        }
        AdapterMerge.write(base, files, merged, _ -> {});
        try (PointerScope _ = new PointerScope();
                Llama beside = Llama.load(base, Optional.of(files), Optional.empty(), "cpu");
                Llama one = Llama.load(merged, Optional.empty(), "cpu")) {
            assertThat(one.config().torch_dtype()).contains(dtype);
            Tensor expected = logits(beside);
            double difference = logits(one).sub(expected).abs().max().item_double();
            double largest = expected.abs().max().item_double();
            assertThat(difference / largest).isLessThan(tolerance);
        }
    }

    private static Tensor logits(Llama model) {
        KvBlocks pool = model.newCaches(4);
        KvSequence cache = pool.newSequence();
        cache.reserve(37);
        Tensor logits = model.logits(model.hidden(List.of(new Llama.Span(rows().ids(), cache, false))));
        cache.close();
        pool.close();
        return logits;
    }

    /** The same weights in other files have the same fingerprint, others have another; an adapter of PEFT's says nothing. */
    @Test
    void anAdapterKnowsItsBase() throws IOException {
        Path files = Files.createDirectory(directory.resolve("adapter"));
        Path other = TinyLlama.random(4).write(directory.resolve("other"));
        try (Setup setup = new Setup(allLinear(0), DType.F32)) {
            setup.adapter.write(files, setup.adapter::view, Optional.empty());
            assertThat(ModelFingerprint.difference(files, other)).isEmpty();
            setup.adapter.write(files, setup.adapter::view, Optional.of(ModelFingerprint.of(base())));
        }
        assertThat(ModelFingerprint.difference(files, base())).isEmpty();
        assertThat(ModelFingerprint.difference(files, other).orElseThrow())
                .contains("was learned beside other weights than those of " + other);
        Path sharded = directory.resolve("sharded");
        Files.createDirectory(sharded);
        try (LlamaCheckpoint read = LlamaCheckpoint.open(base(), Optional.empty(), DeviceType.CPU)) {
            LlamaCheckpointWriter.writeInto(sharded, read.config(), read::tensor, Map.of(), 20_000);
        }
        assertThat(sharded.resolve("model.safetensors.index.json")).exists();
        assertThat(ModelFingerprint.of(sharded)).isEqualTo(ModelFingerprint.of(base()));
    }

    @Test
    void aWrongAdapterIsNamed() throws IOException {
        assertThatThrownBy(() -> new Setup(adapter(0, List.of("query"), List.of()), DType.F32))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("target_modules [query] match no module; there are down_proj, embed_tokens");
        assertThatThrownBy(() -> new Setup(adapter(0, List.of("q_proj", "w1"), List.of()), DType.F32))
                .hasMessageContaining("target module 'w1' is none that can have one");
        assertThatThrownBy(() -> new Setup(adapter(0, List.of("q_proj"), List.of("score")), DType.F32))
                .hasMessageContaining("modules_to_save: 'score' is no module here");

        Path files = Files.createDirectory(directory.resolve("adapter"));
        assertThatThrownBy(() -> AdapterConfig.read(files)).hasMessageContaining("has no adapter_config.json");
        for (String other : List.of(
                "\"peft_type\": \"LOHA\"",
                "\"use_dora\": true",
                "\"bias\": \"all\"",
                "\"trainable_token_indices\": [1]")) {
            Files.writeString(
                    files.resolve(AdapterConfig.FILE),
                    "{\"r\": 4, \"lora_alpha\": 6, \"target_modules\": [\"q_proj\"], " + other + "}");
            assertThatThrownBy(() -> AdapterConfig.read(files)).hasMessageContaining("only plain LoRA is read");
        }
        try (Setup setup = new Setup(adapter(0, List.of(Q), List.of()), DType.F32);
                Setup larger = new Setup(
                        new AdapterConfig(
                                8,
                                6,
                                0,
                                List.of("q_proj"),
                                Optional.empty(),
                                List.of(),
                                List.of(),
                                Map.of(),
                                Map.of(),
                                false,
                                List.of(),
                                null),
                        DType.F32)) {
            setup.adapter.write(files, setup.adapter::view, Optional.empty());
            assertThatThrownBy(() -> larger.adapter.copyFrom(files))
                    .hasMessageContaining(
                            "lora_A.weight' has shape [4, 32], the base model and adapter_config.json ask for [8, 32]");
        }
    }

    @Test
    void modulesAreChosenAsPeftDoes() {
        AdapterConfig some = new AdapterConfig(
                4,
                8,
                0,
                List.of(),
                Optional.of(".*layers\\.[02]\\.self_attn\\.(q|v)_proj"),
                List.of(),
                List.of(),
                Map.of(),
                Map.of(),
                true,
                List.of(),
                null);
        assertThat(some.targets("model.layers.2.self_attn.v_proj")).isTrue();
        assertThat(some.targets("model.layers.1.self_attn.v_proj")).isFalse();
        assertThat(some.scale("model.layers.0.self_attn.q_proj")).isEqualTo(8 / Math.sqrt(4));
        AdapterConfig layers = new AdapterConfig(
                4,
                8,
                0,
                List.of("all-linear"),
                Optional.empty(),
                List.of("o_proj"),
                List.of(1),
                Map.of("up_proj", 16),
                Map.of(),
                false,
                List.of(),
                null);
        assertThat(layers.targets("model.layers.1.mlp.up_proj")).isTrue();
        assertThat(layers.targets("model.layers.0.mlp.up_proj")).isFalse();
        assertThat(layers.targets("model.layers.1.self_attn.o_proj")).isFalse();
        assertThat(layers.rank("model.layers.1.mlp.up_proj")).isEqualTo(16);
        assertThat(layers.scale("model.layers.1.mlp.up_proj")).isEqualTo(0.5);
    }
}
