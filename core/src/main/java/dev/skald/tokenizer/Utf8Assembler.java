package dev.skald.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Makes text of bytes that come in parts: holds back the start of a character until its last byte is there. Not thread-safe. */
final class Utf8Assembler {

    private byte[] pending = new byte[64];
    private int length;

    /** The text that is certain with these bytes; malformed ones become U+FFFD as in {@link #text}. */
    String add(byte[] bytes, int from, int to) {
        int needed = length + to - from;
        if (needed > pending.length) {
            pending = Arrays.copyOf(pending, Math.max(needed, pending.length * 2));
        }
        System.arraycopy(bytes, from, pending, length, to - from);
        length = needed;
        int whole = length - Utf8.unfinished(pending, length);
        String text = text(pending, whole);
        System.arraycopy(pending, whole, pending, 0, length - whole);
        length -= whole;
        return text;
    }

    /** What is left: U+FFFD for a character that was begun, or nothing. */
    String finish() {
        String text = text(pending, length);
        length = 0;
        return text;
    }

    /**
     * The text of the first {@code length} bytes, with one U+FFFD for each maximal part that is no UTF-8: as the Unicode standard (3.9) recommends, and
     * Rust's {@code from_utf8_lossy}, with which Hugging Face decodes. Java does so too, but for an encoded surrogate, all of which it
     * makes one U+FFFD.
     */
    static String text(byte[] bytes, int length) {
        StringBuilder text = new StringBuilder();
        int from = 0;
        for (int i = 0; i + 1 < length; i++) {
            if (bytes[i] == (byte) 0xED && (bytes[i + 1] & 0xE0) == 0xA0) {
                text.append(new String(bytes, from, i - from, StandardCharsets.UTF_8))
                        .append('\uFFFD');
                from = i + 1;
            }
        }
        String rest = new String(bytes, from, length - from, StandardCharsets.UTF_8);
        return from == 0 ? rest : text.append(rest).toString();
    }
}
