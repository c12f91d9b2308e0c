package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.luben.zstd.ZstdOutputStream;
import dev.skald.InvalidInputException;
import dev.skald.dataset.PackedDocument;
import dev.skald.dataset.PackedTokens;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DatasetPackerTest {

    @TempDir
    Path directory;

    private Tokenizer tokenizer;

    @BeforeEach
    void tokenizer() throws IOException {
        tokenizer = ByteTokenizer.write(directory.resolve("tokenizer"));
    }

    @Test
    void aLineIsADocumentWithBosAndEos() throws IOException {
        Files.writeString(directory.resolve("a.jsonl"), """
                {"text": "hej", "lang": "sv", "id": "x7", "meta": {"text": "not this"}}

                {"id": 3, "text": "dårligt"}
                {"lang": null, "text": ""}
                {"text": "slut"}""");
        PackedTokens packed = pack("a.jsonl", Switch.TRUE, 1);
        assertThat(texts(packed)).containsExactly("<s>hej</s>", "<s>dårligt</s>", "<s>slut</s>");
        assertThat(packed.document(0)).isEqualTo(new PackedDocument("x7", "sv", "a", 5, 3));
        assertThat(packed.document(1)).isEqualTo(new PackedDocument("3", "", "a", 10, 8));
        assertThat(packed.document(2).id()).isEqualTo("a.jsonl:5");
        assertThat(texts(pack("a.jsonl", Switch.AUTO, 1))).first().isEqualTo("hej</s>");
    }

    /** Whoever asks for the begin token, the trainer's file or the tokenizer's: it is there, or that is an error. */
    @Test
    void aBosTokenThatIsAskedForIsThere() throws IOException {
        Files.writeString(directory.resolve("a.txt"), "hej");
        Path config = directory.resolve("tokenizer/tokenizer_config.json");
        for (String without : List.of("", "\"bos_token\": null, ", "\"bos_token\": \"<none>\", ")) {
            Files.writeString(config, "{\"add_bos_token\": true, " + without + "\"eos_token\": \"</s>\"}");
            tokenizer = Tokenizer.load(directory.resolve("tokenizer"));
            assertThatThrownBy(() -> pack("a.txt", Switch.TRUE, 1))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("bos_token is missing, or not in the vocabulary");
            assertThat(texts(pack("a.txt", Switch.FALSE, 1))).containsExactly("hej</s>");
        }
    }

    private static String bosFirst(int id) {
        return """
                {"type": "TemplateProcessing",
                 "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                 "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [%d], "tokens": ["<s>"]}}}
                """.formatted(id);
    }

    /** transformers 5 takes the post-processor, the tokenizer of Llama in transformers 4 the configuration: where the two differ somebody has to say. */
    @Test
    void theTokenizersFilesHaveToAgreeOnTheBosToken() throws IOException {
        Files.writeString(directory.resolve("a.txt"), "hej");
        Path folder = directory.resolve("tokenizer");
        for (boolean inTemplate : new boolean[] {false, true}) {
            if (inTemplate) {
                ObjectNode file = (ObjectNode) new ObjectMapper()
                        .readTree(folder.resolve("tokenizer.json").toFile());
                file.set(
                        "post_processor",
                        new ObjectMapper().readTree(bosFirst(tokenizer.bosId().getAsInt())));
                Files.writeString(folder.resolve("tokenizer.json"), file.toString());
            }
            for (String asked : List.of("true", "false", "null")) {
                Files.writeString(
                        folder.resolve("tokenizer_config.json"),
                        "{\"add_bos_token\": " + asked + ", \"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}");
                tokenizer = Tokenizer.load(folder);
                assertThat(tokenizer.encode("hej", true).length - tokenizer.encode("hej").length)
                        .as("as transformers 5")
                        .isEqualTo(inTemplate ? 1 : 0);
                if (asked.equals(String.valueOf(!inTemplate))) {
                    assertThatThrownBy(() -> pack("a.txt", Switch.AUTO, 1))
                            .isInstanceOf(InvalidInputException.class)
                            .hasMessageContaining("add_bos_token is " + asked);
                } else {
                    assertThat(texts(pack("a.txt", Switch.AUTO, 1)))
                            .containsExactly(inTemplate ? "<s>hej</s>" : "hej</s>");
                }
                assertThat(texts(pack("a.txt", Switch.TRUE, 1))).containsExactly("<s>hej</s>");
                assertThat(texts(pack("a.txt", Switch.FALSE, 1))).containsExactly("hej</s>");
            }
        }
    }

    @Test
    void everyFormIsRead() throws IOException {
        Path data = Files.createDirectories(directory.resolve("data/deep"));
        Files.writeString(data.resolve("1.jsonl"), "{\"text\": \"ett\"}\r\n");
        write(new GZIPOutputStream(Files.newOutputStream(data.resolve("2.jsonl.gz"))), "{\"text\": \"två\"}\n");
        write(new ZstdOutputStream(Files.newOutputStream(data.resolve("3.jsonl.zst"))), "{\"text\": \"tre\"}");
        Files.writeString(data.resolve("4.txt"), "fyra\nrader\n");
        write(new GZIPOutputStream(Files.newOutputStream(data.resolve("5.txt.gz"))), "fem");
        Files.writeString(data.resolve("6.md"), "not read");
        assertThat(texts(pack("data", Switch.FALSE, 1)))
                .containsExactly("ett</s>", "två</s>", "tre</s>", "fyra\nrader\n</s>", "fem</s>");
        assertThat(texts(pack("data/**/[12]*", Switch.FALSE, 1))).containsExactly("ett</s>", "två</s>");
        assertThat(texts(pack("data/*/*.txt", Switch.FALSE, 1))).containsExactly("fyra\nrader\n</s>");
    }

    @ParameterizedTest
    @EnumSource(names = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"})
    void parquetIsReadAsParquetJavaWritesIt(CompressionCodecName codec) throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType(
                "message row { required int64 id; optional binary text (STRING); required double score; optional binary lang (STRING); }");
        SimpleGroupFactory rows = new SimpleGroupFactory(schema);
        Path file = directory.resolve("rows.parquet");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                .withType(schema)
                .withCompressionCodec(codec)
                .withRowGroupSize(2000L)
                .build()) {
            for (int i = 0; i < 300; i++) {
                Group row = rows.newGroup().append("id", (long) i).append("score", 0.5);
                if (i != 7) {
                    row.append("text", "række " + i);
                }
                writer.write(i % 2 == 0 ? row.append("lang", "da") : row);
            }
        }
        PackedTokens packed = pack("rows.parquet", Switch.FALSE, 2);
        assertThat(packed.documents()).isEqualTo(299);
        assertThat(texts(packed)).startsWith("række 0</s>", "række 1</s>").endsWith("række 299</s>");
        assertThat(packed.document(8)).isEqualTo(new PackedDocument("9", "", "rows", 9, 8));
        assertThat(packed.document(9)).isEqualTo(new PackedDocument("10", "da", "rows", 10, 9));
    }

    @Test
    void theBytesDoNotDependOnTheNumberOfThreadsAndNoLineIsLostBetweenUnits() throws IOException {
        Random random = new Random(5);
        StringBuilder lines = new StringBuilder();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            String text = i + "-" + "å".repeat(random.nextInt(60));
            expected.add(text + "</s>");
            lines.append("{\"text\": \"").append(text).append("\"}").append(i % 3 == 0 ? "\r\n" : "\n");
        }
        Files.writeString(directory.resolve("many.jsonl"), lines);
        Path one = packUnits(1, 10_000);
        Path four = packUnits(4, 10_000);
        assertThat(texts(PackedTokens.open(one))).isEqualTo(expected);
        assertThat(PackedTokens.open(one).index().shards().size()).isGreaterThan(10);
        assertThat(Files.readString(four.resolve("index.json"))).isEqualTo(Files.readString(one.resolve("index.json")));
        for (long unit : new long[] {1, 7, 63, 1 << 20}) {
            assertThat(texts(PackedTokens.open(packUnits(2, unit == 1 ? 400 : unit * 100))))
                    .isEqualTo(expected);
        }
    }

    private Path packUnits(int threads, long unitBytes) throws IOException {
        Path out = directory.resolve("out-" + threads + "-" + unitBytes);
        DatasetConfig dataset = dataset(directory.resolve("many.jsonl").toString());
        new DatasetPacker(
                        List.of(dataset),
                        List.of(),
                        tokenizer,
                        DatasetPacker.encoding(tokenizer, Switch.FALSE),
                        threads,
                        unitBytes)
                .pack(out);
        return out;
    }

    @Test
    void whatAnInterruptedRunCompletedIsKept() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            lines.append("{\"text\": \"document ").append(i).append("\"}\n");
        }
        Path file = directory.resolve("many.jsonl");
        Files.writeString(file, lines);
        Path out = packUnits(1, 2000);
        String index = Files.readString(out.resolve("index.json"));
        Path first = out.resolve("shard-00000.tokens");
        Path last = out.resolve("shard-00003.tokens");
        Object firstKey = Files.readAttributes(first, java.nio.file.attribute.BasicFileAttributes.class)
                .fileKey();
        Files.delete(out.resolve("index.json"));
        Files.delete(last);

        packUnits(1, 2000);
        assertThat(Files.readString(out.resolve("index.json"))).isEqualTo(index);
        assertThat(Files.readAttributes(first, java.nio.file.attribute.BasicFileAttributes.class)
                        .fileKey())
                .isEqualTo(firstKey);

        Files.writeString(file, lines.toString().replace("document 1\"", "dokument 1\""));
        packUnits(1, 2000);
        assertThat(texts(PackedTokens.open(out)).get(1)).isEqualTo("dokument 1</s>");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"text": "a"}~{"text": 3}       | bad.jsonl: line 2: no text in field 'text': it is no string
            {"text": "a"}~{"body": "b"}     | bad.jsonl: line 2: no text in field 'text': no such field; found body
            {"text": "a"                    | bad.jsonl: line 1: not JSON
            ~~["text"]                      | bad.jsonl: line 3: not a JSON object
            """)
    void aWrongLineIsNamed(String lines, String message) throws IOException {
        Files.writeString(directory.resolve("bad.jsonl"), lines.replace('~', '\n'));
        assertThatThrownBy(() -> pack("bad.jsonl", Switch.AUTO, 2))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aWrongFileIsNamed() throws IOException {
        assertThatThrownBy(() -> pack("absent", Switch.AUTO, 1))
                .hasMessageContaining("absent: no such file or directory");
        Files.createDirectory(directory.resolve("empty"));
        assertThatThrownBy(() -> pack("empty", Switch.AUTO, 1)).hasMessageContaining("empty: found no text");
        Files.writeString(directory.resolve("a.csv"), "x");
        assertThatThrownBy(() -> pack("a.csv", Switch.AUTO, 1)).hasMessageContaining("a.csv: found no text");
        Files.writeString(directory.resolve("a.parquet"), "not parquet, but long enough to have a footer");
        assertThatThrownBy(() -> pack("a.parquet", Switch.AUTO, 1))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("a.parquet: not a Parquet file");
        Files.write(directory.resolve("a.txt"), new byte[] {'a', (byte) 0xff});
        assertThatThrownBy(() -> pack("a.txt", Switch.AUTO, 1)).hasMessageContaining("a.txt: not UTF-8");
        Files.writeString(directory.resolve("b.jsonl.gz"), "not gzip");
        assertThatThrownBy(() -> pack("b.jsonl.gz", Switch.AUTO, 1))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("b.jsonl.gz");
        Path cut = directory.resolve("c.jsonl.gz");
        write(new GZIPOutputStream(Files.newOutputStream(cut)), "{\"text\": \"a\"}\n".repeat(1000));
        byte[] bytes = Files.readAllBytes(cut);
        Files.write(cut, java.util.Arrays.copyOf(bytes, bytes.length / 2));
        assertThatThrownBy(() -> pack("c.jsonl.gz", Switch.AUTO, 1))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("c.jsonl.gz: damaged");
    }

    private PackedTokens pack(String path, Switch bos, int threads) throws IOException {
        DatasetConfig dataset = dataset(directory.resolve(path).toString());
        Path out = Files.createTempDirectory(directory, "packed");
        new DatasetPacker(List.of(dataset), List.of(), tokenizer, DatasetPacker.encoding(tokenizer, bos), threads)
                .pack(out);
        return PackedTokens.open(out);
    }

    private static DatasetConfig dataset(String path) {
        return DatasetConfig.ofTexts(path, "text", "lang");
    }

    private List<String> texts(PackedTokens packed) {
        List<String> texts = new ArrayList<>();
        for (long document = 0; document < packed.documents(); document++) {
            int[] ids = new int[(int) (packed.end(document) - packed.start(document))];
            packed.read(packed.start(document), ids, 0, ids.length);
            texts.add(tokenizer.decode(ids, false));
        }
        return texts;
    }

    private static void write(OutputStream out, String text) throws IOException {
        try (out) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }
}
