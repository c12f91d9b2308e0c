package dev.skald.tokenizer;

import dev.skald.InvalidInputException;
import java.util.regex.Matcher;

/** What a Split or a Replace of tokenizer.json looks for: a string, or a regular expression. */
sealed interface Pattern {

    /** Takes the spans of a text in order: matches, and what is between them. */
    interface Spans {
        void span(int from, int to, boolean match);
    }

    void spans(String text, Spans spans);

    /** A string, taken literally. */
    record Literal(String string) implements Pattern {
        @Override
        public void spans(String text, Spans spans) {
            int done = 0;
            for (int at = text.indexOf(string); at >= 0; at = text.indexOf(string, done)) {
                if (done < at) {
                    spans.span(done, at, false);
                }
                done = at + string.length();
                spans.span(at, done, true);
            }
            if (done < text.length()) {
                spans.span(done, text.length(), false);
            }
        }
    }

    /**
     * A regular expression.
     *
     * @param source as tokenizer.json has it, in Oniguruma's syntax
     * @param compiled the same in Java's
     */
    record Regex(String source, java.util.regex.Pattern compiled) implements Pattern {

        Regex(String source) {
            this(source, OnigurumaPattern.compile(source));
        }

        /** Like Oniguruma's own iteration, passes over an empty match right after a match. */
        @Override
        public void spans(String text, Spans spans) {
            Matcher matcher = compiled.matcher(text);
            int done = 0;
            int lastEnd = -1;
            int from = 0;
            while (from <= text.length() && find(matcher, from)) {
                int start = matcher.start();
                int end = matcher.end();
                if (start == end && end == lastEnd) {
                    from = from < text.length() ? text.offsetByCodePoints(from, 1) : from + 1;
                    continue;
                }
                if (done < start) {
                    spans.span(done, start, false);
                }
                spans.span(start, end, true);
                done = end;
                lastEnd = end;
                from = end;
            }
            if (done < text.length()) {
                spans.span(done, text.length(), false);
            }
        }

        /** Java's matcher calls itself for each turn of a repeated group. */
        private boolean find(Matcher matcher, int from) {
            try {
                return matcher.find(from);
            } catch (StackOverflowError e) {
                throw new InvalidInputException(
                        "regular expression " + Quoted.of(source) + ": repeats a group too often at character " + from
                                + " of the text",
                        e);
            }
        }
    }
}
