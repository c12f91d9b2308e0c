package dev.skald.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against perplexity_golden.py: NumPy in float64, one window at a time. */
class PerplexityTest {

    /** The mean over thousands of tokens of f32 logits that are off by up to 1e-5. */
    private static final double TOLERANCE = 2e-6;

    @TempDir
    private static Path directory;

    private static JsonNode golden;

    @BeforeAll
    static void load() throws Exception {
        try (InputStream in = PerplexityTest.class.getResourceAsStream("perplexity_golden.json")) {
            golden = new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
        Path plain = Path.of(Objects.requireNonNull(PerplexityTest.class.getResource("/dev/skald/model/plain"))
                .toURI());
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(plain.resolve(name), directory.resolve(name));
        }
        Files.writeString(directory.resolve("tokenizer.json"), tokenizer().toString());
    }

    /** One token per byte of the script's BYTES, in GPT-2's alphabet, and a begin token. */
    private static ObjectNode tokenizer() {
        ObjectNode root = new ObjectMapper().createObjectNode().put("version", "1.0");
        ObjectNode model = root.putObject("model").put("type", "BPE");
        ObjectNode vocab = model.putObject("vocab");
        for (char c : "abcdefghijklmnopqrstuvwxyzĠ.,ĊÃ¥¤¶".toCharArray()) {
            vocab.put(String.valueOf(c), vocab.size());
        }
        root.putArray("added_tokens")
                .addObject()
                .put("id", vocab.size())
                .put("content", "<s>")
                .put("special", true);
        model.putArray("merges");
        root.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false);
        root.putObject("decoder").put("type", "ByteLevel");
        return root;
    }

    @Test
    void likeNumPy() throws IOException {
        for (boolean bos : new boolean[] {true, false}) {
            Files.writeString(directory.resolve("tokenizer_config.json"), bos ? "{\"bos_token\": \"<s>\"}" : "{}");
            try (Generator generator = Generator.load(directory)) {
                for (JsonNode expected : golden.get("results")) {
                    if (expected.get("bos").booleanValue() == bos) {
                        check(generator, expected);
                    }
                }
            }
        }
    }

    private static void check(Generator generator, JsonNode expected) {
        Perplexity perplexity =
                new Perplexity(generator, expected.get("sequence_len").intValue());
        documents().forEach(perplexity::add);
        Perplexity.Result result = perplexity.result();
        assertThat(result.documents()).isEqualTo(expected.get("documents").longValue());
        assertThat(result.tokens()).isEqualTo(expected.get("tokens").longValue());
        double nll = expected.get("nll").doubleValue();
        assertThat(result.nll()).isCloseTo(nll, offset(TOLERANCE));
        assertThat(result.perplexity()).isCloseTo(Math.exp(nll), offset(2 * TOLERANCE * Math.exp(nll)));
        assertThat(result.bitsPerByte()).isCloseTo(expected.get("bits_per_byte").doubleValue(), offset(2 * TOLERANCE));
    }

    @Test
    void theOrderOfDocumentsDoesNotMatter() throws IOException {
        try (Generator generator = Generator.load(directory)) {
            Perplexity forwards = new Perplexity(generator, 100);
            documents().forEach(forwards::add);
            Perplexity backwards = new Perplexity(generator, 100);
            List<String> reversed = new ArrayList<>(documents());
            Collections.reverse(reversed);
            reversed.forEach(backwards::add);
            assertThat(backwards.result().nll()).isCloseTo(forwards.result().nll(), offset(TOLERANCE));
        }
    }

    @Test
    void refusesWhatCannotBeMeasured() throws IOException {
        try (Generator generator = Generator.load(directory)) {
            for (int sequenceLen : new int[] {-1, 0, 1, 641}) {
                assertThatThrownBy(() -> new Perplexity(generator, sequenceLen))
                        .isInstanceOf(InvalidInputException.class)
                        .hasMessageContaining("sequence_len is " + sequenceLen + ", expected 2 to 640");
            }
            Perplexity nothing = new Perplexity(generator, 640);
            assertThatThrownBy(nothing::result)
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("nothing to predict");
        }
    }

    private static List<String> documents() {
        List<String> documents = new ArrayList<>();
        golden.get("documents").forEach(document -> documents.add(document.textValue()));
        return documents;
    }
}
