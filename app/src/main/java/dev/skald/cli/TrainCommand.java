package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.launch.LocalProcesses;
import dev.skald.launch.RankEnvironment;
import dev.skald.launch.SparkTraining;
import dev.skald.tensor.StandardOutput;
import dev.skald.train.DeepSpeedConfig;
import dev.skald.train.LostRankException;
import dev.skald.train.Rank;
import dev.skald.train.TrainerConfig;
import dev.skald.train.Training;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald train}: trains a model on one process or many. */
@Command(
        name = "train",
        description = "Trains a model: continues its pretraining on raw or packed text, or begins one.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Under torchrun's or Slurm's environment each process is one rank. Ctrl-C saves a checkpoint and stops;",
            "auto_resume_from_checkpoints=true goes on from it. Exit code 3: forgetting_gate has ended the run.",
            "",
            "Example:",
            "  skald train configs/nordic-8b/trainer.yaml --deepspeed configs/nordic-8b/deepspeed_zero2.json \\",
            "      base_model=Meta-Llama-3-8B datasets=corpus/packed output_dir=nordic-8b"
        })
final class TrainCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "trainer.yaml", description = "The configuration; keys are Axolotl's.")
    private Path trainer;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "key=value",
            description = "Settings that win over those of the file.")
    private List<String> overrides = List.of();

    @Option(
            names = "--deepspeed",
            paramLabel = "ds.json",
            description = "DeepSpeed's configuration: ZeRO stage, buckets, offload, precision.")
    private Path deepSpeed;

    @Option(
            names = "--processes",
            paramLabel = "N",
            defaultValue = "1",
            description = "Ranks to start on this machine (default: ${DEFAULT-VALUE}).")
    private int processes;

    @Option(
            names = "--spark",
            paramLabel = "spark://host:port",
            description =
                    "Run the ranks as the barrier tasks of a job on this Spark master; --processes says how many.")
    private String spark;

    @Override
    public Integer call() throws IOException, InterruptedException {
        RankEnvironment.watchParent(System.getenv());
        Optional<Rank> rank = RankEnvironment.detect(System.getenv());
        List<String> warnings = new ArrayList<>();
        TrainerConfig config = TrainerConfig.read(trainer, overrides, warnings);
        DeepSpeedConfig zero = deepSpeedConfig(config, warnings);
        if (rank.map(Rank::isFirst).orElse(true) && System.getenv("SKALD_ENDS_WITH_PARENT") == null) {
            warnings.forEach(warning -> System.err.println("warning: " + warning));
        }
        if (spark != null) {
            requireValid(config, zero);
            return SparkTraining.run(spark, processes, config.toYaml(), zero.toJson()) ? Training.FORGOT : 0;
        }
        if (rank.isPresent() && processes > 1) {
            throw new InvalidInputException(
                    "--processes " + processes + " contradicts the environment, which says that this is rank "
                            + rank.get().rank() + " of " + rank.get().worldSize() + ": leave it out");
        }
        if (processes > 1) {
            return launch(config, zero);
        }
        rank.ifPresent(_ -> StandardOutput.toStandardError());
        try {
            return new Training(config, zero, rank.orElse(Rank.alone())).run() ? Training.FORGOT : 0;
        } catch (LostRankException e) {
            System.err.println("error: " + e.getMessage());
            return LostRankException.EXIT_CODE;
        }
    }

    private DeepSpeedConfig deepSpeedConfig(TrainerConfig config, List<String> warnings) throws IOException {
        Path file = deepSpeed != null || config.deepspeed() == null ? deepSpeed : Path.of(config.deepspeed());
        return file == null ? DeepSpeedConfig.none() : DeepSpeedConfig.read(file, warnings);
    }

    private int launch(TrainerConfig config, DeepSpeedConfig zero) throws IOException, InterruptedException {
        requireValid(config, zero);
        List<String> arguments = new ArrayList<>(List.of("train", trainer.toString()));
        if (deepSpeed != null) {
            arguments.addAll(List.of("--deepspeed", deepSpeed.toString()));
        }
        arguments.addAll(overrides);
        LocalProcesses.Outcome outcome = LocalProcesses.run(
                processes,
                Main.class.getName(),
                arguments,
                Path.of(config.outputDir()).resolve("logs"),
                System.err);
        if (outcome.exitCode() != 0 && outcome.exitCode() != Training.FORGOT) {
            outcome.lastLines().forEach(line -> System.err.println("  | " + line));
            System.err.println("error: " + outcome.culprit() + "; the last lines of its log are above");
        }
        return outcome.exitCode();
    }

    /** Says what is wrong once, before there are ranks that would say it each. */
    private void requireValid(TrainerConfig config, DeepSpeedConfig zero) throws IOException {
        new Training(config, zero, new Rank(0, processes, 0, processes, "localhost", 1));
    }
}
