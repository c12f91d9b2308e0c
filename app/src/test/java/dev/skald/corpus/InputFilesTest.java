package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
