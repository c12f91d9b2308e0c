package dev.skald.tokenizer;

import dev.skald.InvalidInputException;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Regular expressions of tokenizer.json are Oniguruma's; this makes Java's of them. */
final class OnigurumaPattern {

    private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE | Pattern.MULTILINE;

    private OnigurumaPattern() {}

    static Pattern compile(String source) {
        try {
            return Pattern.compile(source, FLAGS);
        } catch (PatternSyntaxException e) {
            throw new InvalidInputException("regular expression " + source + ": " + e.getDescription(), e);
        }
    }
}
