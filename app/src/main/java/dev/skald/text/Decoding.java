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

    static boolean isUtf8(byte[] bytes, int length) {
        return Utf8.firstMalformed(bytes, 0, length) < 0;
    }
}
