package dev.skald.corpus;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How often each document is packed: by source and language, from the recipe's weights and what there is.
 *
 * @param weights source name to language to the mean number of copies
 * @param validation language to the share of its documents that are held out
 * @param maxRepeats most copies of one document
 * @param seed of the choices
 */
record MixPlan(
        SortedMap<String, SortedMap<String, Double>> weights,
        SortedMap<String, Double> validation,
        int maxRepeats,
        long seed)
        implements Serializable {

    private static final long VALIDATION = 0x76616C6964L;
    private static final long REPEATS = 0x7265706561L;

    /** From the kept documents as counted. */
    static MixPlan of(Recipe recipe, Map<String, SortedMap<String, Amount>> kept) {
        SortedMap<String, SortedMap<String, Double>> weights = new TreeMap<>();
        SortedMap<String, Double> weighted = new TreeMap<>();
        SortedMap<String, Long> documents = new TreeMap<>();
        for (Recipe.Source source : recipe.sources()) {
            kept.getOrDefault(source.name(), new TreeMap<>()).forEach((language, amount) -> {
                double weight = source.weight() * categoryWeight(recipe.mix(), source.category(), language);
                weights.computeIfAbsent(source.name(), key -> new TreeMap<>()).put(language, weight);
                weighted.merge(language, weight * amount.tokens(), Double::sum);
                documents.merge(language, amount.documents(), Long::sum);
            });
        }
        recipe.mix().targetTokens().forEach((language, target) -> {
            double have = weighted.getOrDefault(language, 0.0);
            weights.values()
                    .forEach(row ->
                            row.computeIfPresent(language, (key, weight) -> have == 0 ? 0 : weight * target / have));
        });
        SortedMap<String, Double> validation = new TreeMap<>();
        documents.forEach((language, count) -> validation.put(
                language,
                Math.min(
                        recipe.validation().fraction(),
                        (double) recipe.validation().maxDocuments() / count)));
        return new MixPlan(weights, validation, recipe.mix().maxRepeats(), recipe.seed());
    }

    private static double categoryWeight(Recipe.Mix mix, String category, String language) {
        Map<String, Double> row = mix.weights().getOrDefault(category, Map.of());
        return row.getOrDefault(language, row.getOrDefault("default", 1.0));
    }

    /** Whether the document is held out; decided by its content alone, so that more data does not change it. */
    boolean isValidation(String language, long hash) {
        return Hashes.fraction(Hashes.mix(seed ^ VALIDATION, hash)) < validation.getOrDefault(language, 0.0);
    }

    /** Copies of the document in the training set. */
    int copies(String source, String language, long hash) {
        double weight = Math.min(
                maxRepeats, weights.getOrDefault(source, new TreeMap<>()).getOrDefault(language, 0.0));
        int whole = (int) weight;
        return whole + (Hashes.fraction(Hashes.mix(seed ^ REPEATS, hash)) < weight - whole ? 1 : 0);
    }

    /** Where a copy comes in the shuffled training set. */
    long place(long hash, int copy) {
        return Hashes.mix(Hashes.mix(seed, hash), copy);
    }

    /** The languages, in the order of their validation sets. */
    static List<String> languages() {
        return LanguageIdentifier.KNOWN;
    }
}
