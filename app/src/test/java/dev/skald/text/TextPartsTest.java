package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdOutputStream;
import dev.skald.InvalidInputException;
import dev.skald.tokenizer.Texts;
import dev.skald.tokenizer.TokenizerTrainer;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a tokenizer learns from files is what it learns from their texts. */
class TextPartsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory;

    private JsonNode written(TokenizerTrainer trainer) throws Exception {
        Path target = Files.createTempDirectory(directory, "trained");
        trainer.train().write(target);
        return JSON.readTree(target.resolve("tokenizer.json").toFile());
    }

    private static byte[] packed(String name, byte[] bytes) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream packer = name.endsWith(".gz")
                ? new GZIPOutputStream(out)
                : name.endsWith(".zst") ? new ZstdOutputStream(out) : out) {
            packer.write(bytes);
        }
        return out.toByteArray();
    }

    @Test
    void everyKindOfFileGivesTheSame() throws Exception {
        List<String> documents = new ArrayList<>();
        StringBuilder lines = new StringBuilder();
        Random random = new Random(31);
        for (int i = 0; i < 200; i++) {
            String document = Texts.nordic(random, 8).strip() + "\n";
            documents.add(document);
            lines.append(JSON.writeValueAsString(JSON.createObjectNode()
                            .put("id", i)
                            .put("body", document)
                            .set("meta", JSON.createObjectNode().put("body", "not this"))))
                    .append('\n');
        }
        TokenizerTrainer whole = new TokenizerTrainer(TokenizerTrainer.Options.of(600));
        documents.forEach(whole::read);
        JsonNode expected = written(whole);
        String text = String.join("", documents);
        for (String name : List.of("a.txt", "a.txt.gz", "a.txt.zst", "a.jsonl", "a.jsonl.gz", "a.jsonl.zst")) {
            byte[] content = (name.contains("jsonl") ? lines.toString() : text).getBytes(StandardCharsets.UTF_8);
            Path file = directory.resolve(name);
            Files.write(file, packed(name, content));
            long[] read = new long[1];
            TokenizerTrainer trainer = new TokenizerTrainer(TokenizerTrainer.Options.of(600));
            new TextParts(file, "body", trainer::read).read(bytes -> read[0] = bytes);
            assertThat(written(trainer)).as(name).isEqualTo(expected);
            assertThat(read[0]).as(name).isEqualTo(Files.size(file));
            assertThat(trainer.counts().bytes()).isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
        }
    }

    /** A text file is read in parts of a megabyte: with or without line ends, the pieces are those of the whole. */
    @Test
    void partsOfLongFiles() throws Exception {
        String lines = Texts.nordic(new Random(32), 30_000);
        String oneLine = "å€𝔘ab ".repeat(1_600_000);
        for (String text : List.of(lines, oneLine)) {
            Path file = directory.resolve("long.txt");
            Files.writeString(file, text);
            TokenizerTrainer parts = new TokenizerTrainer(TokenizerTrainer.Options.of(400));
            new TextParts(file, "", parts::read).read(bytes -> {});
            TokenizerTrainer whole = new TokenizerTrainer(TokenizerTrainer.Options.of(400));
            whole.read(text);
            assertThat(parts.counts().bytes()).isEqualTo(whole.counts().bytes());
            assertThat(written(parts)).isEqualTo(written(whole));
        }
    }

    @Test
    void mistakes() throws Exception {
        refused("a.csv", "x", "expected a name that ends with");
        refused(
                "a.jsonl",
                "{\"text\":\"a\"}\n{\"body\":1}\n",
                "line 2: no text in field 'text': no such field; found body");
        refused("b.jsonl", "{\"text\":\"a\"}\n{\"text\"", "not JSON");
        refused("c.jsonl", "[1]\n", "line 1: not a JSON object");
        Path latin1 = directory.resolve("latin1.txt");
        Files.write(latin1, "smör".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> new TextParts(latin1, "text", (utf8, from, to) -> {}).read(bytes -> {}))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(latin1 + ": not UTF-8 at byte 2 of the text: found 0xf6");
    }

    private void refused(String name, String content, String message) throws Exception {
        Path file = directory.resolve(name);
        Files.writeString(file, content);
        assertThatThrownBy(() -> new TextParts(file, "text", (utf8, from, to) -> {}).read(bytes -> {}))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(message);
    }
}
