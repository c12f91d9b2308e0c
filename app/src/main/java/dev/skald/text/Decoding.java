package dev.skald.text;

import dev.skald.tokenizer.Utf8;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes to text. */
final class Decoding {

    private Decoding() {}

    /** The text; null if it is not UTF-8, which then is a flaw. */
    static String text(byte[] bytes, int length, Place place, ReadOptions options) throws IOException {
        if (!options.repairUtf8() && !isUtf8(bytes, length)) {
            options.flaws().add(Flaw.of(place, Flaw.Kind.NOT_UTF8, "", Arrays.copyOf(bytes, length)));
            return null;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    /** Bytes of the mark that some editors put before UTF-8: 3, or 0 if there is none. */
    static int markLength(byte[] bytes, int length) {
        boolean mark = length >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF;
        return mark ? 3 : 0;
    }

    /** A surrogate without its other half, which JSON can spell and no UTF-8 can hold, becomes U+FFFD. */
    static String withoutHalves(String text) {
        StringBuilder mended = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                continue;
            }
            mended = mended == null ? new StringBuilder(text) : mended;
            mended.setCharAt(i, '\uFFFD');
        }
        return mended == null ? text : mended.toString();
    }

    static boolean isUtf8(byte[] bytes, int length) {
        return Utf8.firstMalformed(bytes, 0, length) < 0;
    }
}
