package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.skald.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

    private Recipe recipe(String sources) throws IOException {
        Path file =
                Files.writeString(base.resolve("r.yaml"), "sources: [" + sources + "]\noutput: " + base.resolve("out"));
        return RecipeReader.read(file, List.of("data=" + base));
    }

    private void finds(String pattern, String... names) throws IOException {
        assertThat(InputFiles.find(recipe("{path: x}"), pattern))
                .as(pattern)
                .extracting(file -> base.relativize(file).toString())
                .containsExactly(names);
    }

    private List<String> read(String source) throws IOException {
        return InputFiles.find(recipe(source)).splits().stream()
                .map(Split::name)
                .distinct()
                .toList();
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

    /** Dumps of wikis (AA/wiki_00) and what Hadoop writes have no suffix. */
    @Test
    void theFormatThatASourceSaysIsThatOfFilesWithoutASuffix() throws IOException {
        for (String name :
                List.of("w/AA/wiki_00", "w/AA/wiki_01.zst", "w/notes.txt", "w/old.bz2", "w/t.parquet", "w/x.jsonl")) {
            Path file = base.resolve(name);
            Files.createDirectories(file.getParent());
            byte[] line = "{\"text\": \"x\"}\n".getBytes(StandardCharsets.UTF_8);
            Files.write(file, name.endsWith(".zst") ? Zstd.compress(line) : line);
        }
        assertThat(read("{path: w, format: jsonl}")).containsExactly("w/AA/wiki_00", "w/AA/wiki_01.zst", "w/x.jsonl");
        assertThat(InputFiles.find(recipe("{path: w, format: jsonl}")).skipped())
                .isEqualTo(3);
        assertThat(read("{path: w, format: txt-lines}"))
                .containsExactly("w/AA/wiki_00", "w/AA/wiki_01.zst", "w/notes.txt");
        assertThat(read("{path: w/AA/wiki_00, format: jsonl}")).containsExactly("w/AA/wiki_00");
        assertThat(read("{path: 'w/AA/*', format: jsonl}")).hasSize(2);
        assertThatThrownBy(() -> read("{path: w/AA}"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(base.resolve("w/AA") + ": found no text");
    }

    @Test
    void aPackedFileIsToldByItsFirstBytes() throws IOException {
        byte[] bzip2 = {'B', 'Z', 'h', '9', 0x31, 0x41};
        Files.write(base.resolve("sv/lines"), bzip2);
        assertThatThrownBy(() -> read("{path: sv/lines, format: jsonl}"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(base.resolve("sv/lines")
                        + ": a file packed by bzip2, expected text, or a name that ends with .gz or .zst");
        Files.writeString(base.resolve("sv/e.jsonl.zst"), "{\"text\": \"x\"}");
        assertThatThrownBy(() -> read("{path: sv/e.jsonl.zst}"))
                .hasMessageContaining("not in the format that its name says: no Zstandard header");
    }

    /** What was written before is no source, nor are the copies that editors keep. */
    @Test
    void theOutputAndHiddenFilesAreNoSources() throws IOException {
        Files.writeString(base.resolve("a.jsonl"), "{\"text\": \"x\"}\n");
        for (String name : List.of("out/kept/part-00000.jsonl", ".ipynb_checkpoints/a.jsonl", "sv/.a.jsonl")) {
            Files.createDirectories(base.resolve(name).getParent());
            Files.copy(base.resolve("a.jsonl"), base.resolve(name));
        }
        assertThat(read("{path: .}")).containsExactly("a.jsonl");
        assertThat(read("{path: '**/*.jsonl'}")).containsExactly("a.jsonl");
        assertThat(read("{path: '**/.*.jsonl'}")).containsExactly("sv/.a.jsonl");
        assertThat(read("{path: out}")).containsExactly("out/kept/part-00000.jsonl");
    }

    /** A text in UTF-16 cannot be entered in the middle as one in UTF-8 can. */
    @Test
    void splitsOfUtf16HaveEveryLineOnce() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 4000; i++) {
            lines.append("rad nummer ").append(i).append(" på fjället\n");
        }
        Files.write(base.resolve("u.txt"), lines.toString().getBytes(StandardCharsets.UTF_16));
        Path file = Files.writeString(
                base.resolve("r.yaml"),
                "sources: [{path: u.txt, format: txt-lines}]\nread: {split_bytes: 65536}\noutput: out");
        Recipe recipe = RecipeReader.read(file, List.of("data=" + base));
        List<String> texts = new ArrayList<>();
        for (Split split : InputFiles.find(recipe).splits()) {
            try (Rejects rejects = new Rejects(new ByteArrayOutputStream());
                    SplitReader reader = new SplitReader(split, recipe.sources().getFirst(), recipe.read(), rejects)) {
                for (Document document = reader.next(); document != null; document = reader.next()) {
                    texts.add(document.text());
                }
            }
        }
        assertThat(InputFiles.find(recipe).splits()).hasSizeGreaterThan(1);
        assertThat(texts).containsExactlyElementsOf(lines.toString().lines().toList());
    }

    @Test
    void whatIsNotReadIsCounted() throws IOException {
        Files.writeString(base.resolve("a.jsonl"), "{}");
        for (String name : new String[] {"sv/e.bz2", "sv/old/.hidden", "sv/.cache"}) {
            Files.writeString(base.resolve(name), "x");
        }
        InputFiles.Found found = InputFiles.find(recipe("{path: a.jsonl}, {path: sv}"));
        assertThat(found.splits()).hasSize(1);
        assertThat(found.skipped()).isEqualTo(4);
        assertThat(found.warnings())
                .containsExactly(
                        "source 'sv': files that are not read, for their names tell no known format: 2, as "
                                + base.resolve("sv/d.pdf"),
                        base.resolve("sv/b.jsonl") + ": empty file",
                        base.resolve("sv/old/c.txt") + ": empty file");
    }
}
