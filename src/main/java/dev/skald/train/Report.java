package dev.skald.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Draws {@code loss.png} and {@code report.html}. */
final class Report {

    private final Path outputDir;
    private final TrainerConfig config;
    private final Timetable timetable;

    Report(Path outputDir, TrainerConfig config, Timetable timetable) {
        this.outputDir = outputDir;
        this.config = config;
        this.timetable = timetable;
    }

    void write(List<StepMetrics> steps, List<ValidationMetrics> validations, boolean running) throws IOException {
        long step = steps.isEmpty() ? 0 : steps.getLast().step();
        Files.writeString(
                outputDir.resolve("report.html"),
                "<!doctype html><title>" + config.outputDir() + "</title><p>Step " + step + " of "
                        + timetable.totalSteps() + (running ? "" : ", stopped") + ", " + validations.size()
                        + " validations\n");
    }
}
