package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdOutputStream;
import dev.skald.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnpackingInputStreamTest {

    @TempDir
    Path folder;

    private static final byte[] TEXT = new Random(1)
            .ints(300_000, 'a', 'z')
            .collect(StringBuilder::new, (text, c) -> text.append((char) c), StringBuilder::append)
            .toString()
            .getBytes(StandardCharsets.UTF_8);

    /** Packed in two members or frames, as tools that work in parallel do. */
    private static byte[] packed(String name) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int half = 0; half < 2; half++) {
            try (OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(bytes) : new ZstdOutputStream(bytes)) {
                out.write(TEXT, half * TEXT.length / 2, TEXT.length / 2);
            }
        }
        return bytes.toByteArray();
    }

    private byte[] read(Path file) throws IOException {
        long[] consumed = new long[1];
        try (UnpackingInputStream in = UnpackingInputStream.open(file, count -> consumed[0] = count)) {
            byte[] all = in.readAllBytes();
            assertThat(in.read()).isEqualTo(-1);
            assertThat(consumed[0]).isEqualTo(Files.size(file));
            return all;
        }
    }

    @Test
    void theNameSaysHowAFileIsPacked() throws IOException {
        assertThat(read(Files.write(folder.resolve("a.txt"), TEXT))).isEqualTo(TEXT);
        for (String name : new String[] {"a.txt.gz", "a.txt.zst"}) {
            Path file = Files.write(folder.resolve(name), packed(name));
            assertThat(read(file)).as(name).isEqualTo(TEXT);
            assertThat(UnpackingInputStream.plainName(file)).isEqualTo("a.txt");
        }
    }

    /** Frames without content (RFC 8878, 3.1.2) are before the others, between and after them, as pzstd and seekable formats write them. */
    @Test
    void skippableFramesArePassedOver() throws IOException {
        byte[] skippable = {0x5E, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(skippable);
        bytes.write(Zstd.compress(Arrays.copyOf(TEXT, 100_000)));
        bytes.write(skippable);
        bytes.write(Zstd.compress(Arrays.copyOfRange(TEXT, 100_000, TEXT.length)));
        bytes.write(skippable);
        assertThat(read(Files.write(folder.resolve("a.txt.zst"), bytes.toByteArray())))
                .isEqualTo(TEXT);
        Path none = Files.write(folder.resolve("none.txt.zst"), skippable);
        assertThat(read(none)).isEmpty();
        Path cut = Files.write(folder.resolve("cut.txt.zst"), Arrays.copyOf(bytes.toByteArray(), 40));
        assertThatThrownBy(() -> read(cut)).isInstanceOf(InvalidInputException.class);
    }

    /** With a mark of its order, or by the zeros in it. */
    @Test
    void utf16BecomesUtf8() throws IOException {
        String text = "Blåbær 😀 og \u20ac\n".repeat(3000);
        for (Charset charset : new Charset[] {StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE}) {
            for (String mark : new String[] {"", "\ufeff"}) {
                byte[] bytes = (mark + text).getBytes(charset);
                ByteArrayOutputStream packed = new ByteArrayOutputStream();
                try (OutputStream out = new GZIPOutputStream(packed)) {
                    out.write(bytes);
                }
                Path plain = Files.write(folder.resolve("a.txt"), bytes);
                Path gzip = Files.write(folder.resolve("a.txt.gz"), packed.toByteArray());
                assertThat(new String(read(plain), StandardCharsets.UTF_8)).isEqualTo(text);
                assertThat(new String(read(gzip), StandardCharsets.UTF_8)).isEqualTo(text);
                assertThat(UnpackingInputStream.isSeekable(plain)).isFalse();
                Path odd = Files.write(folder.resolve("odd.txt"), Arrays.copyOf(bytes, bytes.length - 1));
                assertThat(read(odd)).endsWith(0xFF);
            }
        }
        byte[] half = "\ufeffab\ud83dc\n".getBytes(StandardCharsets.UTF_16LE);
        half[6] = 0x3D; // Java writes no half of a pair
        half[7] = (byte) 0xD8;
        assertThat(read(Files.write(folder.resolve("half.txt"), half)))
                .as("three bytes that are no UTF-8")
                .isEqualTo(new byte[] {'a', 'b', (byte) 0xED, (byte) 0xA0, (byte) 0xBD, 'c', '\n'});
        for (byte[] other : new byte[][] {
            {}, {0}, {'a', 0}, {'a', 'b', 0, 'c'}, {1, 0, 0, 0, 2, 0}, "å\0b".getBytes(StandardCharsets.UTF_8)
        }) {
            Path file = Files.write(folder.resolve("other.txt"), other);
            assertThat(read(file)).isEqualTo(other);
            assertThat(UnpackingInputStream.isSeekable(file)).isTrue();
        }
    }

    @Test
    void aPlainFileFromAByteOn() throws IOException {
        Path file = Files.write(folder.resolve("a.txt"), TEXT);
        try (UnpackingInputStream in = UnpackingInputStream.open(file, 299_990, count -> {})) {
            assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(TEXT, 299_990, TEXT.length));
        }
    }

    /** Also where whole frames or members come before the one that is cut. */
    @Test
    void noCutIsTakenForTheEnd() throws IOException {
        byte[] text = Arrays.copyOf(TEXT, 100);
        for (String name : new String[] {"a.txt.gz", "a.txt.zst"}) {
            ByteArrayOutputStream one = new ByteArrayOutputStream();
            try (OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(one) : new ZstdOutputStream(one)) {
                out.write(text);
            }
            byte[] frame = one.toByteArray();
            byte[] three = concatenated(frame, frame, frame);
            for (int length = 1; length < three.length; length++) {
                Path file = Files.write(folder.resolve(name), Arrays.copyOf(three, length));
                int begun = length % frame.length;
                // Java passes over what is no header of a member, as gzip does over padding
                if (begun == 0 || (name.endsWith(".gz") && length > frame.length && begun < 10)) {
                    assertThat(read(file)).hasSize(length / frame.length * text.length);
                } else {
                    assertThatThrownBy(() -> read(file))
                            .as(name + " of " + length + " bytes")
                            .isInstanceOf(InvalidInputException.class)
                            .hasMessageStartingWith(file + ": damaged");
                }
            }
        }
    }

    private static byte[] concatenated(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @Test
    void aDamagedFileIsNamed() throws IOException {
        for (String name : new String[] {"a.txt.gz", "a.txt.zst"}) {
            byte[] whole = packed(name);
            Path file = folder.resolve(name);
            for (byte[] damaged : new byte[][] {Arrays.copyOf(whole, whole.length - 10), TEXT}) {
                Files.write(file, damaged);
                assertThatThrownBy(() -> read(file))
                        .isInstanceOf(InvalidInputException.class)
                        .hasMessageStartingWith(file + ": damaged");
            }
        }
    }
}
