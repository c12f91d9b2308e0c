package dev.skald.corpus;

import com.fasterxml.jackson.core.JacksonException;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is in a corpus that {@code skald corpus} made, read back from its {@code report.json} and {@code recipe.yaml}.
 *
 * @param sources in the order of the recipe; those that gave nothing to train on are left out
 * @param languages by code: what there is to train on, repetitions that the mix asked for included
 */
public record CorpusSummary(List<Source> sources, SortedMap<String, Amount> languages) {

    /** Copies. */
    public CorpusSummary {
        sources = List.copyOf(sources);
    }

    /**
     * One source of the recipe.
     *
     * @param name as in the recipe
     * @param category as in the recipe
     * @param licence as in the recipe; "" where it says none
     * @param amount of all its languages to train on
     */
    public record Source(String name, String category, String licence, Amount amount) {}

    /**
     * Reads the summary of a corpus.
     *
     * @param output the output directory of {@code skald corpus}
     * @throws InvalidInputException when it is not one
     */
    public static CorpusSummary read(Path output) throws IOException {
        Path report = output.resolve("report.json");
        Path recipe = output.resolve("recipe.yaml");
        for (Path file : List.of(report, recipe)) {
            if (!Files.isRegularFile(file)) {
                throw new InvalidInputException(
                        output + ": has no " + file.getFileName() + ", expected the output directory of skald corpus");
            }
        }
        SortedMap<String, SortedMap<String, Amount>> flows;
        try {
            flows = Tally.read(report).flow(Flow.TRAIN);
        } catch (JacksonException e) {
            throw new InvalidInputException(report + ": is no report of skald corpus: " + e.getOriginalMessage(), e);
        }
        SortedMap<String, Amount> languages = new TreeMap<>();
        List<Source> sources = new ArrayList<>();
        for (Recipe.Source source : RecipeReader.read(recipe, List.of()).sources()) {
            Amount sum = Amount.NONE;
            for (var flow : flows.getOrDefault(source.name(), new TreeMap<>()).entrySet()) {
                languages.merge(flow.getKey(), flow.getValue(), Amount::plus);
                sum = sum.plus(flow.getValue());
            }
            if (sum.documents() > 0) {
                sources.add(new Source(source.name(), source.category(), source.licence(), sum));
            }
        }
        return new CorpusSummary(sources, languages);
    }
}
