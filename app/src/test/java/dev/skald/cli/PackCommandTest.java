package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.dataset.PackedTokens;
import dev.skald.train.ByteTokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackCommandTest {

    @TempDir
    Path directory;

    @Test
    void packsAndTellsWhatAStepSees() throws IOException {
        ByteTokenizer.write(directory.resolve("model"));
        Files.writeString(
                directory.resolve("sv.jsonl"),
                "{\"id\": \"a\", \"lang\": \"sv\", \"text\": \"sommar och sol\"}\n".repeat(9));
        Files.writeString(directory.resolve("da.txt"), "sommer og sol");
        Path packed = directory.resolve("packed");
        assertThat(Main.run(
                        "pack",
                        "--tokenizer",
                        directory.resolve("model").toString(),
                        "--bos",
                        "true",
                        "--out",
                        packed.toString(),
                        directory.resolve("sv.jsonl").toString(),
                        directory.resolve("da.txt").toString()))
                .isZero();
        assertThat(PackedTokens.open(packed).index().datasets().keySet()).containsExactly("da", "sv");

        Path config = directory.resolve("trainer.yaml");
        Files.writeString(
                config,
                "base_model: %s\ndatasets: [{path: %s}]\nlearning_rate: 1e-4\nsequence_len: 20\n"
                        .formatted(directory.resolve("model"), packed));
        String lines =
                output("data", config.toString(), "--step", "2", "--processes", "2", "shuffle_merged_datasets=false");
        assertThat(lines.lines())
                .containsExactly(
                        "micro_step\trank\tsequence\tdataset\tlanguage\tdocument\ttokens\tof",
                        "0\t0\t0\tsv\tsv\ta\t8-16\t16",
                        "0\t0\t0\tsv\tsv\ta\t0-12\t16",
                        "0\t1\t0\tsv\tsv\ta\t12-16\t16",
                        "0\t1\t0\tsv\tsv\ta\t0-16\t16");
    }

    @Test
    void aMistakeIsOneLineAndExitCodeTwo() {
        assertThat(Main.run("pack", "--out", directory.toString())).isEqualTo(2);
        assertThat(Main.run("pack", "--config", directory.resolve("none.yaml").toString()))
                .isEqualTo(2);
        assertThat(Main.run("data", directory.resolve("none.yaml").toString(), "--step", "1"))
                .isEqualTo(2);
    }

    private static String output(String... args) {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            assertThat(Main.run(args)).isZero();
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
