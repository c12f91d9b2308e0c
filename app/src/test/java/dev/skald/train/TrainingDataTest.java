package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import dev.skald.model.PackedRows;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingDataTest {

    @TempDir
    Path directory;

    private Tokenizer tokenizer;

    @BeforeEach
    void texts() throws IOException {
        tokenizer = ByteTokenizer.write(directory.resolve("tokenizer"));
        for (String language : List.of("sv", "da")) {
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < 100; i++) {
                lines.append("{\"id\": \"%s-%d\", \"lang\": \"%s\", \"text\": \"dokument nummer %d\"}%n"
                        .formatted(language, i, language, i));
            }
            Files.writeString(directory.resolve(language + ".jsonl"), lines);
        }
    }

    @Test
    void anUpdateSeesTheSameSequencesOnAnyNumberOfRanks() throws IOException {
        TrainingData data = open("gradient_accumulation_steps: 4");
        TrainerConfig two = config("gradient_accumulation_steps: 2");
        TrainingData ofTwo = TrainingData.open(two, tokenizer);
        for (long update = 0; update < 5; update++) {
            List<String> one = new ArrayList<>();
            List<String> both = new ArrayList<>();
            for (int micro = 0; micro < 4; micro++) {
                one.add(text(data.rows(update, micro, 0, 1)));
            }
            for (int micro = 0; micro < 2; micro++) {
                for (int rank = 0; rank < 2; rank++) {
                    both.add(text(ofTwo.rows(update, micro, rank, 2)));
                }
            }
            assertThat(both).containsExactlyElementsOf(one);
        }
    }

    @Test
    void whatAnUpdateHasSeenIsTold() throws IOException {
        TrainingData data = open("gradient_accumulation_steps: 2\nmicro_batch_size: 2");
        List<TrainingData.Seen> seen = data.seen(3, 2);
        for (int micro = 0; micro < 2; micro++) {
            for (int rank = 0; rank < 2; rank++) {
                PackedRows rows = data.rows(3, micro, rank, 2);
                int m = micro;
                int r = rank;
                List<TrainingData.Seen> here = seen.stream()
                        .filter(part -> part.microStep() == m && part.rank() == r)
                        .toList();
                int tokens = here.stream()
                        .mapToInt(part -> (int) (part.to() - part.from()))
                        .sum();
                assertThat(tokens).isEqualTo(rows.rows());
                assertThat(here).hasSize(rows.documentStarts().length);
                assertThat(here.getFirst().document().id())
                        .startsWith(here.getFirst().document().language());
            }
        }
    }

    @Test
    void rawTextIsPackedOnceAndAgainWhenItChanges() throws IOException {
        open("");
        Path cache = directory.resolve("cache");
        assertThat(entries(cache)).hasSize(2);
        open("seed: 7");
        assertThat(entries(cache)).hasSize(2);
        Files.setLastModifiedTime(directory.resolve("sv.jsonl"), FileTime.fromMillis(1_000_000));
        open("");
        assertThat(entries(cache)).hasSize(3);
        open("add_bos_token: true");
        assertThat(entries(cache)).hasSize(5);
    }

    /** An edit in place that leaves size and time: everywhere in a large file, at one place in a small one. */
    @Test
    void rawTextIsPackedAgainWhenItsContentChanges() throws IOException {
        Path small = directory.resolve("sv.jsonl");
        Path large = directory.resolve("da.jsonl");
        Files.writeString(large, Files.readString(large).repeat(100));
        assertThat(Files.size(large)).isGreaterThan(500_000);
        open("");
        Path cache = directory.resolve("cache");
        assertThat(entries(cache)).hasSize(2);
        edit(small, text -> text.replace("dokument nummer 57\"", "dokument nummer 75\""));
        long before = open("").tokens();
        assertThat(entries(cache)).hasSize(3);
        edit(large, text -> text.replace("dokument", "paragraf"));
        assertThat(open("").tokens()).isEqualTo(before);
        assertThat(entries(cache)).hasSize(4);
    }

    private static void edit(Path file, UnaryOperator<String> edit) throws IOException {
        FileTime time = Files.getLastModifiedTime(file);
        String text = Files.readString(file);
        String edited = edit.apply(text);
        assertThat(edited).hasSameSizeAs(text).isNotEqualTo(text);
        Files.writeString(file, edited);
        Files.setLastModifiedTime(file, time);
    }

    @Test
    void heldOutDocumentsAreValidatedByLanguageAndNotTrainedOn() throws IOException {
        TrainingData all = open("");
        TrainingData data = open("val_set_size: 0.1");
        assertThat(data.validation())
                .extracting(set -> set.dataset() + "/" + set.language())
                .containsExactly("da/da", "sv/sv");
        long heldOut = data.validation().stream()
                .mapToLong(set -> set.metrics(1, 1, 0).documents())
                .sum();
        assertThat(heldOut).isEqualTo(20);
        long predicted = 0;
        for (ValidationSet set : data.validation()) {
            for (int batch = 0; batch < set.batches(); batch++) {
                PackedRows rows = set.batch(batch).rows();
                assertThat(rows.predicted()).isEqualTo(rows.rows());
                predicted += rows.predicted();
            }
        }
        // Not predicted are the end of a document, and the first token of each window.
        long heldOutTokens = all.tokens() - data.tokens();
        assertThat(predicted)
                .isBetween(heldOutTokens - heldOut - (heldOutTokens / 32 + heldOut), heldOutTokens - 2 * heldOut);
        assertThat(open("val_set_size: 3").validation().stream()
                        .mapToLong(set -> set.metrics(1, 1, 0).documents())
                        .sum())
                .isEqualTo(3);
    }

    @Test
    void testDatasetsAreValidationToo() throws IOException {
        TrainerConfig config = TrainerConfigTest.parse("""
                base_model: %s
                learning_rate: 1e-4
                sequence_len: 32
                dataset_prepared_path: %s
                datasets: [{path: %s}]
                test_datasets: [{path: %s, name: held}]
                """.formatted(
                        directory.resolve("tokenizer"),
                        directory.resolve("cache"),
                        directory.resolve("sv.jsonl"),
                        directory.resolve("da.jsonl")));
        TrainingData.prepare(config, tokenizer);
        TrainingData data = TrainingData.open(config, tokenizer);
        assertThat(data.validation()).extracting(ValidationSet::dataset).containsExactly("held");
    }

    @Test
    void weightsMakeStreamsOfTheirOwn() throws IOException {
        TrainingData plain = open("");
        TrainerConfig weighted = TrainerConfigTest.parse(yaml("").replace("da.jsonl}", "da.jsonl, weight: 2}"));
        TrainingData.prepare(weighted, tokenizer);
        TrainingData data = TrainingData.open(weighted, tokenizer);
        assertThat(data.sequences()).isBetween(plain.sequences() * 3 / 2 - 3, plain.sequences() * 3 / 2 + 3);
    }

    @Test
    void badDataIsNamed() throws IOException {
        Files.writeString(directory.resolve("sv.jsonl"), "\n");
        assertThatThrownBy(() -> open(""))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("sv.jsonl: found no text");
        texts();
        assertThatThrownBy(() -> open("val_set_size: 200"))
                .hasMessageContaining("val_set_size 200 holds 200 of 200 documents out");
        assertThatThrownBy(() -> open("val_set_size: 0.0001"))
                .hasMessageContaining("val_set_size 1.0E-4 holds 0 of 200 documents out");

        Path packed = directory.resolve("packed");
        Tokenizer other = Tokenizer.load(directory.resolve("tokenizer"));
        new DatasetPacker(
                        List.of(DatasetConfig.ofTexts(
                                directory.resolve("sv.jsonl").toString(), "text", "lang")),
                        List.of(),
                        other,
                        new dev.skald.dataset.PackedIndex.Encoding("another", 258, null, 257),
                        1)
                .pack(packed);
        TrainerConfig config =
                TrainerConfigTest.parse("base_model: m\nlearning_rate: 1e-4\ndatasets: [{path: %s}]".formatted(packed));
        assertThatThrownBy(() -> TrainingData.open(config, tokenizer))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("packed with another tokenizer: found SHA-256 another");
    }

    /** A run in the directory of its own texts finds the same texts when it is started again, as it did the first time. */
    @Test
    void aDirectoryHoldsTextsAndNotWhatIsWrittenIntoIt() throws IOException {
        String yaml = """
                base_model: %1$s/tokenizer
                learning_rate: 1e-4
                sequence_len: 32
                dataset_prepared_path: %1$s/cache
                output_dir: %1$s/out
                datasets: [{path: %1$s}]
                """.formatted(directory);
        TrainerConfig config = TrainerConfigTest.parse(yaml);
        long tokens = prepared(config).tokens();
        assertThat(tokens).isEqualTo(open("").tokens());
        for (String name : List.of(
                "out/metrics.jsonl",
                "out/notes/text.jsonl",
                "earlier/metrics.jsonl",
                "earlier/validation.jsonl",
                "earlier/trainer.yaml",
                "earlier/deepspeed.json",
                ".ipynb_checkpoints/sv-checkpoint.jsonl",
                "deep/.git/description.txt",
                ".hidden.jsonl",
                "half/sources.txt",
                "half/shard-00000.tokens")) {
            Path file = directory.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, "{\"text\": \"inte det här\"}\n");
        }
        Files.createSymbolicLink(directory.resolve("link"), directory.resolve("out"));
        assertThat(prepared(config).tokens()).isEqualTo(tokens);
        assertThat(entries(directory.resolve("cache"))).hasSize(3);
        TrainerConfig inPlace = TrainerConfigTest.parse(yaml.replace("/out\n", "/earlier\n")
                .replace("[{path: " + directory, "[{path: " + directory.resolve("earlier")));
        assertThatThrownBy(() -> prepared(inPlace)).hasMessageContaining("found no text");
    }

    @Test
    void whatAPathNamesIsMeant() throws IOException {
        Path hidden = Files.createDirectories(directory.resolve("texts/.hidden/deep"));
        Files.copy(directory.resolve("sv.jsonl"), hidden.resolve("sv.jsonl"));
        Files.copy(directory.resolve("da.jsonl"), directory.resolve("texts/.da.jsonl"));
        for (String path : List.of(
                "texts/.hidden",
                "texts/.hidden/deep/sv.jsonl",
                "texts/.hidden/**/*.jsonl",
                "texts/.da.jsonl",
                "texts/.*.jsonl")) {
            assertThat(TextFiles.find(directory.resolve(path).toString(), List.of(directory)))
                    .as(path)
                    .hasSize(1);
        }
        assertThatThrownBy(() -> TextFiles.find(directory.resolve("texts").toString(), List.of()))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("found no text");
        assertThatThrownBy(() ->
                        TextFiles.find(directory.resolve("texts/**/*.jsonl").toString(), List.of()))
                .hasMessageContaining("found no text");
    }

    private TrainingData prepared(TrainerConfig config) throws IOException {
        TrainingData.prepare(config, tokenizer);
        return TrainingData.open(config, tokenizer);
    }

    private TrainingData open(String more) throws IOException {
        TrainerConfig config = config(more);
        TrainingData.prepare(config, tokenizer);
        return TrainingData.open(config, tokenizer);
    }

    private TrainerConfig config(String more) {
        return TrainerConfigTest.parse(yaml(more));
    }

    private String yaml(String more) {
        return """
                base_model: %s
                learning_rate: 1e-4
                sequence_len: 32
                dataset_prepared_path: %s
                datasets:
                  - {path: %s}
                  - {path: %s}
                %s
                """.formatted(
                        directory.resolve("tokenizer"),
                        directory.resolve("cache"),
                        directory.resolve("sv.jsonl"),
                        directory.resolve("da.jsonl"),
                        more);
    }

    private static String text(PackedRows rows) {
        return java.util.Arrays.toString(rows.ids());
    }

    private static List<Path> entries(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }
}
