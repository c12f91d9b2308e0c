import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.base.AtomicFiles;
import dev.skald.nano.SkaldNano;
import dev.skald.text.DocumentReader;
import dev.skald.train.DeepSpeedConfig;
import dev.skald.train.ProbeMetrics;
import dev.skald.train.Rank;
import dev.skald.train.TrainerConfig;
import dev.skald.train.Training;
import dev.skald.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * The forgetting gate on skald-nano, continued on Danish: alone, with a quarter of Swedish replayed, and in 20 runs that change next to nothing: a learning rate of
 * 1e-6 for 12 steps, another order of the data each, half of them in bf16, half in f32, every check counted from the first on. Prints what each came to.
 *
 * <p>Both files are cut into pieces of some 3,000 characters; the last 70 of at most 1,570 Danish and 670 Swedish ones, in an order drawn once, are the probes.
 *
 * <p>{@code java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/ForgettingGate.java DANISH.jsonl.gz SWEDISH.jsonl.gz WORK [RUNS]}
 */
final class ForgettingGate {

    private static final int PIECE = 3000;
    private static final int PROBE = 70;

    private static final String RUN = """
            base_model: "%s"
            datasets: [{path: "%s"}]
            dataset_prepared_path: "%s"
            learning_rate: 3e-4
            warmup_steps: 10
            micro_batch_size: 8
            sequence_len: 256
            max_steps: 150
            eval_steps: 25
            save_steps: 150
            logging_steps: 50
            forgetting_gate:
              probes:
                - {path: "%s", name: Swedish}
                - {path: "%s", name: Danish}
            """;

    private final Path work;
    private final Path yaml;

    private ForgettingGate(Path work) {
        this.work = work;
        this.yaml = work.resolve("trainer.yaml");
    }

    public static void main(String[] arguments) throws IOException {
        Path work = Files.createDirectories(Path.of(arguments[2]));
        ForgettingGate gate = new ForgettingGate(work);
        int runs = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 20;
        gate.lay(Path.of(arguments[0]), Path.of(arguments[1]));
        gate.run("danish", List.of());
        gate.run(
                "replay",
                List.of("datasets=[{path: \"" + work.resolve("da.jsonl") + "\"}, {path: \"" + work.resolve("sv.jsonl")
                        + "\", type: replay, weight: 0.25}]"));
        int alarms = 0;
        double largest = 0;
        for (int seed = 0; seed < runs; seed++) {
            List<ProbeMetrics> probes = gate.run(
                    "still-" + seed,
                    List.of(
                            "seed=" + seed,
                            "bf16=" + (seed % 2 == 0),
                            "learning_rate=1e-6",
                            "lr_scheduler=constant",
                            "warmup_steps=0",
                            "max_steps=12",
                            "eval_steps=4",
                            "forgetting_gate.settling=0",
                            "forgetting_gate.action=warn"));
            for (ProbeMetrics each : probes) {
                boolean alarm =
                        each.verdict() == ProbeMetrics.Verdict.WARN || each.verdict() == ProbeMetrics.Verdict.STOP;
                alarms += alarm ? 1 : 0;
                largest = each.drop() == null ? largest : Math.max(largest, Math.abs(each.drop()));
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%d runs that change next to nothing: %d warnings or stops, largest change %.4f %%%n",
                runs,
                alarms,
                largest);
    }

    private void lay(Path danish, Path swedish) throws IOException {
        split(danish, 1500, "da");
        split(swedish, 600, "sv");
        AtomicFiles.write(
                yaml,
                RUN.formatted(
                        SkaldNano.directory(),
                        work.resolve("da.jsonl"),
                        work.resolve("prepared"),
                        work.resolve("probe-sv.jsonl"),
                        work.resolve("probe-da.jsonl")));
    }

    private void split(Path file, int learned, String language) throws IOException {
        List<String> pieces = new ArrayList<>();
        DocumentReader.readTexts(file, text -> cut(text, pieces), _ -> {});
        Collections.shuffle(pieces, new Random(1));
        write(work.resolve(language + ".jsonl"), pieces.subList(0, learned));
        write(work.resolve("probe-" + language + ".jsonl"), pieces.subList(learned, learned + PROBE));
    }

    private static void cut(String text, List<String> pieces) {
        StringBuilder piece = new StringBuilder();
        for (String line : text.lines().toList()) {
            piece.append(line).append('\n');
            if (piece.length() >= PIECE) {
                pieces.add(piece.toString());
                piece.setLength(0);
            }
        }
    }

    private static void write(Path file, List<String> texts) throws IOException {
        ObjectMapper json = new ObjectMapper();
        StringBuilder lines = new StringBuilder();
        for (String text : texts) {
            lines.append(json.writeValueAsString(json.createObjectNode().put("text", text)))
                    .append('\n');
        }
        AtomicFiles.write(file, lines.toString());
    }

    private List<ProbeMetrics> run(String name, List<String> settings) throws IOException {
        Path output = work.resolve(name);
        List<String> all = new ArrayList<>(settings);
        all.add("output_dir=\"" + output + "\"");
        TrainerConfig config = TrainerConfig.read(yaml, all, new ArrayList<>());
        boolean stopped = new Training(config, DeepSpeedConfig.none(), Rank.alone()).run();
        List<ProbeMetrics> probes = TrainingRun.read(output).probes();
        for (ProbeMetrics each : probes) {
            System.out.printf(
                    Locale.ROOT,
                    "%-10s step %3d  %-8s %.4f  %s%n",
                    name,
                    each.step(),
                    each.probe(),
                    each.value(),
                    each.drop() == null
                            ? ""
                            : String.format(
                                    Locale.ROOT,
                                    "%+.3f %% (%.3f to %.3f)  %s",
                                    each.drop(),
                                    each.dropLow(),
                                    each.dropHigh(),
                                    each.verdict()));
        }
        System.out.println(name + (stopped ? ": stopped" : ": not stopped"));
        return probes;
    }
}
