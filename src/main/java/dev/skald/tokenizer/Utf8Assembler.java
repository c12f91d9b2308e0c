package dev.skald.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Makes text of bytes that come in parts: holds back the start of a character until its last byte is there. Not thread-safe. */
final class Utf8Assembler {

    private byte[] pending = new byte[64];
    private int length;

    /** The text that is certain with these bytes; malformed ones become U+FFFD as {@link String} has it. */
    String add(byte[] bytes, int from, int to) {
        int needed = length + to - from;
        if (needed > pending.length) {
            pending = Arrays.copyOf(pending, Math.max(needed, pending.length * 2));
        }
        System.arraycopy(bytes, from, pending, length, to - from);
        length = needed;
        int whole = length - Utf8.unfinished(pending, length);
        String text = new String(pending, 0, whole, StandardCharsets.UTF_8);
        System.arraycopy(pending, whole, pending, 0, length - whole);
        length -= whole;
        return text;
    }

    /** What is left: U+FFFD for a character that was begun, or nothing. */
    String finish() {
        String text = new String(pending, 0, length, StandardCharsets.UTF_8);
        length = 0;
        return text;
    }
}
