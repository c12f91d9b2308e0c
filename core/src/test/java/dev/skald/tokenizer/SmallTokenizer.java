package dev.skald.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Builds a tokenizer.json by hand: a vocabulary of the 256 bytes and what the merges make. */
final class SmallTokenizer {

    private static final ObjectMapper JSON = new ObjectMapper();

    final ObjectNode root = JSON.createObjectNode();
    final ObjectNode model = root.putObject("model");
    final ObjectNode vocab;
    final ArrayNode merges;

    SmallTokenizer() {
        root.put("version", "1.0");
        root.putNull("truncation").putNull("padding");
        root.putArray("added_tokens");
        root.putNull("normalizer");
        root.set(
                "pre_tokenizer",
                json("{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':true}"));
        root.putNull("post_processor");
        root.set("decoder", json("{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}"));
        model.put("type", "BPE");
        vocab = model.putObject("vocab");
        merges = model.putArray("merges");
    }

    /** JSON with single quotes. */
    static ObjectNode json(String text) {
        try {
            return (ObjectNode) JSON.readTree(text.replace('\'', '"'));
        } catch (IOException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    SmallTokenizer bytes() {
        for (int b = 0; b < 256; b++) {
            token(String.valueOf(ByteAlphabet.character(b)));
        }
        return this;
    }

    SmallTokenizer token(String token) {
        vocab.put(token, vocab.size());
        return this;
    }

    SmallTokenizer merge(String left, String right) {
        if (!vocab.has(left + right)) {
            token(left + right);
        }
        merges.add(left + " " + right);
        return this;
    }

    SmallTokenizer set(String key, String json) {
        root.set(key, json(json));
        return this;
    }

    Path write(Path directory) throws IOException {
        Path file = directory.resolve("tokenizer.json");
        JSON.writeValue(file.toFile(), root);
        return file;
    }

    Tokenizer load(Path directory) throws IOException {
        write(directory);
        return Tokenizer.load(directory);
    }

    static void config(Path directory, String json) throws IOException {
        Files.writeString(directory.resolve("tokenizer_config.json"), json.replace('\'', '"'));
    }
}
