package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.TinyGguf;
import dev.skald.TinyLlama;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {

    @TempDir
    private Path folder;

    @Test
    void aModelDirectoryIsShown() throws IOException {
        Path model = TinyLlama.random(1).write(folder.resolve("model"));
        JsonNode facts =
                new ObjectMapper().readTree(output(0, "inspect", model.toString(), "--context", "100", "--json"));
        assertThat(facts.at("/formats/F32/tensors").asInt()).isEqualTo(21);
        assertThat(facts.at("/formats/F32/elements").asLong())
                .isEqualTo(facts.path("parameters").asLong());
        assertThat(facts.path("bits_per_weight").asDouble()).isEqualTo(32);
        assertThat(facts.path("tokenizer").asText()).isEqualTo("byte-level BPE");
        assertThat(facts.path("chat_template").asBoolean()).isFalse();
        assertThat(facts.path("stored_bytes").asLong())
                .isEqualTo(4 * facts.path("parameters").asLong());
        assertThat(facts.path("tokenizer_tokens").asInt()).isEqualTo(TinyLlama.VOCAB);
        assertThat(facts.path("cache_bytes").asLong()).isEqualTo(2 * 2 * 2 * 8 * 4 * 100);
        assertThat(output(0, "inspect", model.toString())).contains("head_dim                 8", "F32            21");
        output(2, "inspect", model.toString(), "--context", "2000");
        output(2, "inspect", folder.resolve("none.gguf").toString());
    }

    @Test
    void aGgufFileIsShown() throws IOException {
        Path file = TinyGguf.of(TinyLlama.random(1)).write(folder.resolve("model.gguf"));
        JsonNode facts = new ObjectMapper().readTree(output(0, "inspect", file.toString(), "--json"));
        assertThat(facts.at("/formats/F32/tensors").asInt()).isEqualTo(21);
        assertThat(facts.path("hidden_size").asInt()).isEqualTo(32);
        assertThat(facts.path("tokenizer_tokens").asInt()).isEqualTo(TinyLlama.VOCAB);
        assertThat(facts.path("context").asInt()).isEqualTo(1024);
    }

    private static String output(int code, String... args) {
        PrintStream out = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
            assertThat(Main.run(args)).isEqualTo(code);
            return bytes.toString(StandardCharsets.UTF_8);
        } finally {
            System.setOut(out);
        }
    }
}
