package dev.skald.corpus;

/**
 * A document under the rules: its shape and what the word lists and evaluation sets say of it.
 *
 * @param shape the normalised text
 * @param repetition of the same text
 * @param url the document's, or the empty string
 * @param language as identified
 * @param score of the language, 0 to 1
 * @param lists stop words, adult words, blocked domains
 * @param evaluation n-grams of the evaluation sets
 * @param bound the rule's bounds, for rules that count hits
 */
record Subject(
        TextShape shape,
        Repetition repetition,
        String url,
        String language,
        double score,
        WordLists lists,
        EvaluationGrams evaluation,
        Recipe.Bound bound) {

    Subject under(Recipe.Bound next) {
        return new Subject(shape, repetition, url, language, score, lists, evaluation, next);
    }

    int stopWordHits() {
        return lists.stopWords(language).hits(shape);
    }

    /** Weight of the adult words per word; 0 if there are fewer or fewer different ones than the rule asks for. */
    double adultWeight() {
        return lists.adult(language).density(shape, bound.from(), bound.distinct());
    }

    double contamination() {
        return evaluation.share(shape);
    }
}
