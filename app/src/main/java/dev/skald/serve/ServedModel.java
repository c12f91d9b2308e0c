package dev.skald.serve;

import dev.skald.chat.Chat;
import dev.skald.generate.Generator;
import dev.skald.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * A model that a server serves.
 *
 * @param name what requests call it
 * @param context tokens of prompt and answer together, at most
 * @param chat empty: the model has no chat template, and only continues texts
 * @param loaded when, in seconds since 1970
 * @param parent the model that it is an adapter of; empty: of none
 */
record ServedModel(
        String name, Generator generator, Optional<Chat> chat, int context, long loaded, Optional<String> parent) {

    Tokenizer tokenizer() {
        return generator.tokenizer();
    }

    /** The text of one token; of a part of a character its bytes, {@code bytes:\xe5}, as OpenAI has it. */
    String text(int id) {
        if (id >= tokenizer().vocabSize()) {
            return "";
        }
        byte[] bytes = tokenizer().tokenBytes(id);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            StringBuilder spelled = new StringBuilder("bytes:");
            for (byte b : bytes) {
                spelled.append(String.format(Locale.ROOT, "\\x%02x", b & 0xff));
            }
            return spelled.toString();
        }
    }

    byte[] bytes(int id) {
        return id >= tokenizer().vocabSize() ? new byte[0] : tokenizer().tokenBytes(id);
    }
}
