package dev.skald.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.train.LabelledRows;
import dev.skald.train.TrainerConfig;
import dev.skald.tune.Example;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald data labels}: the rows of a tuning run as the model learns them. */
@Command(
        name = "labels",
        description =
                "Shows the rows of the data sets that a run is tuned on: their text, with what is learned marked.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  skald data labels configs/instruct/lora.yaml --rows 3"})
final class LabelsCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "FILE", description = "The trainer.yaml of the run.")
    private Path config;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "KEY=VALUE",
            description = "Settings that win over those of the file.")
    private List<String> overrides = List.of();

    @Option(
            names = "--rows",
            paramLabel = "N",
            defaultValue = "5",
            description = "Rows of each data set (default: ${DEFAULT-VALUE}); 0: all.")
    private int rows;

    @Option(names = "--json", description = "A line for each row: {\"dataset\", \"row\", \"ids\", \"labels\"}.")
    private boolean json;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (rows < 0) {
            throw new InvalidInputException("--rows: found " + rows + ", expected 0 or more");
        }
        TrainerConfig trainer = TrainerConfig.read(config, overrides, new ArrayList<>());
        if (!trainer.learnsExamples()) {
            throw new InvalidInputException(config + ": its data sets are texts, of which every token is learned");
        }
        Tokenizer tokenizer = trainer.tokenizer().tokenizer();
        PrintWriter out = spec.commandLine().getOut();
        new LabelledRows(trainer, tokenizer).read(rows == 0 ? Long.MAX_VALUE : rows, (dataset, place, example) -> {
            if (json) {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("dataset", dataset);
                line.put("row", place.number());
                line.put("ids", example.ids());
                line.put("labels", example.labels());
                if (!example.wanted()) {
                    line.put("wanted", false);
                }
                out.println(new ObjectMapper().writeValueAsString(line));
            } else {
                show(out, dataset + ", " + place, example, tokenizer);
            }
        });
        out.flush();
        return 0;
    }

    private static void show(PrintWriter out, String where, Example example, Tokenizer tokenizer) {
        out.println("--- " + where + ": " + example.ids().length + " tokens, " + example.learned() + " learned"
                + (example.wanted() ? "" : ", not wanted"));
        out.println(LabelledRows.marked(example, tokenizer));
        out.println("ids of the first: " + LabelledRows.first(example));
        out.println();
    }
}
