package dev.skald.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A tokenizer whose ids 0 to 255 are bytes (in the order of the byte-level alphabet), 256 begins a text and 257 ends it. */
public final class ByteTokenizer {

    private ByteTokenizer() {}

    public static Tokenizer write(Path directory) throws IOException {
        return write(directory, List.of("<s>", "</s>"), "<s>", "</s>");
    }

    /** The same with these special tokens, from id 256 on. */
    public static Tokenizer write(Path directory, List<String> special, String bos, String eos) throws IOException {
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
        for (int i = 0; i < special.size(); i++) {
            root.withArray("added_tokens")
                    .addObject()
                    .put("id", 256 + i)
                    .put("content", special.get(i))
                    .put("special", true);
        }
        Files.createDirectories(directory);
        json.writeValue(directory.resolve("tokenizer.json").toFile(), root);
        json.writeValue(
                directory.resolve("tokenizer_config.json").toFile(),
                json.createObjectNode().put("bos_token", bos).put("eos_token", eos));
        return Tokenizer.load(directory);
    }
}
