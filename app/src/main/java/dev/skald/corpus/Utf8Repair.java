package dev.skald.corpus;

import dev.skald.tokenizer.Utf8;
import java.nio.charset.StandardCharsets;

/**
 * Undoes UTF-8 that was decoded as Windows-1252: "smÃ¥" becomes "små". A run of characters is repaired where its bytes in Windows-1252 are a
 * valid UTF-8 sequence of one character of two bytes or more; ordinary text holds no such runs, save for all capitals such as "Ã…".
 */
final class Utf8Repair {

    /** What Windows-1252 shows for the bytes 0x80 to 0x9F; 0 where it has nothing. */
    private static final String UPPER_CONTROLS = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

    private Utf8Repair() {}

    static String repair(String text) {
        int first = nextLead(text, 0);
        if (first < 0) {
            return text;
        }
        StringBuilder repaired = new StringBuilder(text.length());
        int copied = 0;
        byte[] bytes = new byte[4];
        for (int i = first; i >= 0; i = nextLead(text, i + 1)) {
            if (i < copied) {
                continue;
            }
            int length = sequenceLength(byteOf(text.charAt(i)));
            if (i + length > text.length()) {
                continue;
            }
            boolean valid = true;
            for (int k = 0; k < length; k++) {
                int value = byteOf(text.charAt(i + k));
                bytes[k] = (byte) value;
                valid &= value >= 0 && (k == 0 || (value & 0xC0) == 0x80);
            }
            if (valid && Utf8.firstMalformed(bytes, 0, length) < 0) {
                repaired.append(text, copied, i).append(new String(bytes, 0, length, StandardCharsets.UTF_8));
                copied = i + length;
            }
        }
        return repaired.append(text, copied, text.length()).toString();
    }

    /** The next character that would be the first byte of a sequence: U+00C2 to U+00F4. */
    private static int nextLead(String text, int from) {
        for (int i = from; i < text.length() - 1; i++) {
            char c = text.charAt(i);
            if (c >= 0xC2 && c <= 0xF4 && text.charAt(i + 1) >= 0x80) {
                return i;
            }
        }
        return -1;
    }

    private static int sequenceLength(int lead) {
        return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    }

    private static int byteOf(char c) {
        if (c < 0x100) {
            return c;
        }
        int control = UPPER_CONTROLS.indexOf(c);
        return control < 0 ? -1 : 0x80 + control;
    }
}
