package dev.skald.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The alphabet of byte-level BPE: every byte has a visible character, by which tokenizer.json spells it. Bytes that are printable in Latin-1 stand for
 * themselves; the others, in ascending order, are the characters from U+0100 on (a blank is U+0120).
 *
 * <p>Source: {@code bytes_to_unicode} of OpenAI's GPT-2.
 */
final class ByteAlphabet {

    private static final char[] CHARACTER = new char[256];
    /** The byte of a character below U+0144, or -1. */
    private static final short[] BYTE = new short[0x144];

    static {
        Arrays.fill(BYTE, (short) -1);
        int next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            CHARACTER[b] = (char) (printable ? b : next++);
            BYTE[CHARACTER[b]] = (short) b;
        }
    }

    private ByteAlphabet() {}

    static char character(int b) {
        return CHARACTER[b & 0xFF];
    }

    /** The byte that {@code character} stands for, or -1. */
    static int byteOf(int character) {
        return character < BYTE.length ? BYTE[character] : -1;
    }

    /** The usual id of each byte: its place among the characters of the alphabet in ascending order. */
    static int[] ids() {
        int[] ids = new int[256];
        int next = 0;
        for (short b : BYTE) {
            if (b >= 0) {
                ids[b] = next++;
            }
        }
        return ids;
    }

    /** Spells the bytes {@code from <= i < to}. */
    static String spell(byte[] bytes, int from, int to) {
        char[] characters = new char[to - from];
        for (int i = from; i < to; i++) {
            characters[i - from] = CHARACTER[bytes[i] & 0xFF];
        }
        return new String(characters);
    }

    /** Spells the UTF-8 bytes of {@code text}. */
    static String spell(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return spell(utf8, 0, utf8.length);
    }

    /**
     * Replaces a token in UTF-8 by the bytes it spells, in place.
     *
     * @return the number of bytes, or -1 (and nothing changed) if a character is not of the alphabet
     */
    static int unspell(byte[] utf8, int length) {
        for (int i = 0; i < length; i++) {
            int b = utf8[i];
            if (b < 0) {
                if (i + 1 >= length || (b & 0xE0) != 0xC0 || byteOf((b & 0x1F) << 6 | (utf8[i + 1] & 0x3F)) < 0) {
                    return -1;
                }
                i++;
            } else if (BYTE[b] < 0) {
                return -1;
            }
        }
        int size = 0;
        for (int i = 0; i < length; i++) {
            int b = utf8[i];
            utf8[size++] = b >= 0 ? (byte) b : (byte) BYTE[(b & 0x1F) << 6 | (utf8[++i] & 0x3F)];
        }
        return size;
    }
}
