package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.netpreserve.jwarc.HttpResponse;
import org.netpreserve.jwarc.MediaType;
import org.netpreserve.jwarc.WarcCompression;
import org.netpreserve.jwarc.WarcResponse;
import org.netpreserve.jwarc.WarcWriter;

class SplitReaderTest {

    private static final Recipe.Read READ = new Recipe.Read(1 << 16, 1 << 20, "replace", 0.5);

    private static final String PAGE = """
            <html><head><title>T</title><style>p{}</style></head><body><header><a href=/>Hjem</a></header>
            <nav><ul><li><a href=/a>Nyheter</a><li><a href=/b>Sport</a></ul></nav>
            <main><h1>Blåbær</h1><p>Blåbær er <b>små</b> og blå.<br>De vokser i skogen.</p>
            <p><a href=/x>Les mer her</a></p><ul><li>plukk dem</li><li>spis dem</li></ul><script>x()</script></main>
            <footer>Kontakt oss</footer></body></html>
            """;

    @TempDir
    private Path directory;

    private final ByteArrayOutputStream aside = new ByteArrayOutputStream();

    private static Recipe.Source source(String format) {
        return new Recipe.Source("s", "p", format, "misc", "nb", "", 1, 0, "text", "id", "url", false, List.of(), "");
    }

    private List<Document> read(Path file, String format, long from, long to) throws IOException {
        return read(file, file.getFileName().toString(), format, from, to);
    }

    private List<Document> read(Path file, String name, String format, long from, long to) throws IOException {
        List<Document> found = new ArrayList<>();
        try (Rejects rejects = new Rejects(aside);
                SplitReader reader = new SplitReader(
                        new Split(0, file.toString(), name, InputFormat.named(format), from, to, 1),
                        source(format),
                        READ,
                        rejects)) {
            for (Document document = reader.next(); document != null; document = reader.next()) {
                found.add(document);
            }
        }
        return found;
    }

    @Test
    void splitsHaveEveryRecordOnceWhereverTheyAreCut() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            lines.append("{\"id\":")
                    .append(i)
                    .append(",\"text\":\"")
                    .append("å".repeat(i))
                    .append("\"}\n");
        }
        byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
        Path plain = Files.write(directory.resolve("a.jsonl"), bytes);
        Path packed = Files.write(directory.resolve("a.jsonl.zst"), Zstd.compress(bytes));
        for (Path file : List.of(plain, packed)) {
            for (int cut = 1; cut < bytes.length; cut += 7) {
                List<Document> both = read(file, "jsonl", 0, cut);
                both.addAll(read(file, "jsonl", cut, Long.MAX_VALUE));
                assertThat(both.stream().map(Document::id).toList())
                        .as(file + " cut at " + cut)
                        .hasSize(50)
                        .doesNotHaveDuplicates();
            }
        }
        assertThat(read(plain, "txt-lines", 0, Long.MAX_VALUE)).hasSize(50);
        assertThat(read(plain, "txt", 0, Long.MAX_VALUE)).hasSize(1);
    }

    /** Files of the same name in two directories have documents with ids of their own. */
    @Test
    void idsThatAreMadeAreUnique() throws IOException {
        Set<String> ids = new HashSet<>();
        for (String folder : List.of("a", "b")) {
            Path made = Files.createDirectories(directory.resolve(folder));
            Path lines = Files.writeString(made.resolve("part-0.jsonl"), "{\"text\":\"ett\"}\n{\"text\":\"två\"}\n");
            read(lines, folder + "/part-0.jsonl", "jsonl", 0, Long.MAX_VALUE).forEach(each -> ids.add(each.id()));
            Path text = Files.writeString(made.resolve("text.txt"), "ett");
            read(text, folder + "/text.txt", "txt", 0, Long.MAX_VALUE).forEach(each -> ids.add(each.id()));
        }
        assertThat(ids).hasSize(6).contains("s/a/text.txt", "s/b/text.txt");
    }

    @Test
    void readableTextOfAWebArchive() throws IOException {
        Path file = directory.resolve("a.warc.gz");
        try (WarcWriter writer = new WarcWriter(
                Files.newByteChannel(
                        file, java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE),
                WarcCompression.GZIP)) {
            writer.write(
                    response("https://example.no/bær", 200, MediaType.HTML, PAGE.getBytes(StandardCharsets.UTF_8)));
            writer.write(
                    response("https://example.no/404", 404, MediaType.HTML, PAGE.getBytes(StandardCharsets.UTF_8)));
            writer.write(response(
                    "https://example.no/latin",
                    200,
                    MediaType.parse("text/html; charset=iso-8859-1"),
                    "<p>Rødgrød med fløde</p>".getBytes(StandardCharsets.ISO_8859_1)));
        }
        List<Document> found = read(file, "warc", 0, Long.MAX_VALUE);
        assertThat(found.stream().map(Document::text))
                .containsExactly(
                        "Blåbær\n\nBlåbær er små og blå.\nDe vokser i skogen.\n- plukk dem\n- spis dem",
                        "Rødgrød med fløde");
        assertThat(found.getFirst().url()).isEqualTo("https://example.no/b%C3%A6r");
        assertThat(found.getFirst().id()).isNotEmpty();

        byte[] whole = Files.readAllBytes(file);
        Path half = Files.write(directory.resolve("half.warc.gz"), java.util.Arrays.copyOf(whole, whole.length - 60));
        assertThat(read(half, "warc", 0, Long.MAX_VALUE)).hasSizeBetween(1, 2);
    }

    private static WarcResponse response(String url, int status, MediaType type, byte[] body) throws IOException {
        HttpResponse http =
                new HttpResponse.Builder(status, "x").body(type, body).build();
        return new WarcResponse.Builder(URI.create(URI.create(url).toASCIIString()))
                .date(Instant.EPOCH)
                .body(http)
                .build();
    }

    @Test
    void parquetThatWasWrittenIsReadAgain() throws Exception {
        Recipe recipe = RecipeReader.read(
                Files.writeString(
                        directory.resolve("r.yaml"),
                        "sources: [{path: x, name: s}]\noutput: o\nkept: {format: parquet}"),
                List.of());
        Path file = directory.resolve("kept.parquet");
        try (ResultWriter writer = ResultWriter.open(recipe, ending -> file, false)) {
            writer.kept(new DocumentStore.Stored(new Document("1", "Blåbær.", "u", "", 0, ""), "nb", 0.9, 8));
            writer.kept(new DocumentStore.Stored(new Document("2", "Tyttebær.", "", "", 0, ""), "nb", 0.9, 10));
        }
        String metadata = "{\"source\":\"s\",\"category\":\"misc\",\"language\":\"nb\",\"language_score\":0.9}";
        assertThat(read(file, "parquet", 0, Long.MAX_VALUE))
                .containsExactly(
                        new Document("1", "Blåbær.", "u", metadata, 0, "nb"),
                        new Document("2", "Tyttebær.", "", metadata, 0, "nb"));
    }
}
