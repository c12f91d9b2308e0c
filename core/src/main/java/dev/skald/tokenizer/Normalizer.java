package dev.skald.tokenizer;

import java.text.Normalizer.Form;
import java.util.List;

/** What is done to text before it is cut into pieces: the normalizers of tokenizer.json. */
sealed interface Normalizer {

    String apply(String text);

    /** NFC, NFD, NFKC, NFKD. */
    record UnicodeForm(Form form) implements Normalizer {
        @Override
        public String apply(String text) {
            return java.text.Normalizer.normalize(text, form);
        }
    }

    /** Each character by itself: a sigma at the end of a word becomes the ordinary one. */
    record Lowercase() implements Normalizer {
        @Override
        public String apply(String text) {
            StringBuilder lower = new StringBuilder(text.length());
            text.codePoints().forEach(codePoint -> {
                if (codePoint == 0x130) {
                    lower.append("i\u0307");
                } else {
                    lower.appendCodePoint(Character.toLowerCase(codePoint));
                }
            });
            return lower.toString();
        }
    }

    record Prepend(String prepend) implements Normalizer {
        @Override
        public String apply(String text) {
            return text.isEmpty() ? text : prepend + text;
        }
    }

    record Replace(Pattern pattern, String content) implements Normalizer {
        @Override
        public String apply(String text) {
            StringBuilder replaced = new StringBuilder(text.length());
            pattern.spans(text, (from, to, match) -> {
                if (match) {
                    replaced.append(content);
                } else {
                    replaced.append(text, from, to);
                }
            });
            return replaced.toString();
        }
    }

    record Sequence(List<Normalizer> normalizers) implements Normalizer {
        @Override
        public String apply(String text) {
            String normalized = text;
            for (Normalizer normalizer : normalizers) {
                normalized = normalizer.apply(normalized);
            }
            return normalized;
        }
    }
}
