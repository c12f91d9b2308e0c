package dev.skald.corpus;

import dev.skald.InvalidInputException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * The quality rules: each measures one value of a document, and the recipe says what it must lie between. Named in recipes and outputs in
 * lower case.
 */
enum Rule {
    CHARACTERS("characters of the text", 10_000, m -> m.shape().length),
    WORDS("words of the text", 2_000, m -> m.shape().words),
    MEAN_WORD_LENGTH("characters of a word, on average", 20, Measures::meanWordLength),
    LINE_CHARACTERS("characters of a line: half the sum of mean and median", 500, Measures::lineCharacters),
    LINE_WORDS("words of a line: half the sum of mean and median", 100, Measures::lineWords),
    LANGUAGE_SCORE("how sure the language is", 1, Subject::score),
    ALPHABETIC_WORDS("share of words with a letter", 1, m -> Measures.ratio(m.shape().letterWords, m.shape().words)),
    DIGITS("share of characters that are digits", 1, m -> Measures.ratio(m.shape().digits, m.shape().length)),
    HASHES("# signs for each word", 0.5, m -> Measures.ratio(m.shape().hashes, m.shape().words)),
    ELLIPSES("… and ... for each word", 0.5, m -> Measures.ratio(m.shape().ellipses, m.shape().words)),
    BULLET_LINES("share of lines that start with a bullet", 1, Measures::bulletLines),
    ELLIPSIS_LINES("share of lines that end in … or ...", 1, Measures::ellipsisLines),
    STOP_WORD_HITS("stop words of the language", 200, Subject::stopWordHits),
    STOP_WORDS("share of words that are stop words", 1, m -> Measures.ratio(m.stopWordHits(), m.shape().words)),
    DUPLICATE_LINES("share of lines seen before", 1, m -> m.repetition().lines()),
    DUPLICATE_LINE_CHARACTERS(
            "share of characters in lines seen before", 1, m -> m.repetition().lineCharacters()),
    DUPLICATE_PARAGRAPHS(
            "share of paragraphs seen before", 1, m -> m.repetition().paragraphs()),
    DUPLICATE_PARAGRAPH_CHARACTERS(
            "share of characters in paragraphs seen before",
            1,
            m -> m.repetition().paragraphCharacters()),
    TOP_2_GRAM(
            "share of characters in the most frequent word 2-gram",
            1,
            m -> m.repetition().top(2)),
    TOP_3_GRAM(
            "share of characters in the most frequent word 3-gram",
            1,
            m -> m.repetition().top(3)),
    TOP_4_GRAM(
            "share of characters in the most frequent word 4-gram",
            1,
            m -> m.repetition().top(4)),
    DUPLICATE_5_GRAMS(
            "share of characters in word 5-grams seen before",
            1,
            m -> m.repetition().duplicate(5)),
    DUPLICATE_6_GRAMS(
            "share of characters in word 6-grams seen before",
            1,
            m -> m.repetition().duplicate(6)),
    DUPLICATE_7_GRAMS(
            "share of characters in word 7-grams seen before",
            1,
            m -> m.repetition().duplicate(7)),
    DUPLICATE_8_GRAMS(
            "share of characters in word 8-grams seen before",
            1,
            m -> m.repetition().duplicate(8)),
    DUPLICATE_9_GRAMS(
            "share of characters in word 9-grams seen before",
            1,
            m -> m.repetition().duplicate(9)),
    DUPLICATE_10_GRAMS(
            "share of characters in word 10-grams seen before",
            1,
            m -> m.repetition().duplicate(10)),
    CHARACTER_10_GRAMS(
            "share of the most frequent character 10-grams",
            1,
            m -> m.repetition().characterTenGrams()),
    WORD_5_GRAMS(
            "share of word 5-grams that occur more than once",
            1,
            m -> m.repetition().wordFiveGrams()),
    LINE_PUNCTUATION("share of lines that end in punctuation", 1, Measures::linePunctuation),
    SHORT_LINES("share of lines of 30 characters and less", 1, Measures::shortLines),
    NEWLINES("line breaks for each word", 1, m -> Measures.ratio(m.shape().newlines, m.shape().words)),
    ADULT_WORDS("weight of adult words for each word", 0.2, Subject::adultWeight),
    URL_LENGTH("characters of the URL", 200, Measures::urlLength),
    URL_MALFORMED("1 if the URL is none", 1, Measures::urlMalformed),
    URL_BLOCKED("1 if the URL's domain or file ending is blocked", 1, Measures::urlBlocked),
    CONTAMINATION("share of word n-grams that occur in the evaluation sets", 1, Subject::contamination);

    /** A pure function of a document; NaN where the rule does not apply to it. */
    @FunctionalInterface
    interface Measure {
        double of(Subject subject);
    }

    private final String key = name().toLowerCase(Locale.ROOT);
    private final String meaning;
    private final double scale;

    @SuppressWarnings("ImmutableEnumChecker") // a measure is a lambda without state
    private final Measure measure;

    Rule(String meaning, double scale, Measure measure) {
        this.meaning = meaning;
        this.scale = scale;
        this.measure = measure;
    }

    /** The name in recipes and outputs. */
    String key() {
        return key;
    }

    /** What is measured, in words. */
    String meaning() {
        return meaning;
    }

    /** The value at the right end of the rule's histogram. */
    double scale() {
        return scale;
    }

    double measure(Subject subject) {
        return measure.of(subject);
    }

    /** The rule of this name. */
    static Rule named(String key, String where) {
        for (Rule rule : values()) {
            if (rule.key.equals(key)) {
                return rule;
            }
        }
        List<String> keys = Arrays.stream(values()).map(Rule::key).toList();
        throw new InvalidInputException(
                "recipe: " + where + ": no rule '" + key + "'" + Objects.requireNonNull(Names.suggestion(key, keys)));
    }
}
