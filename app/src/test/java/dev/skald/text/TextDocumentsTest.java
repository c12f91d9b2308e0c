package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextDocumentsTest {

    @TempDir
    private Path directory;

    @Test
    void aTxtIsOneDocument() {
        assertThat(read("a.txt", utf8("Ett\n\ntvå\n"))).containsExactly("Ett\n\ntvå\n");
        assertThat(read("a.txt.gz", gzip(utf8("Ett\r\nå 😀")))).containsExactly("Ett\r\nå 😀");
        assertThat(read("empty.txt", new byte[0])).containsExactly("");
    }

    @Test
    void aJsonlHasADocumentALine() {
        byte[] lines = utf8("""
                {"id": 1, "text": "ett\\ntvå"}

                {"text": "", "lang": null}
                {"text": "\\u00e5\\ud83d\\ude00\u2028z"}""");
        List<String> expected = List.of("ett\ntvå", "", "å😀\u2028z");
        assertThat(read("a.jsonl", lines)).isEqualTo(expected);
        assertThat(read("a.jsonl.gz", gzip(lines))).isEqualTo(expected);
        ByteArrayOutputStream members = new ByteArrayOutputStream();
        members.writeBytes(gzip(utf8("{\"text\": \"x\"}\n")));
        members.writeBytes(gzip(utf8("{\"text\": \"y\"}\n")));
        assertThat(read("two.jsonl.gz", members.toByteArray())).containsExactly("x", "y");
        assertThat(read("b.jsonl", utf8("{\"text\": \"" + "y".repeat(21_000_000) + "\"}\n"))
                        .getFirst())
                .hasSize(21_000_000);
    }

    @Test
    void namesWhatIsWrong() {
        assertRefused("a.pdf", utf8("x"), "expected a .txt or .jsonl");
        assertRefused("a.gz", gzip(utf8("x")), "expected a .txt or .jsonl");
        assertRefused("a.jsonl", utf8("{\"text\": \"x\"}\n{\"text\": 3}\n"), "line 2", "'text'");
        assertRefused("a.jsonl", utf8("{\"text\": \"x\"}\n\n{\"txt\": \"x\"}\n"), "line 3", "'text'");
        assertRefused("a.jsonl", utf8("{\"text\": \"x\"\n"), "line 1", "not JSON");
        assertRefused("a.jsonl", utf8("{\"text\": \"x\"} {\"text\": \"y\"}\n"), "line 1", "not JSON");
        assertRefused("a.jsonl", utf8("[1]\n"), "line 1", "'text'");
        assertRefused("a.txt", new byte[] {'a', (byte) 0xe5, 'b'}, "not UTF-8");
        assertRefused("a.txt", new byte[] {'a', (byte) 0xc3}, "not UTF-8");
        assertRefused("a.jsonl", new byte[] {'{', (byte) 0xe5, '}'}, "not UTF-8");
        assertRefused("a.txt.gz", utf8("not gzip at all"), "damaged");
        assertRefused("a.txt.gz", Arrays.copyOf(gzip(utf8("cut off")), 20), "damaged");
        assertThatThrownBy(() -> TextDocuments.read(directory.resolve("no.txt"), text -> {}, bytes -> {}))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("no such file");
    }

    private void assertRefused(String name, byte[] bytes, String... words) {
        assertThatThrownBy(() -> read(name, bytes))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(name)
                .hasMessageContainingAll(words);
    }

    private List<String> read(String name, byte[] bytes) {
        List<String> documents = new ArrayList<>();
        long[] told = new long[1];
        try {
            Path file = Files.write(directory.resolve(name), bytes);
            TextDocuments.read(file, documents::add, count -> told[0] = count);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(told[0]).isEqualTo(bytes.length);
        return documents;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }
}
