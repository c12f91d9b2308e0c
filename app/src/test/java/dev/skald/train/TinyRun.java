package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.config.ConfigFile;
import dev.skald.dataset.PackedIndex.Encoding;
import dev.skald.dataset.PackedTokensWriter;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** The tiny model and documents of oracle/train_golden.py as a user would have them on disk, and runs of it. */
public final class TinyRun {

    private static final ObjectMapper JSON =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private static final String YAML = """
            learning_rate: 1e-2
            warmup_steps: 5
            max_steps: 20
            weight_decay: 0.1
            adam_beta2: 0.95
            max_grad_norm: 0.6
            micro_batch_size: 2
            gradient_accumulation_steps: 4
            sequence_len: 16
            shuffle_merged_datasets: false
            bf16: false
            save_steps: 100
            """;

    private final Path folder;

    public TinyRun(Path folder) throws IOException {
        this.folder = folder;
        Tokenizer tokenizer = ByteTokenizer.write(base());
        for (String file : List.of("config.json", "model.safetensors")) {
            try (InputStream in = resource(file)) {
                Files.copy(in, base().resolve(file));
            }
        }
        Encoding plain = new Encoding(tokenizer.hash(), tokenizer.vocabSize(), null, null);
        try (PackedTokensWriter shard = PackedTokensWriter.shard(packed(), 0, plain, "oracle")) {
            int number = 0;
            for (JsonNode document : golden("documents.json")) {
                int[] ids = IntStream.range(0, document.size())
                        .map(i -> document.get(i).intValue())
                        .toArray();
                shard.add("document-" + number++, number % 2 == 0 ? "sv" : "nb", "oracle", ids.length, ids);
            }
            PackedTokensWriter.commitIndex(packed(), plain, List.of(shard.commit()));
        }
    }

    private static InputStream resource(String file) {
        return Objects.requireNonNull(TinyRun.class.getResourceAsStream("oracle/" + file));
    }

    static JsonNode golden(String file) throws IOException {
        try (InputStream in = resource(file)) {
            return JSON.readTree(in);
        }
    }

    Path base() {
        return folder.resolve("base");
    }

    Path packed() {
        return folder.resolve("packed");
    }

    public Path output(String name) {
        return folder.resolve(name);
    }

    /** The configuration of the oracle's run, with other settings. */
    public TrainerConfig config(String output, String... settings) throws IOException {
        Path yaml = yaml();
        List<String> overrides = new ArrayList<>(List.of("output_dir=" + output(output)));
        overrides.addAll(Arrays.asList(settings));
        return TrainerConfig.read(yaml, overrides, new ArrayList<>());
    }

    /** The same as a file. */
    public Path yaml() throws IOException {
        Path yaml = folder.resolve("trainer.yaml");
        Files.writeString(yaml, "base_model: " + base() + "\ndatasets:\n  - path: " + packed() + "\n" + YAML);
        return yaml;
    }

    static DeepSpeedConfig deepSpeed(String zeroOptimization) throws IOException {
        return DeepSpeedConfig.of(
                ConfigFile.parseJson("ds.json", "{\"zero_optimization\": " + zeroOptimization + "}"),
                new ArrayList<>());
    }

    /** Trains on one rank; the metrics of all steps. */
    List<StepMetrics> train(TrainerConfig config) throws Exception {
        return train(config, DeepSpeedConfig.none(), 1);
    }

    /** Trains on ranks that are threads. */
    List<StepMetrics> train(TrainerConfig config, DeepSpeedConfig deepSpeed, int size) throws Exception {
        int port = Ranks.freePort();
        try (ExecutorService threads = Executors.newFixedThreadPool(size)) {
            List<Future<?>> ranks = new ArrayList<>();
            for (int r = 0; r < size; r++) {
                Rank rank = size == 1 ? Rank.alone() : new Rank(r, size, r, size, "localhost", port);
                ranks.add(threads.submit(() -> {
                    try {
                        new Training(config, deepSpeed, rank).run();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }));
            }
            for (Future<?> rank : ranks) {
                try {
                    rank.get();
                } catch (ExecutionException e) {
                    throw e.getCause() instanceof Exception cause ? cause : e;
                }
            }
        }
        return metrics(Path.of(config.outputDir()));
    }

    public static List<StepMetrics> metrics(Path output) throws IOException {
        return lines(output.resolve("metrics.jsonl"), StepMetrics.class);
    }

    static List<ValidationMetrics> validations(Path output) throws IOException {
        return lines(output.resolve("validation.jsonl"), ValidationMetrics.class);
    }

    private static <T> List<T> lines(Path file, Class<T> type) throws IOException {
        List<T> metrics = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            metrics.add(JSON.readValue(line, type));
        }
        return metrics;
    }

    /** Checks every step against what PyTorch saw. */
    public static void followsTheOracle(List<StepMetrics> steps) throws IOException {
        JsonNode golden = golden("golden.json");
        assertThat(steps).hasSize(golden.size());
        for (int i = 0; i < steps.size(); i++) {
            double loss = golden.get(i).get("loss").doubleValue();
            double norm = golden.get(i).get("grad_norm").doubleValue();
            // f32 in another order of operations, through 20 steps.
            assertThat(steps.get(i).loss()).as("loss of step %d", i + 1).isCloseTo(loss, within(1e-4 * loss));
            assertThat(steps.get(i).gradNorm()).as("norm of step %d", i + 1).isCloseTo(norm, within(1e-3 * norm));
            assertThat(steps.get(i).learningRate())
                    .isEqualTo(golden.get(i).get("learning_rate").doubleValue());
        }
    }
}
