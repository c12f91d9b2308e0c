package dev.skald.cli;

import static dev.skald.cli.CommandLineRun.skald;
import static dev.skald.cli.CommandLineRun.skaldReading;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.TinyLlama;
import dev.skald.generate.Generation;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import dev.skald.model.SafeTensors;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code skald generate}: options, output as text and as JSON, standard input, logits. */
class GenerateCommandTest {

    @TempDir
    private static Path directory;

    private static Path saying;
    private static Path random;

    @BeforeAll
    static void write() {
        saying = TinyLlama.saying("abcåxyz.").write(directory.resolve("saying"));
        random = TinyLlama.random(3).write(directory.resolve("random"));
    }

    @Test
    void printsPromptAndContinuation() {
        assertThat(skald("generate", "--model", saying, "--max-length", 50, "abc")
                        .result())
                .isEqualTo("abcåxyz." + System.lineSeparator());
        assertThat(skald("generate", "--model", saying, "--max-new-tokens", 3, "ab")
                        .result())
                .isEqualTo("abcå" + System.lineSeparator());
        assertThat(skald("generate", "--model", saying, "--max-new-tokens", 3, "--prompt-ids", "256,97,98")
                        .result())
                .isEqualTo("abcå" + System.lineSeparator());
        assertThat(skald("generate", "--model", saying, "--max-new-tokens", 2, "b", "x")
                        .result())
                .containsSubsequence("bc", "xyz"); // a cut character follows the c
    }

    @Test
    void readsThePromptFromStandardInput() {
        for (String input : List.of("xy", "xy\n", "xy\r\n")) {
            CommandLineRun run = skaldReading(
                    input.getBytes(StandardCharsets.UTF_8), "generate", "--model", saying, "--max-new-tokens", 1);
            assertThat(run.result()).isEqualTo("xyz" + System.lineSeparator());
        }
        JsonNode lines = json(skaldReading(
                        "xy\n\n".getBytes(StandardCharsets.UTF_8),
                        "generate",
                        "--model",
                        random,
                        "--max-new-tokens",
                        1,
                        "--json"))
                .getFirst();
        assertThat(ids(lines, "prompt_ids")).containsExactly(TinyLlama.BOS, (int) 'x', (int) 'y', (int) '\n');
    }

    @Test
    void jsonHasTheDocumentedKeys() {
        JsonNode eos = json(skald("generate", "--model", saying, "--json", "--max-length", 50, "yz"))
                .getFirst();
        assertThat(eos.properties().stream().map(property -> property.getKey()))
                .containsExactly(
                        "prompt_ids",
                        "generated_ids",
                        "text",
                        "generated_text",
                        "finish_reason",
                        "prompt_tokens_per_second",
                        "generated_tokens_per_second");
        assertThat(ids(eos, "prompt_ids")).containsExactly(TinyLlama.BOS, (int) 'y', (int) 'z');
        assertThat(ids(eos, "generated_ids")).containsExactly((int) '.', TinyLlama.EOS);
        assertThat(eos.get("text").textValue()).isEqualTo("yz.");
        assertThat(eos.get("generated_text").textValue()).isEqualTo(".");
        assertThat(eos.get("finish_reason").textValue()).isEqualTo("eos");
        assertThat(eos.get("prompt_tokens_per_second").doubleValue()).isPositive();
        assertThat(eos.get("generated_tokens_per_second").doubleValue()).isPositive();
    }

    @Test
    void finishReasons() {
        assertThat(finish("--max-length", 50)).isEqualTo("eos");
        assertThat(finish("--max-length", 50, "--stop", "qq", "--stop", "xy")).isEqualTo("stop");
        assertThat(finish("--max-new-tokens", 3)).isEqualTo("length");
    }

    private static String finish(Object... options) {
        List<Object> words = new ArrayList<>(List.of("generate", "--model", saying, "--json", "--greedy", "abc"));
        words.addAll(List.of(options));
        return json(skald(words.toArray())).getFirst().get("finish_reason").textValue();
    }

    @Test
    void severalSequencesAreSeveralObjects() {
        List<JsonNode> results = json(skald(
                "generate", "--model", random, "--json", "--num-return-sequences", 3, "--seed", 2, "--top-k", 0, "a"));
        assertThat(results).hasSize(3);
        assertThat(results.stream().map(result -> ids(result, "generated_ids")).distinct())
                .hasSize(3);
        assertThat(json(skald("generate", "--model", random, "--json", "a", "b")))
                .hasSize(2);
    }

