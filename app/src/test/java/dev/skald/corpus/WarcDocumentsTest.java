package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.text.DocumentReader;
import dev.skald.text.Fields;
import dev.skald.text.ReadOptions;
import dev.skald.text.TextDocument;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Web archives written by hand, so that they can be wrong. */
@Timeout(60)
class WarcDocumentsTest {

    @TempDir
    private Path directory;

    private final List<String> flaws = new ArrayList<>();

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] response(String headers, byte[] body, int lengthError) {
        byte[] http = join(utf8("HTTP/1.1 200 OK\r\n" + headers + "\r\n"), body);
        String warc = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:" + UUID.randomUUID()
                + ">\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Target-URI: https://example.se/\r\n"
                + "Content-Type: application/http; msgtype=response\r\nContent-Length: " + (http.length + lengthError)
                + "\r\n\r\n";
        return join(utf8(warc), http, utf8("\r\n\r\n"));
    }

    private static byte[] page(String text) {
        return response("Content-Type: text/html; charset=utf-8\r\n", utf8("<p>" + text + "</p>"), 0);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return packed.toByteArray();
    }

    private List<String> read(String name, byte[]... records) throws IOException {
        flaws.clear();
        Path file = Files.write(directory.resolve(name), join(records));
        ReadOptions options = new ReadOptions(
                Fields.text("text"),
                true,
                1 << 20,
                true,
                flaw -> flaws.add(flaw.place().number() + " " + flaw.reason()));
        List<String> texts = new ArrayList<>();
        try (DocumentReader reader = new WarcDocuments(file, options)) {
            for (TextDocument document = reader.next(); document != null; document = reader.next()) {
                texts.add(document.text());
            }
        }
        return texts;
    }

    @Test
    void aRecordThatCannotBeReadCostsItselfAlone() throws IOException {
        byte[][] bad = {
            response("Content-Type: text/html\r\nContent-Encoding: gzip\r\n", utf8("<p>not packed</p>"), 0),
            response("Content-Type: text/html\r\nContent-Encoding: br\r\n", new byte[] {1, 2, 3, 4}, 0),
            response("Content-Type: text/html\r\n", utf8("<p>" + "lång text ".repeat(50) + "</p>"), -400),
            response("Content-Type: text/html\r\n", utf8("<p>kort</p>"), 5),
            utf8("WARC/1.0\r\nnonsense\r\n\r\n\r\n\r\n"),
        };
        for (int i = 0; i < bad.length; i++) {
            assertThat(read("a.warc", page("ett"), bad[i], page("två"), page("tre")))
                    .as("plain " + i)
                    .contains("ett", "två", "tre")
                    .doesNotContain("not packed");
            assertThat(flaws).as("plain " + i).hasSize(1);
            byte[][] packed = {gzip(page("ett")), gzip(bad[i]), gzip(page("två")), gzip(page("tre"))};
            assertThat(read("a.warc.gz", packed)).as("gzip " + i).contains("ett", "två", "tre");
            assertThat(flaws).as("gzip " + i).hasSize(1);
        }
    }

    @Test
    void damagedBytesCostTheirRecord() throws IOException {
        byte[] first = gzip(page("ett"));
        byte[] second = gzip(page("två " + "ord ".repeat(200)));
        byte[] third = gzip(page("tre"));
        for (int at = 0; at < second.length; at += 3) {
            byte[] damaged = second.clone();
            damaged[at] ^= 0x55;
            assertThat(read("a.warc.gz", first, damaged, third))
                    .as("byte " + at)
                    .contains("ett", "tre");
        }
        assertThat(read("a.warc.gz", first, new byte[500], third)).containsExactly("ett", "tre");
        assertThat(flaws).hasSize(1);
        assertThat(flaws.getFirst()).endsWith(" damaged");
    }

    @Test
    void labelsAreTheWhatwgs() throws IOException {
        Charset latin = Charset.forName("windows-1252");
        String text = "åäö – ÆØÅ €";
        for (String label : List.of("latin1", "ISO-8859-1", "us-ascii", " \"windows-1252\" ", "l1", "x-cp1252")) {
            byte[] body = ("<p>" + text + "</p>").getBytes(latin);
            assertThat(read("a.warc", response("Content-Type: text/html; charset=" + label + "\r\n", body, 0)))
                    .as(label)
                    .containsExactly(text);
        }
        byte[] stated = ("<html><head><meta charset=\"iso-8859-1\"></head><p>" + text + "</p></html>").getBytes(latin);
        byte[] old = ("<meta http-equiv=\"Content-Type\" content=\"text/html; charset=latin1\"><p>" + text + "</p>")
                .getBytes(latin);
        byte[] silent = ("<p>" + text + "</p>").getBytes(latin);
        byte[] mark = join(new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF}, utf8("<p>" + text + "</p>"));
        for (byte[] body : List.of(stated, old, silent, utf8("<p>" + text + "</p>"))) {
            assertThat(read("a.warc", response("Content-Type: text/html\r\n", body, 0)))
                    .containsExactly(text);
        }
        assertThat(read("a.warc", response("Content-Type: text/html; charset=latin1\r\n", mark, 0)))
                .containsExactly(text);
        assertThat(read("a.warc", response("Content-Type: text/plain; charset=nix\r\n", text.getBytes(latin), 0)))
                .containsExactly(text);
    }
}
