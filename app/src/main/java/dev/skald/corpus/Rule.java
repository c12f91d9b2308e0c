package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.base.NearestName;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The quality rules: each measures one value of a document, and the recipe says what it must lie between. Named in recipes and outputs in
 * lower case.
 */
enum Rule {
    /** Characters of the text. */
    CHARACTERS("characters of the text", 10_000),
    /** Words of the text. */
    WORDS("words of the text", 2_000),
    /** Characters of a word, on average. */
    MEAN_WORD_LENGTH("characters of a word, on average", 20),
    /** Characters of a line: half the sum of mean and median. */
    LINE_CHARACTERS("characters of a line: half the sum of mean and median", 500),
    /** Words of a line: half the sum of mean and median. */
    LINE_WORDS("words of a line: half the sum of mean and median", 100),
    /** How sure the language is. */
    LANGUAGE_SCORE("how sure the language is", 1),
    /** Share of words with a letter. */
    ALPHABETIC_WORDS("share of words with a letter", 1),
    /** Share of characters that are digits. */
    DIGITS("share of characters that are digits", 1),
    /** # signs for each word, but for those that begin a heading of Markdown. */
    HASHES("# signs for each word, Markdown's headings apart", 0.5),
    /** … and ... for each word. */
    ELLIPSES("… and ... for each word", 0.5),
    /** Share of lines that start with a bullet. */
    BULLET_LINES("share of lines that start with a bullet", 1),
    /** Share of lines that end in … or .... */
    ELLIPSIS_LINES("share of lines that end in … or ...", 1),
    /** Stop words of the language. */
    STOP_WORD_HITS("stop words of the language", 200),
    /** Share of words that are stop words. */
    STOP_WORDS("share of words that are stop words", 1),
    /** Share of lines seen before. */
    DUPLICATE_LINES("share of lines seen before", 1),
    /** Share of characters in lines seen before. */
    DUPLICATE_LINE_CHARACTERS("share of characters in lines seen before", 1),
    /** Share of paragraphs seen before. */
    DUPLICATE_PARAGRAPHS("share of paragraphs seen before", 1),
    /** Share of characters in paragraphs seen before. */
    DUPLICATE_PARAGRAPH_CHARACTERS("share of characters in paragraphs seen before", 1),
    /** Share of characters in the most frequent word 2-gram. */
    TOP_2_GRAM("share of characters in the most frequent word 2-gram", 1),
    /** Share of characters in the most frequent word 3-gram. */
    TOP_3_GRAM("share of characters in the most frequent word 3-gram", 1),
    /** Share of characters in the most frequent word 4-gram. */
    TOP_4_GRAM("share of characters in the most frequent word 4-gram", 1),
    /** Share of characters in word 5-grams seen before. */
    DUPLICATE_5_GRAMS("share of characters in word 5-grams seen before", 1),
    /** Share of characters in word 6-grams seen before. */
    DUPLICATE_6_GRAMS("share of characters in word 6-grams seen before", 1),
    /** Share of characters in word 7-grams seen before. */
    DUPLICATE_7_GRAMS("share of characters in word 7-grams seen before", 1),
    /** Share of characters in word 8-grams seen before. */
    DUPLICATE_8_GRAMS("share of characters in word 8-grams seen before", 1),
    /** Share of characters in word 9-grams seen before. */
    DUPLICATE_9_GRAMS("share of characters in word 9-grams seen before", 1),
    /** Share of characters in word 10-grams seen before. */
    DUPLICATE_10_GRAMS("share of characters in word 10-grams seen before", 1),
    /** Share of the most frequent character 10-grams. */
    CHARACTER_10_GRAMS("share of the most frequent character 10-grams", 1),
    /** Share of word 5-grams that occur more than once. */
    WORD_5_GRAMS("share of word 5-grams that occur more than once", 1),
    /** Share of lines that end in punctuation. */
    LINE_PUNCTUATION("share of lines that end in punctuation", 1),
    /** Share of lines of 30 characters and less. */
    SHORT_LINES("share of lines of 30 characters and less", 1),
    /** Line breaks for each word. */
    NEWLINES("line breaks for each word", 1),
    /** Weight of adult words for each word. */
    ADULT_WORDS("weight of adult words for each word", 0.2),
    /** Characters of the URL. */
    URL_LENGTH("characters of the URL", 200),
    /** 1 if the URL is none. */
    URL_MALFORMED("1 if the URL is none", 1),
    /** 1 if the URL's domain or file ending is blocked. */
    URL_BLOCKED("1 if the URL's domain or file ending is blocked", 1),
    /** Share of word n-grams that occur in the evaluation sets. */
    CONTAMINATION("share of word n-grams that occur in the evaluation sets", 1);

    private final String key = name().toLowerCase(Locale.ROOT);
    private final String meaning;
    private final double scale;

    Rule(String meaning, double scale) {
        this.meaning = meaning;
        this.scale = scale;
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

    /** The rule of this name. */
    static Rule named(String key, String where) {
        for (Rule rule : values()) {
            if (rule.key.equals(key)) {
                return rule;
            }
        }
        List<String> keys = Arrays.stream(values()).map(Rule::key).toList();
        String suggestion = NearestName.suggestion(key, keys);
        throw new InvalidInputException(
                where + ": no rule '" + key + "'" + (suggestion.isEmpty() ? "" : "; " + suggestion));
    }
}
