package dev.skald.generate;

import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.gguf.Gguf;
import dev.skald.gguf.GgufTokenizer;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;

/** The tokenizer of a model, whatever its files are. */
public final class ModelTokenizer {

    private ModelTokenizer() {}

    /**
     * Loads a tokenizer.
     *
     * @param model a model directory, a tokenizer.json, or a .gguf file
     * @throws InvalidInputException when a file is missing or not valid, or asks for something that is not supported
     * @throws IOException when a file cannot be read
     */
    public static Tokenizer load(Path model) throws IOException {
        if (!Gguf.isGguf(model)) {
            return Tokenizer.load(model);
        }
        try (Gguf gguf = Gguf.open(model)) {
            GgufTokenizer files = GgufTokenizer.of(gguf.keys());
            return Tokenizer.of(model.toString(), StrictJson.mapper().writeValueAsBytes(files.json()), files.config());
        }
    }
}
