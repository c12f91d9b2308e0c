package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against files that Python's csv module wrote: csv_golden.py. */
class CsvRowsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = CsvRowsTest.class.getResourceAsStream(name)) {
            return Objects.requireNonNull(in).readAllBytes();
        }
    }

    private static List<Row> rows(Path file) throws IOException {
        List<Row> rows = new ArrayList<>();
        try (RowReader reader = RowReader.open(file)) {
            for (Row row = reader.next(); row != null; row = reader.next()) {
                rows.add(row);
            }
        }
        return rows;
    }

    @Test
    void rowsOfPythonsFiles() throws IOException {
        JsonNode golden = JSON.readTree(resource("csv_golden.json"));
        for (String name : List.of("golden.csv", "quoted.csv", "golden.tsv")) {
            Path file = Files.write(directory.resolve(name), resource(name));
            ArrayNode found = JSON.createArrayNode();
            rows(file).forEach(row -> found.add(row.fields()));
            assertThat(JSON.readTree(found.toString())).as(name).isEqualTo(golden);
        }
        Path packed = directory.resolve("golden.csv.gz");
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            out.write(resource("golden.csv"));
        }
        assertThat(rows(packed)).hasSize(golden.size());
    }

    @Test
    void aRowIsWhereItBegins() throws IOException {
        Path file = Files.writeString(directory.resolve("a.csv"), "q,a\r\n\r\n\"two\nlines\",x\r\n\nlast,y");
        assertThat(rows(file)).extracting(row -> row.place().number()).containsExactly(3L, 6L);
    }

    /** Whatever is written with quotes around it comes back. */
    @Test
    void anyTextInQuotesComesBack() throws IOException {
        Random random = new Random(7);
        String letters = "a\",\n\r\tå ;";
        for (int round = 0; round < 200; round++) {
            List<List<String>> expected = new ArrayList<>();
            StringBuilder text = new StringBuilder("\"first\",\"second\"\n");
            for (int row = 0; row < 3; row++) {
                List<String> fields = new ArrayList<>();
                for (int field = 0; field < 2; field++) {
                    StringBuilder value = new StringBuilder("x"); // neither empty nor a number
                    for (int i = random.nextInt(6); i > 0; i--) {
                        value.append(letters.charAt(random.nextInt(letters.length())));
                    }
                    fields.add(value.toString());
                }
                expected.add(fields);
                text.append('"')
                        .append(String.join(
                                "\",\"",
                                fields.stream()
                                        .map(value -> value.replace("\"", "\"\""))
                                        .toList()))
                        .append(random.nextBoolean() ? "\"\r\n" : "\"\n");
            }
            Path file = Files.writeString(directory.resolve("any.csv"), text);
            assertThat(rows(file))
                    .as(text.toString())
                    .extracting(row -> List.of(
                            row.fields().get("first").textValue(),
                            row.fields().get("second").textValue()))
                    .isEqualTo(expected);
        }
    }

    @Test
    void whatIsNoCsvIsRefusedByLine() throws IOException {
        refused("", "a.csv: is empty, expected a line of column names");
        refused("q,a\nx,y\nz\n", "a.csv: line 3: found 1 fields, expected 2 as in the header");
        refused("q,a\nx,y\n\"z,\n", "a.csv: line 3: a quoted field has no end");
        refused("q,a\n\"x\"y,z\n", "a.csv: line 2: found 'y' after the quote that ends a field");
        refused("q,q\n", "a.csv: line 1: column name 'q' is there twice");
        refused("q;a\nx;y\n", "a.csv: line 1: found 'q;a' as the only column, expected columns separated by ','");
        Path latin = Files.write(directory.resolve("latin.csv"), "q,a\nå,b\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> rows(latin))
                .hasMessageContaining("latin.csv: line")
                .hasMessageEndingWith("not UTF-8");
    }

    private void refused(String text, String message) throws IOException {
        Path file = Files.writeString(directory.resolve("a.csv"), text);
        assertThatThrownBy(() -> rows(file))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(message);
    }
}
