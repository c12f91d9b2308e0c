package dev.skald.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A tokenizer whose ids 0 to 255 are bytes (in the order of the byte-level alphabet), 256 begins a text and 257 ends it. */
public final class ByteTokenizer {

    private ByteTokenizer() {}

    public static Tokenizer write(Path directory) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode root = json.createObjectNode();
        root.set(
                "pre_tokenizer",
                json.readTree("{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}"));
        root.set("decoder", json.readTree("{\"type\":\"ByteLevel\"}"));
        ObjectNode model = root.putObject("model").put("type", "BPE");
        ObjectNode vocab = model.putObject("vocab");
        int other = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b > 32 && b < 127) || (b > 160 && b != 173);
            vocab.put(String.valueOf((char) (printable ? b : other++)), b);
        }
        model.putArray("merges");
        root.set(
                "added_tokens",
                json.readTree(
                        "[{\"id\":256,\"content\":\"<s>\",\"special\":true},{\"id\":257,\"content\":\"</s>\",\"special\":true}]"));
        Files.createDirectories(directory);
        json.writeValue(directory.resolve("tokenizer.json").toFile(), root);
        Files.writeString(
                directory.resolve("tokenizer_config.json"), "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}");
        return Tokenizer.load(directory);
    }
}
