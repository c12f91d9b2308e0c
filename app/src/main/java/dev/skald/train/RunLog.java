package dev.skald.train;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.skald.base.AtomicFiles;
import dev.skald.base.StrictJson;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * What a run writes for its user while it goes on, in {@code output_dir}: {@code metrics.jsonl}, {@code validation.jsonl}, event files of
 * TensorBoard in {@code runs/}, {@code loss.png} and {@code report.html}. Rank 0 has one. A run that goes on from a checkpoint goes on with
 * its files: lines of later steps are cut off. Not thread-safe.
 */
public final class RunLog implements AutoCloseable {

    static final String METRICS = "metrics.jsonl";
    static final String VALIDATION = "validation.jsonl";

    /** What only the lines of probes have. */
    private static final String PROBE = "probe";

    private static final JsonMapper JSON = StrictJson.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private static final long REFRESH_NANOS = 30_000_000_000L;

    private final List<StepMetrics> steps;
    private final List<ValidationMetrics> validations;
    private final List<ProbeMetrics> probes;
    private final BufferedWriter metricsFile;
    private final BufferedWriter validationFile;
    private final EventFile events;
    private final Report report;
    private long refreshed = System.nanoTime();

    private RunLog(Path outputDir, TrainerConfig config, Timetable timetable, long resumedStep) throws IOException {
        Files.createDirectories(outputDir);
        Path metrics = outputDir.resolve(METRICS);
        Path validation = outputDir.resolve(VALIDATION);
        cut(metrics, resumedStep);
        steps = read(metrics, StepMetrics.class);
        probes = read(metrics, ProbeMetrics.class);
        cut(validation, resumedStep);
        validations = read(validation, ValidationMetrics.class);
        metricsFile = Files.newBufferedWriter(metrics, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        validationFile = Files.newBufferedWriter(validation, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        events = EventFile.create(outputDir.resolve("runs"), resumedStep);
        report = new Report(outputDir, config, timetable);
    }

    /**
     * Opens the log of a run.
     *
     * @param resumedStep updates done before; 0 for a new run
     */
    public static RunLog open(Path outputDir, TrainerConfig config, Timetable timetable, long resumedStep)
            throws IOException {
        return new RunLog(outputDir, config, timetable, resumedStep);
    }

    /** Takes down a step; the line is in {@code metrics.jsonl} when this returns. */
    public void step(StepMetrics metrics) throws IOException {
        steps.add(metrics);
        writeLine(metricsFile, metrics);
        events.step(metrics);
        if (System.nanoTime() - refreshed > REFRESH_NANOS) {
            refresh(true);
        }
    }

    /** Takes down a validation: an entry for each dataset and language. */
    public void validation(List<ValidationMetrics> metrics) throws IOException {
        validations.addAll(metrics);
        for (ValidationMetrics each : metrics) {
            writeLine(validationFile, each);
            events.validation(each);
        }
        refresh(true);
    }

    /** Takes down tasks and probes; their lines are in {@code metrics.jsonl}, among those of the steps. */
    public void probes(List<ProbeMetrics> metrics) throws IOException {
        probes.addAll(metrics);
        for (ProbeMetrics each : metrics) {
            writeLine(metricsFile, each);
            events.probe(each);
        }
        refresh(true);
    }

    /** All steps so far, those before the run was interrupted too. */
    public List<StepMetrics> steps() {
        return List.copyOf(steps);
    }

    /** All validations so far. */
    public List<ValidationMetrics> validations() {
        return List.copyOf(validations);
    }

    /** Draws the report a last time and closes the files. */
    @Override
    public void close() throws IOException {
        try (metricsFile;
                validationFile;
                events) {
            refresh(false);
        }
    }

    private void refresh(boolean running) throws IOException {
        events.flush();
        report.write(steps, validations, probes, running);
        refreshed = System.nanoTime();
    }

    private static void writeLine(BufferedWriter file, Record line) throws IOException {
        file.write(JSON.writeValueAsString(line));
        file.write('\n');
        file.flush();
    }

    /** Leaves the lines of steps up to {@code last}. A line that a kill cut short ends them. */
    private static void cut(Path file, long last) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        List<String> kept = new ArrayList<>();
        for (JsonNode line : lines(file)) {
            if (line.path("step").longValue() <= last) {
                kept.add(line.toString());
            }
        }
        AtomicFiles.write(file, (Path part) -> Files.write(part, kept));
    }

    /**
     * The lines of a kind, up to one that a kill cut short or a running process has not written to the end; none if there is no log. Lines of {@code
     * metrics.jsonl} are of a step or, with a key {@code probe}, of a probe.
     */
    static <T> List<T> read(Path file, Class<T> type) throws IOException {
        List<T> entries = new ArrayList<>();
        for (JsonNode line : lines(file)) {
            if (line.has(PROBE) == (type == ProbeMetrics.class)) {
                try {
                    entries.add(JSON.treeToValue(line, type));
                } catch (JacksonException e) {
                    break;
                }
            }
        }
        return entries;
    }

    private static List<JsonNode> lines(Path file) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                try {
                    lines.add(JSON.readTree(line));
                } catch (JacksonException e) {
                    break;
                }
            }
        }
        return lines;
    }
}
