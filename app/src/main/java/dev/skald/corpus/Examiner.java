package dev.skald.corpus;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Normalises a document, masks it, identifies its language and puts it under every rule. Not thread-safe. */
final class Examiner {

    private final Recipe recipe;
    private final WordLists lists;
    private final EvaluationGrams evaluation;
    private final PersonalData personalData;
    private final LanguageIdentifier languages = new LanguageIdentifier();
    private final TextShape shape = new TextShape();
    private final Repetition repetition = new Repetition();
    private final Map<String, Map<Rule, Recipe.Bound>> bounds = new HashMap<>();

    Examiner(Recipe recipe, WordLists lists, EvaluationGrams evaluation) {
        this.recipe = recipe;
        this.lists = lists;
        this.evaluation = evaluation;
        personalData = new PersonalData(recipe.personalData());
    }

    /**
     * A rule that a document did not pass.
     *
     * @param rule name of the rule
     * @param value measured
     * @param min lowest value that passes, or null
     * @param max highest value that passes, or null
     */
    record Failure(String rule, double value, Double min, Double max) {}

    /**
     * A document after the examination.
     *
     * @param document normalised
     * @param language as identified
     * @param score of the language
     * @param values of all rules that the recipe has for this language
     * @param failures all rules that it did not pass; empty: it is kept
     */
    record Examined(
            Document document, String language, double score, Map<Rule, Double> values, List<Failure> failures) {}

    Examined examine(Document raw, Tally tally) {
        Document document = raw.withText(clean(raw.text(), tally));
        shape.read(document.text());
        repetition.read(shape);
        LanguageIdentifier.Identified identified =
                languages.identify(shape.chars, shape.length, recipe.language().sampleChars());
        String language = identified.language();
        List<Failure> failures = new ArrayList<>();
        if (!recipe.language().keep().contains(language)) {
            failures.add(new Failure("language", identified.score(), null, null));
        }
        Map<Rule, Double> values = new EnumMap<>(Rule.class);
        Recipe.Source source = recipe.sources().get(document.source());
        Subject subject =
                new Subject(shape, repetition, document.url(), language, identified.score(), lists, evaluation, null);
        bounds.computeIfAbsent(language, recipe::bounds).forEach((rule, bound) -> {
            boolean other = !bound.categories().isEmpty() && !bound.categories().contains(source.category());
            if (other || source.without().contains(rule.key())) {
                return;
            }
            double value = Measures.of(rule, subject.under(bound));
            values.put(rule, value);
            if (!Double.isNaN(value) && !bound.passes(value)) {
                failures.add(new Failure(rule.key(), value, bound.min(), bound.max()));
            }
        });
        return new Examined(document, language, identified.score(), values, failures);
    }

    private String clean(String raw, Tally tally) {
        String text = recipe.normalize().repairUtf8() ? Utf8Repair.repair(raw) : raw;
        if (recipe.normalize().enabled()) {
            text = TextNormalizer.normalize(text);
        }
        return recipe.personalData().any() ? personalData.mask(text, tally.masked()) : text;
    }

    /** The shape of the document that was examined last. */
    TextShape shape() {
        return shape;
    }
}
