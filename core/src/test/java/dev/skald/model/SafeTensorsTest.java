package dev.skald.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A safetensors file is read, or refused with one line that names it; nothing else happens, whatever its bytes are. */
class SafeTensorsTest {

    private static final String GOOD = "{'__metadata__':{'format':'pt'},"
            + "'a':{'dtype':'F32','shape':[2,1],'data_offsets':[0,8]},'b':{'dtype':'BF16','shape':[],'data_offsets':[8,10]}}";

    private static Path file;

    @BeforeAll
    @BeforeContainer
    static void newFile() throws IOException {
        file = Files.createTempFile("skald", ".safetensors");
    }

    @AfterAll
    @AfterContainer
    static void deleteFile() throws IOException {
        Files.deleteIfExists(file);
    }

    @Test
    void readsAFile() {
        write(GOOD, 10);
        try (SafeTensors opened = SafeTensors.open(file)) {
            assertThat(opened.metadata()).containsEntry("format", "pt").hasSize(1);
            assertThat(opened.entries().get("a")).isEqualTo(new SafeTensors.Entry("a", "F32", List.of(2L, 1L), 0, 8));
            assertThat(opened.entries().get("b")).isEqualTo(new SafeTensors.Entry("b", "BF16", List.of(), 8, 10));
            assertThat(opened.bytes("b").orElseThrow().byteSize()).isEqualTo(2);
            assertThat(opened.bytes("c")).isEmpty();
            assertThatThrownBy(() -> opened.tensor("c"))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("'c' is missing");
        }
    }

    @Test
    void readsFilesOfNothing() {
        write("{}", 0);
        SafeTensors.open(file).close();
        write("{'a':{'dtype':'F32','shape':[0,4],'data_offsets':[0,0]}}   ", 0);
        SafeTensors.open(file).close();
    }

    @Test
    void namesWhatIsWrong() {
        assertRefused("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}", 7, "'a'", "truncated");
        assertRefused("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}", 9, "1 bytes follow");
        assertRefused("{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}}", 8, "'a'", "[3]", "12");
        assertRefused("{'a':{'dtype':'F31','shape':[2],'data_offsets':[0,8]}}", 8, "'a'", "'F31'");
        assertRefused("{'a':{'shape':[2],'data_offsets':[0,8]}}", 8, "'a'", "dtype");
        assertRefused("{'a':{'dtype':'F32','shape':2,'data_offsets':[0,8]}}", 8, "'a' shape");
        assertRefused("{'a':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}}", 8, "'a' shape", "-2");
        assertRefused("{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}}", 8, "'a' shape", "2.0");
        assertRefused("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0]}}", 8, "'a' data_offsets");
        assertRefused("{'a':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}}", 8, "'a'");
        assertRefused("{'a':{'dtype':'F32','shape':[4611686018427387904,4],'data_offsets':[0,8]}}", 8, "too large");
        assertRefused("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,99999999999999999999]}}", 8, "data_offsets");
        assertRefused(
                "{'a':{'dtype':'U8','shape':[5],'data_offsets':[0,5]},'b':{'dtype':'U8','shape':[5],'data_offsets':[4,9]}}",
                9,
                "'b' begins at 4, inside");
        assertRefused(
                "{'a':{'dtype':'U8','shape':[5],'data_offsets':[0,5]},'b':{'dtype':'U8','shape':[3],'data_offsets':[6,9]}}",
                9,
                "'b' begins at 6, expected 5");
        assertRefused(
                "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}}",
                1,
                "'a'");
        assertRefused("[1]", 0, "not a JSON object");
        assertRefused("", 0, "not a JSON object");
        assertRefused("{'a'", 0, "not valid JSON");
        assertRefused("{}{}", 0, "not valid JSON");
    }

    @Test
    void namesABrokenBeginning() throws IOException {
        Files.write(file, new byte[7]);
        assertRefused("truncated", "7 bytes");
        for (long length : new long[] {3, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
            Files.write(
                    file,
                    ByteBuffer.allocate(10)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(length)
                            .array());
            assertRefused("larger than the file (10 bytes)");
        }
        byte[] latin1 = "{\"å\":1}".getBytes(StandardCharsets.ISO_8859_1);
        Files.write(
                file,
                ByteBuffer.allocate(8 + latin1.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(latin1.length)
                        .put(latin1)
                        .array());
        assertRefused("not UTF-8");
        assertThatThrownBy(() -> SafeTensors.open(file.resolveSibling("nowhere.safetensors")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("no such file");
    }

    /** Any bytes after a plausible header length. */
    @Property(tries = 400)
    void anyBytes(@ForAll byte[] bytes, @ForAll("lengths") long length) throws IOException {
        Files.write(
                file,
                ByteBuffer.allocate(8 + bytes.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(length < 0 ? bytes.length + length : length)
                        .put(bytes)
                        .array());
        openAndTouch();
    }

    @Provide
    Arbitrary<Long> lengths() {
        return Arbitraries.oneOf(
                Arbitraries.longs().between(-3, 300),
                Arbitraries.of(Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32, 1L << 31));
    }

    /** A good header with some of its characters replaced. */
    @Property(tries = 1000)
    void changedHeaders(@ForAll("changes") List<Change> changes) throws IOException {
        StringBuilder header = new StringBuilder(GOOD);
        for (Change change : changes) {
            int at = change.at() % header.length();
            header.replace(at, Math.min(header.length(), at + change.removed()), change.text());
        }
        write(header.toString(), 10);
        openAndTouch();
    }

    record Change(int at, int removed, String text) {}

    @Provide
    Arbitrary<List<Change>> changes() {
        Arbitrary<String> texts = Arbitraries.of(
                "", "0", "9", "-", "[", "]", "{", "}", ",", ":", "'", "1e999", "null", "[0,0]", "'a'", "'F64'", "\0",
                "\u00e5");
        return Combinators.combine(
                        Arbitraries.integers().between(0, 1000),
                        Arbitraries.integers().between(0, 6),
                        texts)
                .as(Change::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(4);
    }

    /** Reading every byte that was handed out: a tensor outside of the file would end the JVM. */
    private static void openAndTouch() {
        Optional<SafeTensors> opened = Optional.empty();
        try {
            opened = Optional.of(SafeTensors.open(file));
        } catch (InvalidInputException e) {
            assertThat(e.getMessage()).startsWith(file.toString());
        }
        opened.ifPresent(tensors -> {
            for (String name : tensors.entries().keySet()) {
                MemorySegment bytes = tensors.bytes(name).orElseThrow();
                long sum = 0;
                for (long i = 0; i < bytes.byteSize(); i++) {
                    sum += bytes.get(ValueLayout.JAVA_BYTE, i);
                }
                assertThat(sum).isZero();
            }
            assertThatCode(tensors::close).doesNotThrowAnyException();
        });
    }

    private static void assertRefused(String header, int dataBytes, String... words) {
        write(header, dataBytes);
        assertRefused(words);
    }

    private static void assertRefused(String... words) {
        assertThatThrownBy(() -> SafeTensors.open(file))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContainingAll(words);
    }

    /** Single quotes for double ones; the data are zeros. */
    private static void write(String header, int dataBytes) {
        byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        try {
            Files.write(
                    file,
                    ByteBuffer.allocate(8 + json.length + dataBytes)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(json.length)
                            .put(json)
                            .array());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
