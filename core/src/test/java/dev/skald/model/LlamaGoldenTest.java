package dev.skald.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.cache.KvBlocks;
import dev.skald.cache.KvSequence;
import dev.skald.tensor.DType;
import dev.skald.tensor.Natives;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Logits against NumPy's in float64, on checkpoints that llama_golden.py wrote: {@code llama3} (f32, grouped queries, a head_dim of its own,
 * llama3 RoPE, shards, untied), {@code linear} (bf16, linear RoPE, one key-value head, tied), {@code plain} (f32, no groups, tied) and {@code
 * half} (f16). Prompts of 1 to 600 tokens cross the boundaries of the cache's blocks.
 */
class LlamaGoldenTest {

    /** Four times what NumPy loses in float32 on these models (llama_golden.json's f32_error, at most 9.4e-6): sums in another order. */
    private static final double F32_TOLERANCE = 4e-5;

    /** Blocks of keys and values, enough for all. */
    private static final int MANY = 1000;

    private static JsonNode golden;

    @BeforeAll
    static void load() throws IOException {
        Natives.load();
        try (InputStream in = LlamaGoldenTest.class.getResourceAsStream("llama_golden.json")) {
            golden = new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
    }

    /** Splits a prompt into the chunks that go through the model one after the other. */
    private interface Chunks {
        int size(int position);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama3", "linear", "plain", "half"})
    void wholePromptsInF32(String name) {
        try (Llama model = load(name, Optional.of(DType.F32))) {
            assertThat(worst(model, name, at -> 600)).isLessThan(F32_TOLERANCE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama3", "linear"})
    void promptsInChunks(String name) {
        try (Llama model = load(name, Optional.of(DType.F32))) {
            assertThat(worst(model, name, at -> 100)).isLessThan(F32_TOLERANCE);
            assertThat(worst(model, name, at -> 1 + at % 256)).isLessThan(F32_TOLERANCE);
        }
    }

    @Test
    void promptsTokenByToken() {
        try (Llama model = load("llama3", Optional.empty())) {
            assertThat(worst(model, "llama3", at -> 1)).isLessThan(F32_TOLERANCE);
        }
    }

    /** transformers' own roundings to bf16 cost bf16_error; another order of sums and operations may cost as much again. */
    @ParameterizedTest
    @ValueSource(strings = {"llama3", "linear", "plain", "half"})
    void bf16LosesWhatTransformersLoses(String name) {
        double bound = 2 * golden.get(name).get("bf16_error").doubleValue();
        try (Llama model = load(name, Optional.of(DType.BF16))) {
            // Weights of the others are rounded too, once: as much as all of the activations at most.
            double worst = worst(model, name, at -> 600);
            assertThat(worst)
                    .isLessThan(name.equals("linear") ? bound : 2 * bound)
                    .isGreaterThan(1e-3);
            assertThat(worst(model, name, at -> at < 500 ? 250 : 1)).isLessThan(2 * bound);
        }
    }

    @Test
    void autoIsTheDTypeOfTheCheckpoint() {
        try (Llama f32 = load("llama3", Optional.empty());
                Llama bf16 = load("linear", Optional.empty());
                Llama f16 = load("half", Optional.empty())) {
            assertThat(f32.config().torch_dtype()).contains(DType.F32);
            assertThat(bf16.config().torch_dtype()).contains(DType.BF16);
            assertThat(f16.config().torch_dtype()).contains(DType.F32); // the CPU does not compute in f16
        }
    }

    @Test
    void promptsOfDifferentLengthsTogether() {
        try (Llama model = load("llama3", Optional.empty());
                KvBlocks caches = model.newCaches(MANY);
                PointerScope _ = new PointerScope()) {
            List<Llama.Span> batch = new ArrayList<>();
            List<JsonNode> prompts = new ArrayList<>();
            golden.get("llama3").get("prompts").forEach(prompts::add);
            prompts.sort(Comparator.comparingInt(prompt -> -prompt.get("ids").size())); // those of many rows come first
            for (JsonNode prompt : prompts) {
                batch.add(span(ids(prompt), caches.newSequence()));
            }
            Tensor logits = model.logits(model.hidden(batch));
            int row = 0;
            for (JsonNode prompt : prompts) {
                for (int i = 0; i < prompt.get("positions").size(); i++) {
                    int position = prompt.get("positions").get(i).intValue();
                    assertThat(distance(prompt.get("logits").get(i), logits, row + position))
                            .isLessThan(F32_TOLERANCE);
                }
                row += prompt.get("ids").size();
            }
            batch.forEach(segment -> segment.cache().close());
        }
    }

    /** One step of sequences that are at different positions, as when texts are generated together. */
    @Test
    void stepsOfDifferentLengthsTogether() {
        try (Llama model = load("plain", Optional.empty());
                KvBlocks caches = model.newCaches(MANY);
                PointerScope _ = new PointerScope()) {
            List<Llama.Span> last = new ArrayList<>();
            for (JsonNode prompt : golden.get("plain").get("prompts")) {
                int[] ids = ids(prompt);
                KvSequence cache = caches.newSequence();
                if (ids.length > 1) {
                    model.hidden(List.of(span(Arrays.copyOf(ids, ids.length - 1), cache)));
                }
                last.add(span(new int[] {ids[ids.length - 1]}, cache));
            }
            Tensor logits = model.logits(model.hidden(last));
            int row = 0;
            for (JsonNode prompt : golden.get("plain").get("prompts")) {
                JsonNode expected =
                        prompt.get("logits").get(prompt.get("logits").size() - 1);
                assertThat(distance(expected, logits, row++)).isLessThan(F32_TOLERANCE);
            }
            last.forEach(segment -> segment.cache().close());
        }
    }

    /** A sequence's logits are the same alone and among many others, bit for bit. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16"})
    void aSequenceDoesNotDependOnTheOthers(DType dtype) {
        try (Llama model = load("llama3", Optional.of(dtype));
                KvBlocks caches = model.newCaches(MANY);
                PointerScope _ = new PointerScope()) {
            List<Llama.Span> steps = new ArrayList<>();
            List<Tensor> alone = new ArrayList<>();
            for (int i = 0; i < 70; i++) {
                int[] next = {i % 61};
                int[] prompt = IntStream.range(0, 1 + i % 9).toArray();
                KvSequence cache = caches.newSequence();
                model.hidden(List.of(span(prompt, cache)));
                try (KvSequence fork = cache.fork()) {
                    alone.add(model.logits(model.hidden(List.of(span(next, fork)))));
                }
                steps.add(span(next, cache));
            }
            Tensor together = model.logits(model.hidden(steps));
            for (int i = 0; i < steps.size(); i++) {
                assertThat(together.narrow(0, i, 1).equal(alone.get(i)))
                        .as("sequence %d of %d", i, steps.size())
                        .isTrue();
                steps.get(i).cache().close();
            }
        }
    }

    /** A fork goes its own way: neither sees what the other adds, whether the last block is full, part full or new. */
    @Test
    void forkedCaches() {
        JsonNode prompt = golden.get("llama3").get("prompts").get(4);
        int[] ids = ids(prompt);
        try (Llama model = load("llama3", Optional.empty());
                KvBlocks caches = model.newCaches(MANY);
                PointerScope _ = new PointerScope()) {
            for (int fork : new int[] {1, 256, 300}) {
                KvSequence first = caches.newSequence();
                model.hidden(List.of(span(Arrays.copyOf(ids, fork), first)));
                KvSequence second = first.fork();
                int[] other = new int[ids.length - fork];
                Arrays.fill(other, 7);
                model.hidden(List.of(span(other, first)));
                first.close();
                int[] rest = Arrays.copyOfRange(ids, fork, ids.length);
                Tensor logits = model.logits(model.hidden(List.of(span(rest, second))));
                assertThat(second.length()).isEqualTo(ids.length);
                second.close();
                for (int i = 0; i < prompt.get("positions").size(); i++) {
                    int position = prompt.get("positions").get(i).intValue();
                    if (position >= fork) {
                        assertThat(distance(prompt.get("logits").get(i), logits, position - fork))
                                .as("forked at %d, position %d", fork, position)
                                .isLessThan(F32_TOLERANCE);
                    }
                }
            }
        }
    }

    private static Llama load(String name, Optional<DType> dtype) {
        try {
            Path directory = Path.of(Objects.requireNonNull(LlamaGoldenTest.class.getResource(name))
                    .toURI());
            return Llama.load(directory, dtype, "cpu");
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** The next ids of a sequence, for which it has room. */
    private static Llama.Span span(int[] ids, KvSequence cache) {
        assertThat(cache.reserve(ids.length)).isTrue();
        return new Llama.Span(ids, cache, ids.length >= 64);
    }

    /** The largest difference over all prompts of a model. */
    private static double worst(Llama model, String name, Chunks chunks) {
        double worst = 0;
        for (JsonNode prompt : golden.get(name).get("prompts")) {
            int[] ids = ids(prompt);
            try (KvBlocks caches = model.newCaches(MANY);
                    KvSequence cache = caches.newSequence()) {
                for (int from = 0; from < ids.length; ) {
                    int to = Math.min(ids.length, from + chunks.size(from));
                    try (PointerScope _ = new PointerScope()) {
                        Tensor logits =
                                model.logits(model.hidden(List.of(span(Arrays.copyOfRange(ids, from, to), cache))));
                        for (int i = 0; i < prompt.get("positions").size(); i++) {
                            int position = prompt.get("positions").get(i).intValue();
                            if (position >= from && position < to) {
                                worst = Math.max(
                                        worst, distance(prompt.get("logits").get(i), logits, position - from));
                            }
                        }
                    }
                    from = to;
                }
            }
        }
        return worst;
    }

    private static double distance(JsonNode expected, Tensor logits, int row) {
        float[] found = new float[expected.size()];
        assertThat(logits.size(1)).isEqualTo(found.length);
        logits.narrow(0, row, 1).contiguous().data_ptr_float().get(found);
        double worst = 0;
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).isFinite();
            worst = Math.max(worst, Math.abs(found[i] - expected.get(i).doubleValue()));
        }
        return worst;
    }

    private static int[] ids(JsonNode prompt) {
        int[] ids = new int[prompt.get("ids").size()];
        Arrays.setAll(ids, i -> prompt.get("ids").get(i).intValue());
        return ids;
    }
}
