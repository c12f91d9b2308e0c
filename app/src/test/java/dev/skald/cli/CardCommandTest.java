package dev.skald.cli;

import static dev.skald.cli.CommandLineRun.skald;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.skald.TinyLlama;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The card of a run of a tiny model on a small corpus of the demo's texts, both made by the commands that a user has. */
class CardCommandTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path folder;

    @TempDir
    private Path elsewhere;

    @BeforeAll
    static void trainOnACorpus() throws IOException {
        Path texts = Files.createDirectory(folder.resolve("texts"));
        for (String language : List.of("sv", "da")) {
            try (InputStream in = CardCommandTest.class.getResourceAsStream("/dev/skald/demo/" + language + ".jsonl")) {
                Files.copy(Objects.requireNonNull(in), texts.resolve(language + ".jsonl"));
            }
        }
        Path base = TinyLlama.random(1).write(folder.resolve("tiny-base"));
        Path recipe = folder.resolve("corpus.yaml");
        Files.writeString(recipe, """
                sources:
                  - {name: svenska, path: sv.jsonl, language: sv, licence: CC0}
                  - {name: dansk, path: da.jsonl, language: da, licence: "CC BY | 4.0"}
                language: {keep: [sv, da]}
                validation: {fraction: 0.3}
                """);
        skald(
                        "corpus",
                        recipe,
                        "data=" + texts,
                        "output=" + folder.resolve("corpus"),
                        "tokenizer=" + base,
                        "--spark",
                        "local[1]")
                .result();
        Path trainer = folder.resolve("trainer.yaml");
        Files.writeString(trainer, """
                base_model: %s
                datasets: [{path: %s}]
                test_datasets: [{path: %s}]
                learning_rate: 1e-3
                sequence_len: 64
                max_steps: 4
                save_steps: 2
                eval_steps: 2
                bf16: false
                output_dir: %s
                """.formatted(
                        base,
                        folder.resolve("corpus/packed/train"),
                        folder.resolve("corpus/packed/validation-sv"),
                        folder.resolve("tiny-run")));
        skald("train", trainer).result();
        skald("train", trainer, "max_steps=5", "auto_resume_from_checkpoints=true")
                .result();
    }

    private static Path run() {
        return folder.resolve("tiny-run");
    }

    private static JsonNode frontMatter(String card) throws IOException {
        Matcher matcher =
                Pattern.compile("^---\\n(.*?\\n)---\\n\\n", Pattern.DOTALL).matcher(card);
        assertThat(matcher.lookingAt()).as(card).isTrue();
        return new YAMLMapper().readTree(matcher.group(1));
    }

    /** The cells of the first row of the card that begins with a cell. */
    private static List<String> row(String card, String first) {
        return card.lines()
                .filter(line -> line.startsWith("| " + first + " |"))
                .map(line -> List.of(line.substring(2, line.length() - 2).split(" \\| ", -1)))
                .reduce((one, next) -> next) // the last: two sessions may begin in the same second
                .orElseThrow(() -> new AssertionError("no row " + first + " in\n" + card));
    }

    @Test
    void theCardOfARunHasWhatTheFilesSay() throws IOException {
        Path card = elsewhere.resolve("README.md");
        Path limits = Files.writeString(elsewhere.resolve("limits.md"), "## Limits\n\nIt knows nothing.\n");
        Path others = Files.writeString(
                elsewhere.resolve("others.json"), "{\"xz -9\": {\"sv\": 3.14159}, \"PPMd\": {\"sv\": 2.5}}");

        CommandLineRun run = skald(
                "card",
                run(),
                "--output",
                card,
                "--corpus",
                folder.resolve("corpus"),
                "--license",
                "apache-2.0",
                "--language",
                "sv,da,no",
                "--section",
                limits,
                "--compare",
                others);

        assertThat(run.result().strip()).isEqualTo(card.toString());
        String text = Files.readString(card);
        JsonNode front = frontMatter(text);
        assertThat(front.get("language").toString()).isEqualTo("[\"sv\",\"da\",\"no\"]");
        assertThat(text).contains("- \"no\"\n"); // which plain would be false in YAML 1.1
        assertThat(front.get("license").textValue()).isEqualTo("apache-2.0");
        assertThat(front.get("base_model").textValue()).isEqualTo("tiny-base");
        assertThat(front.get("pipeline_tag").textValue()).isEqualTo("text-generation");

        JsonNode state =
                JSON.readTree(run().resolve("checkpoint-5/trainer_state.json").toFile());
        assertThat(row(text, "Tokens").get(1))
                .isEqualTo(state.get("num_input_tokens_seen").asText());
        assertThat(row(text, "Updates").get(1)).isEqualTo("5 of 5, of 1 sequences of 64 tokens");
        JsonNode session = state.get("sessions").get(1);
        assertThat(row(text, session.get("started_at").textValue()))
                .containsExactly(
                        session.get("started_at").textValue(),
                        "5",
                        "1",
                        "1",
                        session.get("hardware").textValue());
        assertThat(text)
                .contains("```yaml\n"
                        + Files.readString(run().resolve("trainer.yaml")).strip() + "\n```")
                .contains("```json\n"
                        + Files.readString(run().resolve("deepspeed.json")).strip() + "\n```")
                .contains("](loss.png)")
                .endsWith("\n## Limits\n\nIt knows nothing.\n");
        assertThat(elsewhere.resolve("loss.png")).hasSameBinaryContentAs(run().resolve("loss.png"));
        assertThat(text.lines().filter(line -> line.matches("\\| \\d{4}-\\d\\d-\\d\\d \\| \\d+ \\| .*")))
                .extracting(line -> line.split(" \\| ", -1)[1])
                .containsExactly("2", "4", "5");

        JsonNode flows = JSON.readTree(folder.resolve("corpus/report.json").toFile())
                .get("flows")
                .get("train");
        assertThat(row(text, "svenska"))
                .contains(flows.get("svenska").get("sv").get("documents").asText())
                .endsWith("CC0");
        assertThat(text).contains("CC BY \\| 4.0 |");
        long tokens = 0;
        for (JsonNode source : flows) {
            for (JsonNode language : source) {
                tokens += language.get("tokens").longValue();
            }
        }
        assertThat(row(text, "all").get(3).replace(",", "")).isEqualTo(Long.toString(tokens));

        List<String> lines = Files.readAllLines(run().resolve("validation.jsonl"));
        assertThat(lines)
                .as("one dataset of one language at each of the steps 2, 4 and 5")
                .hasSize(3);
        JsonNode last = JSON.readTree(lines.getLast());
        List<String> validated = row(text.substring(text.indexOf("\n## Validation")), "sv");
        assertThat(Double.parseDouble(validated.get(4)))
                .isEqualTo(last.get("perplexity").doubleValue(), within(0.005));
        double bits = last.get("nll").doubleValue()
                / Math.log(2)
                / last.get("text_bytes").doubleValue();
        assertThat(Double.parseDouble(validated.get(5))).isEqualTo(bits, within(0.00005));
        assertThat(validated.subList(6, 8)).containsExactly("3.1416", "2.5000");
    }

    @Test
    void aCheckpointsCardEndsThereAndTheLanguagesAreThoseValidated() throws IOException {
        Path checkpoint = run().resolve("checkpoint-2");
        CommandLineRun written = skald("card", checkpoint, "--name", "owner/tiny");
        assertThat(written.result()).contains("README.md");
        assertThat(written.err()).contains("--license");
        String text = Files.readString(checkpoint.resolve("README.md"));
        assertThat(frontMatter(text).get("language").get(0).textValue()).isEqualTo("sv");
        assertThat(frontMatter(text).has("license")).isFalse();
        assertThat(row(text, "Updates").get(1)).startsWith("2 of 4");
        assertThat(text)
                .contains(
                        "# owner/tiny\n",
                        "tokens of Swedish.",
                        "model=\"owner/tiny\"",
                        "--model tiny ",
                        "after update 2.");
        assertThat(checkpoint.resolve("loss.png")).exists();

        assertThat(skald("card", checkpoint).error()).contains("README.md", "exists", "--overwrite");
        skald("card", checkpoint, "--overwrite").result();
    }

    /** The card is written whole before its name is printed. */
    @Test
    void aFullDiskIsAnError() throws IOException {
        Path card = elsewhere.resolve("CARD.md");
        CheckedOutputTest.fails("card", run().toString(), "--output", card.toString());
        assertThat(card).isNotEmptyFile();
    }

    @Test
    void mistakesAreNamed() throws IOException {
        assertThat(skald("card", elsewhere).error()).contains("no training run", "metrics.jsonl", "output_dir");
        assertThat(skald("card", run(), "--output", elsewhere.resolve("a.md"), "--corpus", elsewhere)
                        .error())
                .contains("report.json", "output directory of skald corpus");
        Path wrong = Files.writeString(elsewhere.resolve("c.json"), "{\"xz\": {\"no\": 2}}");
        assertThat(skald("card", run(), "--output", elsewhere.resolve("a.md"), "--compare", wrong)
                        .error())
                .contains("c.json", "'no' was not validated", "[sv]");
        Files.writeString(wrong, "{\"xz\": 2}");
        assertThat(skald("card", run(), "--output", elsewhere.resolve("a.md"), "--compare", wrong)
                        .error())
                .contains("c.json", "bits per byte");
        assertThat(skald("card", run(), "--output", elsewhere.resolve("a.md"), "--section", wrong)
                        .error())
                .contains("c.json", "heading");
        assertThat(elsewhere.resolve("a.md")).doesNotExist();
    }
}
