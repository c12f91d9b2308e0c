package dev.skald.corpus;

import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** The plan of a run in words. */
final class Explanation {

    private final Plan plan;
    private final Recipe recipe;
    private final StringBuilder text = new StringBuilder();

    private Explanation(Plan plan) {
        this.plan = plan;
        recipe = plan.recipe();
    }

    static String of(Plan plan) {
        Explanation explanation = new Explanation(plan);
        explanation.sources();
        explanation.cleaning();
        explanation.filters();
        explanation.deduplication();
        explanation.packing();
        return explanation.text.toString();
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private void sources() {
        line("preset %s, seed %d, into %s", recipe.preset(), recipe.seed(), plan.output());
        line("");
        line(
                "1 read: %d tasks of about %d MB of text",
                plan.partitions(), recipe.read().splitBytes() >> 20);
        line(
                "  %-20s %-15s %-8s %9s %6s %7s %s",
                "source", "category", "language", "weight", "files", "tasks", "MB on disk");
        for (int i = 0; i < recipe.sources().size(); i++) {
            Recipe.Source source = recipe.sources().get(i);
            int tasks = 0;
            long bytes = 0;
            TreeSet<String> files = new TreeSet<>();
            for (Split split : plan.splits()) {
                if (split.source() == i) {
                    tasks++;
                    bytes += split.bytes();
                    files.add(split.file());
                }
            }
            line(
                    "  %-20s %-15s %-8s %9s %6d %7d %10.1f",
                    source.name(),
                    source.category(),
                    source.language().isEmpty() ? "?" : source.language(),
                    source.weight(),
                    files.size(),
                    tasks,
                    bytes / 1e6);
        }
        line(
                "  records over %d bytes, without text or not readable are kept aside; the run stops if they are more than %s of all",
                recipe.read().maxDocumentBytes(), recipe.read().maxRejected());
    }

    private void cleaning() {
        Recipe.PersonalDataSettings masked = recipe.personalData();
        line(
                "  normalise: %s; repair UTF-8: %s",
                yes(recipe.normalize().enabled()), yes(recipe.normalize().repairUtf8()));
        line(
                "  mask: e-mail addresses %s, IP addresses %s, identity numbers %s, phone numbers %s",
                yes(masked.emails()),
                yes(masked.ipAddresses()),
                yes(masked.identityNumbers()),
                yes(masked.phoneNumbers()));
        line("  keep languages: %s", String.join(", ", recipe.language().keep()));
    }

    private void filters() {
        line("  filters:");
        Map<Rule, SortedMap<String, String>> bounds = new TreeMap<>();
        for (String language : recipe.language().keep()) {
            recipe.bounds(language)
                    .forEach((rule, bound) ->
                            bounds.computeIfAbsent(rule, key -> new TreeMap<>()).put(language, of(bound)));
        }
        bounds.forEach((rule, byLanguage) -> {
            boolean same = byLanguage.size() == recipe.language().keep().size()
                    && new TreeSet<>(byLanguage.values()).size() == 1;
            line(
                    "    %-31s %s  (%s)",
                    rule.key(), same ? byLanguage.firstEntry().getValue() : byLanguage, rule.meaning());
        });
        if (!recipe.decontaminate().paths().isEmpty()) {
            line("    decontaminate: %s", recipe.decontaminate());
        }
    }

    private static String of(Recipe.Bound bound) {
        String range = (bound.min() == null ? "" : ">= " + bound.min())
                + (bound.min() != null && bound.max() != null ? ", " : "")
                + (bound.max() == null ? "" : "<= " + bound.max());
        return range
                + (bound.from() > 0 ? " from " + bound.from() : "")
                + (bound.distinct() > 0 ? ", " + bound.distinct() + " different" : "")
                + (bound.categories().isEmpty() ? "" : " for " + String.join(", ", bound.categories()));
    }

    private void deduplication() {
        Recipe.FuzzyDedup fuzzy = recipe.fuzzyDedup();
        line("2 exact duplicates: %s, %d tasks", yes(recipe.exactDedup().enabled()), plan.groups());
        if (!fuzzy.enabled()) {
            line("3 near duplicates: no");
            return;
        }
        line(
                "3-6 near duplicates, by language: %d-%s shingles, %d bands of %d MinHash values; pairs with Jaccard >= %s are one; keeps %s",
                fuzzy.shingleSize(),
                fuzzy.shingle(),
                fuzzy.bands(),
                fuzzy.rows(),
                fuzzy.threshold(),
                String.join(", then ", fuzzy.survivor()));
        StringBuilder recall = new StringBuilder();
        for (double similarity : new double[] {0.5, 0.6, 0.7, 0.8, 0.9}) {
            double found = 1 - Math.pow(1 - Math.pow(similarity, fuzzy.rows()), fuzzy.bands());
            recall.append(String.format(Locale.ROOT, " %.1f: %.1f %%", similarity, 100 * found));
        }
        line("  share of pairs that become candidates, by Jaccard:%s", recall);
    }

    private void packing() {
        if (recipe.tokenizer().isEmpty()) {
            line(
                    "7 kept/ and removed/ as %s; no tokenizer, so nothing is packed",
                    recipe.kept().format());
            return;
        }
        line("7 kept/ and removed/ as %s; tokens by %s", recipe.kept().format(), recipe.tokenizer());
        line("8 mix:");
        recipe.mix().weights().forEach((category, row) -> line("    %-16s %s", category, new TreeMap<>(row)));
        recipe.mix().targetTokens().forEach((language, tokens) -> line("    %s: %d tokens", language, tokens));
        line(
                "  validation: %s of each language's documents, at most %d",
                recipe.validation().fraction(), recipe.validation().maxDocuments());
        line(
                "9 pack: %d shards in packed/train, one in packed/validation-LANGUAGE",
                recipe.pack().shards());
    }

    private static String yes(boolean is) {
        return is ? "yes" : "no";
    }
}
