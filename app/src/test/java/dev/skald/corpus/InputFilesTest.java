package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFilesTest {

    @TempDir
    private Path base;

    @BeforeEach
    void write() throws IOException {
        Files.createDirectories(base.resolve("sv/old"));
        for (String name : new String[] {"a.jsonl", "sv/b.jsonl", "sv/old/c.txt", "sv/d.pdf"}) {
            Files.createFile(base.resolve(name));
        }
    }

    private void finds(String pattern, String... names) throws IOException {
        assertThat(InputFiles.find(base, pattern))
                .extracting(file -> base.relativize(file).toString())
                .containsExactly(names);
    }

    @Test
    void aGlobAFileOrADirectory() throws IOException {
        finds("**/*.{jsonl,txt}", "a.jsonl", "sv/b.jsonl", "sv/old/c.txt");
        finds("sv/**/*.txt", "sv/old/c.txt");
        finds("sv/**/*.jsonl", "sv/b.jsonl");
        finds("*.jsonl", "a.jsonl");
        finds("sv/*", "sv/b.jsonl", "sv/d.pdf");
        finds("sv", "sv/b.jsonl", "sv/old/c.txt");
        finds("sv/b.jsonl", "sv/b.jsonl");
        finds("no/*");
    }

    @Test
    void whatIsNotReadIsCounted() throws IOException {
        Files.writeString(base.resolve("a.jsonl"), "{}");
        for (String name : new String[] {"sv/e.bz2", "sv/old/.hidden", "sv/.cache"}) {
            Files.writeString(base.resolve(name), "x");
        }
        Path file = Files.writeString(base.resolve("r.yaml"), "sources: [{path: a.jsonl}, {path: sv}]\noutput: out\n");
        InputFiles.Found found = InputFiles.find(RecipeReader.read(file, List.of("data=" + base)));
        assertThat(found.splits()).hasSize(1);
        assertThat(found.skipped()).isEqualTo(4);
        assertThat(found.warnings())
                .containsExactly(
                        base.resolve("sv/b.jsonl") + ": empty file",
                        base.resolve("sv/old/c.txt") + ": empty file",
                        "source 'sv': files that are not read, for their names tell no known format: 2, as "
                                + base.resolve("sv/d.pdf"));
    }
}
