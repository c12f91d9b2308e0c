package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import dev.skald.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
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

    @Test
    void aPlainFileFromAByteOn() throws IOException {
        Path file = Files.write(folder.resolve("a.txt"), TEXT);
        try (UnpackingInputStream in = UnpackingInputStream.open(file, 299_990, count -> {})) {
            assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(TEXT, 299_990, TEXT.length));
        }
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
