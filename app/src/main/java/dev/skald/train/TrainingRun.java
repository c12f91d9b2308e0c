package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.model.LlamaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run of {@code skald train} left in its output directory, read back up to one of its checkpoints. The run may be going on.
 *
 * @param outputDir of the run
 * @param checkpoint the directory of the checkpoint
 * @param state of the checkpoint
 * @param config the resolved trainer.yaml
 * @param trainerYaml its text
 * @param deepSpeedJson the text of the resolved DeepSpeed configuration
 * @param model what was trained
 * @param steps the updates up to the checkpoint
 * @param validations those up to the checkpoint
 * @param probes tasks and probes up to the checkpoint
 * @param checkpoints all that are there, ascending
 */
public record TrainingRun(
        Path outputDir,
        Path checkpoint,
        TrainerState state,
        TrainerConfig config,
        String trainerYaml,
        String deepSpeedJson,
        LlamaConfig model,
        List<StepMetrics> steps,
        List<ValidationMetrics> validations,
        List<ProbeMetrics> probes,
        List<Saved> checkpoints) {

    /** Copies. */
    public TrainingRun {
        steps = List.copyOf(steps);
        validations = List.copyOf(validations);
        probes = List.copyOf(probes);
        checkpoints = List.copyOf(checkpoints);
    }

    /**
     * A checkpoint of the run.
     *
     * @param step updates done
     * @param at when it was saved
     */
    public record Saved(long step, Instant at) {}

    /**
     * Reads a run.
     *
     * @param directory the output directory, for the run up to its latest checkpoint; or one of its checkpoints
     * @throws InvalidInputException when it is neither
     */
    public static TrainingRun read(Path directory) throws IOException {
        Path given = directory.toAbsolutePath().normalize();
        boolean isCheckpoint = Files.isRegularFile(given.resolve(TrainerState.FILE));
        Path outputDir = isCheckpoint ? given.getParent() : given;
        for (String file : List.of(RunLog.METRICS, Training.CONFIG, Training.DEEPSPEED_CONFIG)) {
            if (!Files.isRegularFile(outputDir.resolve(file))) {
                throw new InvalidInputException(directory + ": is no training run: " + outputDir + " has no " + file
                        + "; expected the output_dir of skald train, or a checkpoint-N in it");
            }
        }
        Checkpoints saved = new Checkpoints(outputDir);
        Path checkpoint = isCheckpoint
                ? given
                : saved.latest()
                        .orElseThrow(() -> new InvalidInputException(directory + ": the run has no checkpoint yet"));
        TrainerState state = TrainerState.read(checkpoint);
        Path trainer = outputDir.resolve(Training.CONFIG);
        List<Saved> checkpoints = new ArrayList<>();
        for (long step : saved.steps()) {
            checkpoints.add(new Saved(step, savedAt(saved.of(step))));
        }
        return new TrainingRun(
                outputDir,
                checkpoint,
                state,
                TrainerConfig.read(trainer, List.of(), new ArrayList<>()),
                Files.readString(trainer),
                Files.readString(outputDir.resolve(Training.DEEPSPEED_CONFIG)),
                LlamaConfig.read(checkpoint.resolve("config.json")),
                RunLog.read(outputDir.resolve(RunLog.METRICS), StepMetrics.class).stream()
                        .filter(line -> line.step() <= state.globalStep())
                        .toList(),
                RunLog.read(outputDir.resolve(RunLog.VALIDATION), ValidationMetrics.class).stream()
                        .filter(line -> line.step() <= state.globalStep())
                        .toList(),
                RunLog.read(outputDir.resolve(RunLog.METRICS), ProbeMetrics.class).stream()
                        .filter(line -> line.step() <= state.globalStep())
                        .toList(),
                checkpoints);
    }

    /** When the state says; an earlier Skald's says nothing, but its file has a date. */
    private static Instant savedAt(Path checkpoint) throws IOException {
        String stated = TrainerState.read(checkpoint).savedAt();
        return stated == null
                ? Files.getLastModifiedTime(checkpoint.resolve(TrainerState.FILE))
                        .toInstant()
                : Instant.parse(stated);
    }

    /** Whether training began with random weights; of an earlier Skald's run, as far as the base model's directory still says. */
    public boolean fromRandomWeights() throws IOException {
        if (state.sessions().isEmpty() || state.sessions().getFirst().firstStep() > 1) {
            Path base = Path.of(config.baseModel());
            return Files.isDirectory(base) && !StartingWeights.areIn(base);
        }
        return state.sessions().getFirst().weights().equals("random");
    }

    /** The probes of the forgetting gate: what each was before the first update, and when it was last measured; of a task of {@code eval_tasks} too. */
    public List<Measured> measured() {
        Map<String, Measured> found = new LinkedHashMap<>();
        for (ProbeMetrics each : probes) {
            String name = each.probe() + "\n" + each.metric() + "\n" + each.gated();
            Measured before = found.get(name);
            found.put(name, new Measured(before == null ? each : before.first(), each));
        }
        return List.copyOf(found.values());
    }

    /**
     * A task or a probe.
     *
     * @param first what it was when it was first measured
     * @param last what it was when it was last measured
     */
    public record Measured(ProbeMetrics first, ProbeMetrics last) {}

    /** Seconds that the updates took, validation and checkpoints not counted. */
    public double seconds() {
        return steps.stream().mapToDouble(StepMetrics::seconds).sum();
    }

    /** The validations of the last time that there were any: an entry for each dataset and language. */
    public List<ValidationMetrics> lastValidation() {
        return validations.stream()
                .filter(each -> each.step() == validations.getLast().step())
                .toList();
    }
}
