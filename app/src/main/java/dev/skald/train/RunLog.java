package dev.skald.train;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
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
import java.util.function.ToLongFunction;

/**
 * What a run writes for its user while it goes on, in {@code output_dir}: {@code metrics.jsonl}, {@code validation.jsonl}, event files of
 * TensorBoard in {@code runs/}, {@code loss.png} and {@code report.html}. Rank 0 has one. A run that goes on from a checkpoint goes on with
 * its files: lines of later steps are cut off. Not thread-safe.
 */
public final class RunLog implements AutoCloseable {

    static final String METRICS = "metrics.jsonl";
    static final String VALIDATION = "validation.jsonl";

    private static final JsonMapper JSON = StrictJson.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private static final long REFRESH_NANOS = 30_000_000_000L;

    private final List<StepMetrics> steps;
    private final List<ValidationMetrics> validations;
    private final BufferedWriter metricsFile;
    private final BufferedWriter validationFile;
    private final EventFile events;
    private final Report report;
    private long refreshed = System.nanoTime();

    private RunLog(Path outputDir, TrainerConfig config, Timetable timetable, long resumedStep) throws IOException {
        Files.createDirectories(outputDir);
        Path metrics = outputDir.resolve(METRICS);
        Path validation = outputDir.resolve(VALIDATION);
        steps = keep(metrics, StepMetrics.class, StepMetrics::step, resumedStep);
        validations = keep(validation, ValidationMetrics.class, ValidationMetrics::step, resumedStep);
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
        report.write(steps, validations, running);
        refreshed = System.nanoTime();
    }

    private static void writeLine(BufferedWriter file, Record line) throws IOException {
        file.write(JSON.writeValueAsString(line));
        file.write('\n');
        file.flush();
    }

    /** The lines up to {@code last}; the file is cut to them. A line that a kill cut short ends them. */
    private static <T> List<T> keep(Path file, Class<T> type, ToLongFunction<T> step, long last) throws IOException {
        if (!Files.exists(file)) {
            return new ArrayList<>();
        }
        List<T> entries = read(file, type);
        List<String> all = Files.readAllLines(file);
        List<T> kept = new ArrayList<>();
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            if (step.applyAsLong(entries.get(i)) <= last) {
                kept.add(entries.get(i));
                lines.add(all.get(i));
            }
        }
        AtomicFiles.write(file, (Path part) -> Files.write(part, lines));
        return kept;
    }

    /** The lines of a log, up to one that a kill cut short or a running process has not written to the end; none if there is no log. */
    static <T> List<T> read(Path file, Class<T> type) throws IOException {
        List<T> entries = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                try {
                    entries.add(JSON.readValue(line, type));
                } catch (JacksonException e) {
                    break;
                }
            }
        }
        return entries;
    }
}
