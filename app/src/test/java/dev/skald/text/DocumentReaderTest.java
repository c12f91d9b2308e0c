package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
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
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentReaderTest {

    @TempDir
    private Path directory;

    @Test
    void aTxtIsOneDocument() {
        assertThat(read("a.txt", utf8("Ett\n\ntvå\n"))).containsExactly("Ett\n\ntvå\n");
        assertThat(read("a.txt.gz", gzip(utf8("Ett\r\nå 😀")))).containsExactly("Ett\r\nå 😀");
        assertThat(read("empty.txt", new byte[0])).containsExactly("");
        assertThat(read("mark.txt", utf8("\ufeffEtt"))).containsExactly("Ett");
        assertThat(read("wide.txt", "Ett å".getBytes(StandardCharsets.UTF_16))).containsExactly("Ett å");
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
        assertThat(read("wide.jsonl", new String(lines, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_16LE)))
                .isEqualTo(expected);
        assertThat(read("mark.jsonl", concatenated(utf8("\ufeff"), lines))).isEqualTo(expected);
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
        assertRefused("a.pdf", utf8("x"), "expected a name that ends with .txt, .jsonl");
        assertRefused("a.gz", gzip(utf8("x")), "expected a name that ends with .txt, .jsonl");
        assertRefused("a.jsonl", utf8("{\"text\": \"x\"}\n{\"text\": 3}\n"), "line 2", "'text'");
        assertRefused("a.jsonl", utf8("{\"text\": \"x\"}\n\n{\"txt\": \"x\"}\n"), "line 3", "'text'");
        assertRefused("a.jsonl", utf8("{\"text\": \"x\"\n"), "line 1", "not JSON");
        assertRefused("a.jsonl", utf8("{\"text\": \"x\"} {\"text\": \"y\"}\n"), "line 1", "not JSON");
        assertRefused("a.jsonl", utf8("[1]\n"), "line 1", "not a JSON object");
        assertRefused("a.txt", new byte[] {'a', (byte) 0xe5, 'b'}, "not UTF-8");
        assertRefused("a.txt", new byte[] {'a', (byte) 0xc3}, "not UTF-8");
        assertRefused("a.jsonl", new byte[] {'{', (byte) 0xe5, '}'}, "line 1", "not UTF-8");
        assertRefused("a.txt.gz", utf8("not gzip at all"), "damaged");
        assertRefused("a.txt.gz", Arrays.copyOf(gzip(utf8("cut off")), 20), "damaged");
        assertThatThrownBy(() -> DocumentReader.readTexts(directory.resolve("no.txt"), text -> {}, bytes -> {}))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("no such file");
    }

    /** Of a text inside another object, what is left of that object stays metadata. */
    @Test
    void aTextInsideAnObject() throws IOException {
        Path file = Files.write(directory.resolve("a.jsonl"), utf8("""
                {"page": {"body": "ett", "n": 1, "deep": {"body": "två"}}, "x": true}
                {"page": {"n": 2}}
                {"page": {"body": 3}}
                {"page": "no"}
                {"page.body": "fyra"}
                """));
        assertThat(textAndMetadata(file, Format.JSON_LINES, "page.body"))
                .containsExactly("ett {\"page\":{\"n\":1,\"deep\":{\"body\":\"två\"}},\"x\":true}", "fyra ");
        assertThat(textAndMetadata(file, Format.JSON_LINES, "page.deep.body"))
                .containsExactly("två {\"page\":{\"body\":\"ett\",\"n\":1,\"deep\":{}},\"x\":true}");
    }

    private static List<String> textAndMetadata(Path file, Format format, String field) throws IOException {
        ReadOptions options = new ReadOptions(new Fields(field, "id", "url", "lang"), true, 1 << 20, false, flaw -> {});
        List<String> found = new ArrayList<>();
        try (DocumentReader reader = DocumentReader.open(FilePart.whole(file, format), options)) {
            for (TextDocument document = reader.next(); document != null; document = reader.next()) {
                found.add(document.text() + " " + document.metadata());
            }
        }
        return found;
    }

    @Test
    void aTextInsideAStructAndTheOtherColumns() throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType(
                "message row { optional group page { optional binary body (STRING); optional int32 n; }"
                        + " optional double score; optional boolean seen; optional int64 at (TIMESTAMP(MILLIS,true));"
                        + " optional binary blob; optional binary lang (STRING); repeated int32 many; }");
        Path file = directory.resolve("a.parquet");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                .withType(schema)
                .build()) {
            SimpleGroupFactory rows = new SimpleGroupFactory(schema);
            Group row = rows.newGroup()
                    .append("score", 0.5)
                    .append("seen", true)
                    .append("at", 1_700_000_000_000L)
                    .append("blob", Binary.fromConstantByteArray(new byte[] {(byte) 0xFF, 0}))
                    .append("lang", "sv")
                    .append("many", 1);
            row.addGroup("page").append("body", "ett").append("n", 1);
            writer.write(row);
            writer.write(rows.newGroup().append("score", 1.5));
            Group last = rows.newGroup();
            last.addGroup("page").append("body", "två");
            writer.write(last);
        }
        assertThat(textAndMetadata(file, Format.PARQUET, "page.body"))
                .containsExactly(
                        "ett {\"score\":0.5,\"seen\":true,\"at\":\"2023-11-14T22:13:20Z\",\"lang\":\"sv\"}", "två ");
    }

    /** Codecs that nothing here reads are named when the file is opened. */
    @Test
    void anUnreadableCodecIsNamed() throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType("message row { required binary text (STRING); }");
        Path file = directory.resolve("a.parquet");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                .withType(schema)
                .withCompressionCodec(CompressionCodecName.LZ4_RAW)
                .build()) {
            writer.write(new SimpleGroupFactory(schema).newGroup().append("text", "ett"));
        }
        String refusal = file + ": column text is compressed by LZ4_RAW, expected Snappy, gzip, zstd or no compression";
        assertThatThrownBy(() -> DocumentReader.readTexts(file, text -> {}, bytes -> {}))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(refusal);
        assertThatThrownBy(() -> RowReader.open(file))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(refusal);
    }

    /** A list of objects is one value, after which nothing comes; objects may follow each other without one. */
    @Test
    void rowsOfAList() throws IOException {
        assertThat(rows(" [{\"a\": 1},\n {\"a\": [2]}]\n")).containsExactly("{\"a\":1}", "{\"a\":[2]}");
        assertThat(rows("{\"a\": 1} {\"a\": 2}\n{\"a\": 3}")).hasSize(3);
        assertThat(rows("")).isEmpty();
        assertThat(rows("[]")).isEmpty();
        for (String broken : List.of(
                "[{\"a\": 1}]}",
                "[{\"a\": 1}] {\"a\": 2}",
                "[{\"a\": 1}",
                "[{\"a\": 1}]]",
                "{\"a\": 1}}{",
                "{\"a\": 1}]")) {
            assertThatThrownBy(() -> rows(broken))
                    .as(broken)
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("a.json: line 1: ");
        }
    }

    private List<String> rows(String json) throws IOException {
        List<String> rows = new ArrayList<>();
        try (RowReader reader = RowReader.open(Files.writeString(directory.resolve("a.json"), json))) {
            for (dev.skald.text.Row row = reader.next(); row != null; row = reader.next()) {
                rows.add(row.fields().toString());
            }
        }
        return rows;
    }

    /** What differs between the users of the reader are its options. */
    @Test
    void flawsAreGivenAwayAndReadingGoesOn() throws IOException {
        byte[] lines = utf8("""
                {"text": "å", "id": 7, "url": "u", "lang": "sv", "more": {"a": [1, null, "\\ud800"]}}
                not json
                [1]
                {"body": "b"}
                {"text": 3}
                {"text": "%s"}
                """.formatted("x".repeat(300)));
        byte[] latin1 = "{\"text\": \"bl\u00e5\"}".getBytes(StandardCharsets.ISO_8859_1);
        Path file = Files.write(directory.resolve("a.jsonl"), concatenated(lines, latin1));
        List<String> flaws = new ArrayList<>();
        List<TextDocument> documents = all(file, Format.JSON_LINES, false, flaws);
        assertThat(documents)
                .containsExactly(new TextDocument(
                        "7",
                        "å",
                        "u",
                        "sv",
                        "{\"lang\":\"sv\",\"more\":{\"a\":[1,null,\"\ufffd\"]}}",
                        new Place(file, Place.Unit.LINE, 1),
                        0));
        assertThat(flaws)
                .containsExactly(
                        "LINE 2 NOT_JSON",
                        "LINE 3 NOT_AN_OBJECT",
                        "LINE 4 NO_TEXT no such field",
                        "LINE 5 NO_TEXT it is no string",
                        "LINE 6 TOO_LONG 312 bytes",
                        "LINE 7 NOT_UTF8");
        assertThat(all(file, Format.JSON_LINES, true, flaws).getLast().text()).isEqualTo("bl\ufffd");
        List<TextDocument> texts =
                all(Files.write(directory.resolve("b.txt"), utf8("ett\n\n två\r\n")), Format.TEXT_LINES, false, flaws);
        assertThat(texts).extracting(TextDocument::text).containsExactly("ett", " två\r");
        assertThat(texts).extracting(TextDocument::position).containsExactly(0L, 5L);
    }

    /** Of a file that ends in the middle, what came whole is read. */
    @Test
    void damageEndsAFile() throws IOException {
        byte[] lines = new byte[0];
        for (int i = 0; i < 40_000; i++) {
            lines = i % 100 == 0 ? concatenated(lines, utf8("{\"text\": \"" + i * 7919L % 10007 + "\"}\n")) : lines;
        }
        for (String name : List.of("a.jsonl.gz", "a.jsonl.zst")) {
            byte[] packed = name.endsWith(".gz") ? gzip(lines) : Zstd.compress(lines);
            Path file = Files.write(directory.resolve(name), Arrays.copyOf(packed, packed.length - 20));
            List<String> flaws = new ArrayList<>();
            assertThat(all(file, Format.JSON_LINES, false, flaws)).hasSizeLessThan(400);
            assertThat(flaws).hasSize(1);
            assertThat(flaws.getFirst()).contains("UNREADABLE");
            assertRefused(name, Arrays.copyOf(packed, packed.length - 20), "damaged");
        }
    }

    /** Wherever a file ends too early, in its first bytes too, that is a flaw of the file and not the end of everything. */
    @Test
    void noDamageThrows() throws IOException {
        byte[] lines = utf8("{\"text\": \"ett\"}\n{\"text\": \"två\"}\n");
        for (String name : List.of("a.jsonl.gz", "a.jsonl.zst", "b.txt.gz", "b.txt.zst")) {
            byte[] packed = name.endsWith(".gz") ? gzip(lines) : Zstd.compress(lines);
            Format format = name.startsWith("a") ? Format.JSON_LINES : Format.TEXT;
            for (int length = 1; length < packed.length; length++) {
                Path file = Files.write(directory.resolve(name), Arrays.copyOf(packed, length));
                List<String> flaws = new ArrayList<>();
                List<TextDocument> documents = all(file, format, false, flaws);
                assertThat(documents.size())
                        .as(name + " of " + length + " bytes")
                        .isLessThanOrEqualTo(2);
                assertThat(flaws.toString())
                        .as(name + " of " + length + " bytes")
                        .contains("UNREADABLE");
            }
        }
    }

    @Test
    void halvesOfSurrogatesAreReplaced() {
        assertThat(read("a.jsonl", utf8("{\"text\": \"a\\ud800b\\udc00\\ud83d\\ude00\"}")))
                .containsExactly("a\ufffdb\ufffd😀");
    }

    /** Bytes that are not declared to be text are text all the same, as Hadoop's writers leave them. */
    @Test
    void parquetColumns() throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType(
                "message row { required int32 id; optional binary text; repeated binary tags; optional binary body (STRING); }");
        Path file = directory.resolve("a.parquet");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                .withType(schema)
                .build()) {
            SimpleGroupFactory rows = new SimpleGroupFactory(schema);
            writer.write(rows.newGroup().append("id", 4).append("text", "blå").append("tags", "x"));
            writer.write(rows.newGroup().append("id", 5).append("body", "grå"));
        }
        List<String> flaws = new ArrayList<>();
        assertThat(all(file, Format.PARQUET, false, flaws))
                .containsExactly(new TextDocument("4", "blå", "", "", "", new Place(file, Place.Unit.ROW, 1), 1));
        assertThat(flaws).containsExactly("ROW 2 NULL_TEXT columns are id, text, tags, body");
        List<String> texts = new ArrayList<>();
        DocumentReader.readTexts(file, texts::add, bytes -> {});
        assertThat(texts).containsExactly("blå");
        ReadOptions other = ReadOptions.strict(Fields.text("tags"));
        try (DocumentReader reader = DocumentReader.open(FilePart.named(file), other)) {
            assertThatThrownBy(reader::next)
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessage(file + ": row 1: no text in field 'tags': columns are id, text, tags, body");
        }
    }

    private static List<TextDocument> all(Path file, Format format, boolean repair, List<String> flaws)
            throws IOException {
        Flaws receiver =
                flaw -> flaws.add(flaw.place().unit() + " " + flaw.place().number() + " " + flaw.kind()
                        + (flaw.kind() == Flaw.Kind.NOT_JSON || flaw.detail().isEmpty() ? "" : " " + flaw.detail()));
        ReadOptions options = new ReadOptions(new Fields("text", "id", "url", "lang"), true, 200, repair, receiver);
        List<TextDocument> documents = new ArrayList<>();
        try (DocumentReader reader = DocumentReader.open(FilePart.whole(file, format), options)) {
            for (TextDocument document = reader.next(); document != null; document = reader.next()) {
                documents.add(document);
            }
        }
        return documents;
    }

    private static byte[] concatenated(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
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
            DocumentReader.readTexts(file, documents::add, count -> told[0] = count);
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
