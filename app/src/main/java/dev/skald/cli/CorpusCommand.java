package dev.skald.cli;

import dev.skald.base.Progress;
import dev.skald.corpus.Pipeline;
import dev.skald.corpus.Recipe;
import dev.skald.corpus.RecipeReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald corpus}. */
@Command(
        name = "corpus",
        description = "Raw text to a curated, deduplicated, mixed and packed corpus.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  skald corpus configs/nordic-pile/corpus.yaml data=my-texts output=my-corpus tokenizer=models/llama3"
        })
final class CorpusCommand implements Callable<Integer> {

    @Parameters(
            index = "0",
            paramLabel = "RECIPE",
            description = "The recipe, a YAML file; docs/corpus.md lists its keys.")
    private Path file;

    @Parameters(
            index = "1..*",
            paramLabel = "key=value",
            description = "Replaces a value of the recipe; the key with dots, as in fuzzy_dedup.threshold=0.7.")
    private List<String> overrides = new ArrayList<>();

    @Option(
            names = "--spark",
            paramLabel = "URL",
            defaultValue = "",
            description = "Spark's master, as in local[4] or spark://host:7077; default: all cores of this machine.")
    private String master;

    @Option(names = "--resume", description = "Go on with what a stopped run left.")
    private boolean resume;

    @Option(names = "--overwrite", description = "Remove an earlier result in the output directory first.")
    private boolean overwrite;

    @Option(names = "--explain", description = "Print the plan: files, stages, thresholds; and do nothing.")
    private boolean explain;

    @Option(names = "--keep-work", description = "Leave the files between the stages, in work/.")
    private boolean keepWork;

    @Override
    public Integer call() throws Exception {
        Recipe recipe = RecipeReader.read(file, overrides);
        Pipeline.Options options = new Pipeline.Options(master, resume, overwrite, keepWork, Progress.isTerminal());
        Pipeline pipeline = new Pipeline(recipe, options, System.err);
        if (explain) {
            System.out.print(pipeline.explain());
        } else {
            System.out.println(pipeline.run());
        }
        return 0;
    }
}
