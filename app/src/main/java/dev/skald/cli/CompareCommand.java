package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.compare.Comparison;
import dev.skald.compare.ComparisonJson;
import dev.skald.compare.ComparisonPage;
import dev.skald.compare.ComparisonText;
import dev.skald.compare.Runs;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code skald compare}: results of evaluations side by side. */
@Command(
        name = "compare",
        description = "Compares results of evaluate, lm-evaluation-harness or EuroEval, with intervals.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  skald compare results/base tuned=results/tuned-2 --out comparison.html",
            "  skald compare results --baseline base --json",
            "  skald compare euroeval_benchmark_results.jsonl --only \"*Llama-3-8B*\""
        })
final class CompareCommand implements Callable<Integer> {

    /** More runs than these, and a terminal shows the items that changed only when it is asked to. */
    private static final int FEW_RUNS = 3;

    private static final int FIRST_ITEMS = 3;

    @Parameters(
            arity = "1..*",
            paramLabel = "RUN",
            description = {
                "A directory of evaluate --out or its results_*.json, that of lm-evaluation-harness, or EuroEval's .jsonl, in which each",
                "model is a run; a directory of such directories is all of them. NAME=RUN gives the column a name."
            })
    private List<String> given;

    @Option(
            names = "--baseline",
            paramLabel = "RUN",
            description = "The run to compare with, by name or path (default: the first).")
    private String baseline;

    @Option(
            names = "--only",
            paramLabel = "NAME",
            description = "Compare runs of this name alone with the baseline; * stands for anything. May be repeated.")
    private List<String> only = List.of();

    @Option(names = "--out", paramLabel = "FILE", description = "Where a page goes (.html) that needs no other file.")
    private Path page;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(
            names = "--changed",
            paramLabel = "N",
            description =
                    "Items that turned right or wrong to show, of each task and run (default: 3; in the terminal with more than "
                            + FEW_RUNS + " runs, 0).")
    private Integer changed;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (changed != null && changed < 0) {
            throw new InvalidInputException("--changed: found " + changed + ", expected 0 or more");
        }
        Comparison comparison = Comparison.of(Runs.read(given, Optional.ofNullable(baseline), only));
        int items = changed == null ? FIRST_ITEMS : changed;
        if (page != null) {
            AtomicFiles.write(page, ComparisonPage.of(comparison, items));
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(ComparisonJson.of(comparison, items));
        } else {
            boolean few = changed != null || comparison.runs().all().size() <= FEW_RUNS;
            out.print(ComparisonText.of(comparison, few ? items : 0));
        }
        out.flush();
        return 0;
    }
}
