package dev.skald.tokenizer;

import static dev.skald.tokenizer.CharacterClass.BLANK;
import static dev.skald.tokenizer.CharacterClass.LETTER;
import static dev.skald.tokenizer.CharacterClass.NEWLINE;
import static dev.skald.tokenizer.CharacterClass.NUMBER;
import static dev.skald.tokenizer.CharacterClass.OTHER;

import java.util.Optional;

/**
 * The pre-tokenizer patterns that most models use, written out by hand over UTF-8. A pattern is recognised by its exact text; every other one goes through
 * {@link OnigurumaPattern}.
 *
 * <p>The alternatives of a pattern are tried in its order, and each branch below names the one that it is. All of them together match every character, so
 * that the pieces are the whole text. Where a regular expression would backtrack, the end is found directly: {@code \s*[\r\n]+} ends after the last line end of
 * a run of white space, and {@code \s+(?!\S)} before the last character of a run that a word follows. Each character is looked at a bounded number of
 * times, whatever the text.
 */
final class Scanner {

    private static final String LLAMA_3 =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String QWEN_2 = LLAMA_3.replace("{1,3}", "");
    static final String GPT_2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    private final boolean gpt2;
    private final int maxDigits;

    private Scanner(boolean gpt2, int maxDigits) {
        this.gpt2 = gpt2;
        this.maxDigits = maxDigits;
    }

    /** The pattern of Llama 3 and of GPT-4's cl100k. */
    static String llama3() {
        return LLAMA_3;
    }

    /** The scanner for a pattern, if it is a known one. */
    static Optional<Scanner> of(String pattern) {
        return switch (pattern) {
            case LLAMA_3 -> Optional.of(new Scanner(false, 3));
            case GPT_2 -> Optional.of(new Scanner(true, Integer.MAX_VALUE));
            default -> pattern.equals(QWEN_2) ? Optional.of(new Scanner(false, 1)) : Optional.empty();
        };
    }

    /** The end of the piece that starts at {@code at < to}. */
    int next(byte[] text, int at, int to) {
        return gpt2 ? nextGpt2(text, at, to) : nextLlama3(text, at, to);
    }

    private int nextLlama3(byte[] text, int at, int to) {
        int b = text[at];
        if (b == '\'') {
            int end = contraction(text, at, to, true);
            if (end > 0) {
                return end;
            }
        }
        byte type = CharacterClass.at(text, at, to);
        if (type == LETTER) { // [^\r\n\p{L}\p{N}]?\p{L}+ without its first part
            return letters(text, at, to);
        }
        int second = Utf8.next(text, at, to);
        if (type == NUMBER) { // \p{N}{1,3}
            int end = second;
            for (int digits = 1;
                    digits < maxDigits && end < to && CharacterClass.at(text, end, to) == NUMBER;
                    digits++) {
                end = Utf8.next(text, end, to);
            }
            return end;
        }
        byte secondType = second < to ? CharacterClass.at(text, second, to) : BLANK;
        if (secondType == LETTER && type != NEWLINE) { // [^\r\n\p{L}\p{N}]?\p{L}+
            return letters(text, second, to);
        }
        if (type == OTHER || (b == ' ' && secondType == OTHER)) { //  ?[^\s\p{L}\p{N}]+[\r\n]*
            int end = others(text, second, to);
            while (end < to && (text[end] == '\n' || text[end] == '\r')) {
                end++;
            }
            return end;
        }
        return whiteSpace(text, at, to, true);
    }

    private static int nextGpt2(byte[] text, int at, int to) {
        int b = text[at];
        if (b == '\'') {
            int end = contraction(text, at, to, false);
            if (end > 0) {
                return end;
            }
        }
        int first = b == ' ' && at + 1 < to ? at + 1 : at;
        return switch (CharacterClass.at(text, first, to)) {
            case LETTER -> letters(text, first, to); //  ?\p{L}+
            case NUMBER -> numbers(text, first, to); //  ?\p{N}+
            case OTHER -> others(text, first, to); //  ?[^\s\p{L}\p{N}]+
            default -> whiteSpace(text, at, to, false);
        };
    }

    /** {@code 's|'t|'re|'ve|'m|'ll|'d}: its end, or 0. Where case does not matter, s is the long s (U+017F) too. */
    private static int contraction(byte[] text, int at, int to, boolean anyCase) {
        if (at + 1 >= to) {
            return 0;
        }
        int fold = anyCase ? 0x20 : 0;
        int b = text[at + 1] | fold;
        if (b == 's' || b == 't' || b == 'm' || b == 'd') {
            return at + 2;
        }
        if (at + 2 >= to) {
            return 0;
        }
        int c = text[at + 2] | fold;
        if ((b == 'r' && c == 'e') || (b == 'v' && c == 'e') || (b == 'l' && c == 'l')) {
            return at + 3;
        }
        return anyCase && text[at + 1] == (byte) 0xC5 && text[at + 2] == (byte) 0xBF ? at + 3 : 0;
    }

    private static int letters(byte[] text, int at, int to) {
        int end = at;
        while (end < to) {
            int b = text[end];
            if (b >= 0) {
                if (!CharacterClass.isAsciiLetter(b)) {
                    return end;
                }
                end++;
            } else if (CharacterClass.at(text, end, to) == LETTER) {
                end = Utf8.next(text, end, to);
            } else {
                return end;
            }
        }
        return end;
    }

    private static int numbers(byte[] text, int at, int to) {
        int end = at;
        while (end < to && CharacterClass.at(text, end, to) == NUMBER) {
            end = Utf8.next(text, end, to);
        }
        return end;
    }

    private static int others(byte[] text, int at, int to) {
        int end = at;
        while (end < to && CharacterClass.at(text, end, to) == OTHER) {
            end = Utf8.next(text, end, to);
        }
        return end;
    }

    /** {@code \s*[\r\n]+|\s+(?!\S)|\s+}, the first only where {@code lines} are cut. */
    private static int whiteSpace(byte[] text, int at, int to, boolean lines) {
        int end = at;
        int last = at;
        int afterLine = 0;
        while (end < to) {
            byte type = CharacterClass.at(text, end, to);
            if (type != BLANK && type != NEWLINE) {
                break;
            }
            last = end;
            end = Utf8.next(text, end, to);
            if (type == NEWLINE) {
                afterLine = end;
            }
        }
        if (lines && afterLine > 0) {
            return afterLine;
        }
        return end == to || last == at ? end : last;
    }
}
