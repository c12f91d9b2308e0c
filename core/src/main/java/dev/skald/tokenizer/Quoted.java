package dev.skald.tokenizer;

import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;

/** Strings of a file in an error message: as JSON has them, so that the message stays one line. */
final class Quoted {

    private Quoted() {}

    static String of(String text) {
        return TextNode.valueOf(text).toString();
    }

    static String of(byte[] utf8, int length) {
        return of(new String(utf8, 0, length, StandardCharsets.UTF_8));
    }
}