    @Test
    void optionsReachTheGenerator() throws IOException {
        List<JsonNode> results = json(skald(
                "generate",
                "--model",
                random,
                "--json",
                "--max-new-tokens",
                20,
                "--temperature",
                0.8,
                "--top-k",
                40,
                "--top-p",
                0.95,
                "--min-p",
                0.01,
                "--repetition-penalty",
                1.2,
                "--no-repeat-ngram-size",
                3,
                "--seed",
                11,
                "--dtype",
                "f32",
                "--device",
                "cpu",
                "Sommar och sol"));
        try (Generator model = Generator.load(random)) {
            Generation expected = model.generate(
                    "Sommar och sol",
                    GenerationOptions.modelDefaults()
                            .maxNewTokens(20)
                            .sample(true)
                            .temperature(0.8)
                            .topK(40)
                            .topP(0.95)
                            .minP(0.01)
                            .repetitionPenalty(1.2)
                            .noRepeatNgramSize(3)
                            .seed(11));
            assertThat(ids(results.getFirst(), "generated_ids"))
                    .containsExactly(java.util.Arrays.stream(expected.generatedIds())
                            .boxed()
                            .toArray(Integer[]::new));
        }
    }

    @Test
    void theModelsFileCountsWhereNoOptionIsGiven() {
        TinyLlama tiny = TinyLlama.saying("abcåxyz.");
        tiny.generation().put("max_new_tokens", 40).putArray("stop_strings").add("y");
        tiny.generation().put("num_beams", 2);
        Path model = tiny.write(directory.resolve("defaults"));
        CommandLineRun run = skald("generate", "--model", model, "abc");
        assertThat(run.result()).isEqualTo("abcåxy" + System.lineSeparator());
        assertThat(run.err()).contains("warning: ", "num_beams = 2");
        assertThat(skald("generate", "--model", model, "--stop", "z", "abc").result())
                .isEqualTo("abcåxyz" + System.lineSeparator());
    }

    @Test
    void logitsAreARowPerGeneratedToken() throws IOException {
        Path file = directory.resolve("logits.safetensors");
        List<JsonNode> results = json(skald(
                "generate", "--model", random, "--json", "--greedy", "--max-new-tokens", 7, "--logits", file, "ord"));
        List<Integer> generated = ids(results.getFirst(), "generated_ids");
        try (SafeTensors logits = SafeTensors.open(file)) {
            assertThat(logits.entries().keySet()).containsExactly("logits");
            assertThat(logits.entries().get("logits").dtype()).isEqualTo("F32");
            assertThat(logits.entries().get("logits").shape()).containsExactly(7L, (long) TinyLlama.VOCAB);
            float[] values = logits.bytes("logits").orElseThrow().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
            for (int row = 0; row < 7; row++) {
                int best = 0;
                for (int id = 0; id < TinyLlama.VOCAB; id++) {
                    int at = row * TinyLlama.VOCAB;
                    best = values[at + id] > values[at + best] ? id : best;
                }
                assertThat(best).isEqualTo(generated.get(row));
            }
        }
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.filter(path -> path.toString().endsWith(".part"))).isEmpty();
        }
    }

    @Test
    void helpSaysWhatThereIs() {
        assertThat(skald("generate", "--help").result()).contains("--max-new-tokens", "Example:");
        assertThat(skald("evaluate", "--help").result()).contains("--sequence-len", "Example:");
        assertThat(skald().result()).contains("generate", "evaluate");
    }

    private static List<Integer> ids(JsonNode result, String key) {
        List<Integer> ids = new ArrayList<>();
        result.get(key).forEach(id -> ids.add(id.intValue()));
        return ids;
    }

    private static List<JsonNode> json(CommandLineRun run) {
        List<JsonNode> objects = new ArrayList<>();
        for (String line : run.result().lines().toList()) {
            try {
                objects.add(new ObjectMapper().readTree(line));
            } catch (JsonProcessingException e) {
                throw new AssertionError(line, e);
            }
        }
        return objects;
    }

    /** A prompt is a prompt, also one that looks like picocli's files of arguments. */
    @Test
    void promptsAreLiteral() {
        for (String prompt : new String[] {"@README.md", "@@x"}) {
            assertThat(skald("generate", "--greedy", "--max-new-tokens", 2, prompt)
                            .result())
                    .startsWith(prompt);
        }
    }
}
