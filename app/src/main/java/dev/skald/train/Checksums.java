package dev.skald.train;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The checksums of a checkpoint, {@code checksums.json}: one for each run of bytes that a rank wrote, so that every rank sums up what it has in
 * memory and nothing is read again.
 */
final class Checksums {

    static final String FILE = "checksums.json";

    private static final int BUFFER = 1 << 22;
    private static final JsonMapper JSON = StrictJson.mapper();

    /**
     * A run of bytes.
     *
     * @param file relative to the checkpoint
     * @param offset its first byte
     * @param length bytes
     * @param crc32c their CRC-32C, hexadecimal
     */
    record Range(String file, long offset, long length, String crc32c) {

        static Range of(String file, long offset, ByteBuffer bytes) {
            CRC32C crc = new CRC32C();
            int length = bytes.remaining();
            crc.update(bytes.duplicate());
            return new Range(file, offset, length, Long.toHexString(crc.getValue()));
        }
    }

    private Checksums() {}

    static void write(Path file, List<Range> ranges) throws IOException {
        Files.write(file, JSON.writeValueAsBytes(ranges));
    }

    static List<Range> read(Path file) {
        try {
            return JSON.readValue(Files.readAllBytes(file), new TypeReference<List<Range>>() {});
        } catch (JacksonException e) {
            throw new InvalidInputException(file + ": is not a list of checksums: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new InvalidInputException(file + ": cannot be read, expected the checksums of a checkpoint", e);
        }
    }

    /** The checksum of a whole file, read from the disk. */
    static Range ofFile(Path checkpoint, Path file) throws IOException {
        long size = Files.size(file);
        return new Range(checkpoint.relativize(file).toString(), 0, size, crc(file, 0, size));
    }

    /**
     * Reads everything again.
     *
     * @throws InvalidInputException naming the first file that is not as it was written
     */
    static void verify(Path checkpoint) {
        for (Range range : new ArrayList<>(read(checkpoint.resolve(FILE)))) {
            Path file = checkpoint.resolve(range.file());
            String found;
            try {
                found = crc(file, range.offset(), range.length());
            } catch (IOException e) {
                throw new InvalidInputException(file + ": is damaged: cannot be read to its end", e);
            }
            if (!found.equals(range.crc32c())) {
                throw new InvalidInputException(file + ": is damaged: the checksum of " + range.length()
                        + " bytes from " + range.offset() + " on is " + found + ", expected " + range.crc32c());
            }
        }
    }

    private static String crc(Path file, long offset, long length) throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(BUFFER, Math.max(1, length)));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long done = 0;
            while (done < length) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), length - done));
                int read = channel.read(buffer, offset + done);
                if (read < 0) {
                    throw new IOException("ends after " + (offset + done) + " bytes");
                }
                crc.update(buffer.flip());
                done += read;
            }
        }
        return Long.toHexString(crc.getValue());
    }
}
