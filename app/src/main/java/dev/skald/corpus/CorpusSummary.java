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
 * @param languages by code
 */
public record CorpusSummary(List<Source> sources, SortedMap<String, Amount> languages) {

    private static final String TRAIN = "train";

    /** Copies. */
    public CorpusSummary {
        sources = List.copyOf(sources);
    }

    /**
     * Documents to train on, repetitions that the mix asked for included.
     *
     * @param documents how many
     * @param bytes UTF-8 bytes of their text
     * @param tokens of the tokenizer that packed them
     */
    public record Amount(long documents, long bytes, long tokens) {

        /** The two together. */
        public Amount plus(Amount other) {
            return new Amount(documents + other.documents, bytes + other.bytes, tokens + other.tokens);
        }
    }

    /**
     * One source of the recipe.
     *
     * @param name as in the recipe
     * @param category as in the recipe
     * @param licence as in the recipe; "" where it says none
     * @param amount of all its languages
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
        SortedMap<String, SortedMap<String, Tally.Flow>> flows;
        try {
            flows = Tally.read(report).flows().getOrDefault(TRAIN, new TreeMap<>());
        } catch (JacksonException e) {
            throw new InvalidInputException(report + ": is no report of skald corpus: " + e.getOriginalMessage(), e);
        }
        SortedMap<String, Amount> languages = new TreeMap<>();
        List<Source> sources = new ArrayList<>();
        for (Recipe.Source source : RecipeReader.read(recipe, List.of()).sources()) {
            Amount sum = new Amount(0, 0, 0);
            for (var flow : flows.getOrDefault(source.name(), new TreeMap<>()).entrySet()) {
                Amount amount = new Amount(
                        flow.getValue().documents(),
                        flow.getValue().bytes(),
                        flow.getValue().tokens());
                languages.merge(flow.getKey(), amount, Amount::plus);
                sum = sum.plus(amount);
            }
            if (sum.documents() > 0) {
                sources.add(new Source(source.name(), source.category(), source.licence(), sum));
            }
        }
        return new CorpusSummary(sources, languages);
    }
}
