package dev.skald.corpus;

import java.util.Arrays;

/**
 * A text cut into words, lines and paragraphs: what the rules and MinHash look at. A word is a run of anything but white space; a line is
 * trimmed and not empty; a paragraph ends at an empty line. The arrays are used again for the next text: {@link #read} it, measure it,
 * let go. Not thread-safe.
 */
final class TextShape {

    private static final long PRIME = 0x9E3779B97F4A7C15L;
    private static final int DEEPEST_HEADING = 6;

    char[] chars = new char[1 << 16];
    int length;

    int words;
    int[] wordStart = new int[1 << 13];
    int[] wordEnd = new int[1 << 13];
    /** Of the word as it stands. */
    long[] wordHash = new long[1 << 13];
    /** Of the word's letters and digits in lower case; 0 if it has none. */
    long[] foldedHash = new long[1 << 13];

    int lines;
    int[] lineStart = new int[1 << 10];
    int[] lineEnd = new int[1 << 10];
    int[] lineWords = new int[1 << 10];

    int paragraphs;
    /** First line of each paragraph; element {@code paragraphs} is {@code lines}. */
    int[] paragraphLine = new int[1 << 10];

    int letterWords;
    int digits;
    /** # signs, but for those that begin a heading. */
    int hashes;

    int ellipses;
    int newlines;

    void read(String text) {
        length = text.length();
        if (chars.length < length) {
            chars = new char[length + length / 4];
        }
        text.getChars(0, length, chars, 0);
        words = 0;
        lines = 0;
        paragraphs = 0;
        letterWords = 0;
        digits = 0;
        hashes = 0;
        ellipses = 0;
        newlines = 0;
        boolean afterEmptyLine = true;
        int start = 0;
        while (start <= length) {
            int end = start;
            while (end < length && chars[end] != '\n') {
                end++;
            }
            if (end < length) {
                newlines++;
            }
            if (readLine(start, end)) {
                if (afterEmptyLine) {
                    startParagraph();
                }
                afterEmptyLine = false;
            } else {
                afterEmptyLine = true;
            }
            start = end + 1;
        }
        paragraphLine[paragraphs] = lines;
    }

    private void startParagraph() {
        if (paragraphs + 2 > paragraphLine.length) {
            paragraphLine = Arrays.copyOf(paragraphLine, 2 * paragraphLine.length);
        }
        paragraphLine[paragraphs++] = lines - 1;
    }

    /** Adds the line's words and, unless it is empty, the line. */
    private boolean readLine(int from, int to) {
        int first = words;
        int i = from;
        while (i < to) {
            if (isSpace(chars[i])) {
                i++;
            } else {
                i = readWord(i, to);
            }
        }
        if (words == first) {
            return false;
        }
        int mark = wordEnd[first] - wordStart[first];
        if (words > first + 1 && mark <= DEEPEST_HEADING && isAll('#', wordStart[first], wordEnd[first])) {
            hashes -= mark; // Markdown's mark of a heading
        }
        if (lines == lineStart.length) {
            lineStart = Arrays.copyOf(lineStart, 2 * lines);
            lineEnd = Arrays.copyOf(lineEnd, 2 * lines);
            lineWords = Arrays.copyOf(lineWords, 2 * lines);
        }
        lineStart[lines] = wordStart[first];
        lineEnd[lines] = wordEnd[words - 1];
        lineWords[lines++] = words - first;
        return true;
    }

    private boolean isAll(char c, int from, int to) {
        for (int i = from; i < to; i++) {
            if (chars[i] != c) {
                return false;
            }
        }
        return true;
    }

    private int readWord(int from, int to) {
        long raw = 1;
        long folded = 0;
        boolean letters = false;
        int i = from;
        for (; i < to; i++) {
            char c = chars[i];
            if (c < 128) {
                if (c <= ' ') {
                    break;
                }
                int lower = c | 32;
                if (lower >= 'a' && lower <= 'z') {
                    letters = true;
                    folded = (folded + lower) * PRIME;
                } else if (c >= '0' && c <= '9') {
                    digits++;
                    folded = (folded + c) * PRIME;
                } else if (c == '#') {
                    hashes++;
                } else if (c == '.'
                        && i + 2 < to
                        && chars[i + 1] == '.'
                        && chars[i + 2] == '.'
                        && (i == 0 || chars[i - 1] != '.')) {
                    ellipses++;
                }
            } else if (isSpace(c)) {
                break;
            } else if (Character.isLetter(c) || Character.isSurrogate(c)) {
                letters = true;
                folded = (folded + Character.toLowerCase(c)) * PRIME;
            } else if (Character.isDigit(c)) {
                digits++;
                folded = (folded + c) * PRIME;
            } else if (c == '…') {
                ellipses++;
            }
            raw = (raw + c) * PRIME;
        }
        if (words == wordStart.length) {
            wordStart = Arrays.copyOf(wordStart, 2 * words);
            wordEnd = Arrays.copyOf(wordEnd, 2 * words);
            wordHash = Arrays.copyOf(wordHash, 2 * words);
            foldedHash = Arrays.copyOf(foldedHash, 2 * words);
        }
        wordStart[words] = from;
        wordEnd[words] = i;
        wordHash[words] = Hashes.mix(raw);
        foldedHash[words++] = folded == 0 ? 0 : Hashes.mix(folded);
        if (letters) {
            letterWords++;
        }
        return i;
    }

    /** The folded hash that {@code word} would have in a text. */
    static long foldedHash(String word) {
        long folded = 0;
        for (int i = 0; i < word.length(); i++) {
            char c = Character.toLowerCase(word.charAt(i));
            if (Character.isLetterOrDigit(c) || Character.isSurrogate(c)) {
                folded = (folded + c) * PRIME;
            }
        }
        return folded == 0 ? 0 : Hashes.mix(folded);
    }

    static boolean isSpace(char c) {
        return c <= ' ' || c == 0x85 || c == 0xA0 || (c >= 0x1680 && Character.isSpaceChar(c));
    }
}
