package dev.skald.gguf;

import dev.skald.InvalidInputException;
import dev.skald.base.LfsPointer;
import dev.skald.tensor.Format;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One file: magic, version, counts, keys, descriptions of the tensors, and from the next multiple of {@code general.alignment} on their bytes. As ggml's
 * docs/gguf.md has it, versions 2 and 3, little-endian.
 */
record GgufPart(GgufKeys keys, Map<String, GgufTensor> tensors) {

    private static final int MAGIC = 0x46554747;
    private static final int LEAST_HEAD = 24;
    private static final int LEAST_KEY = 13;
    private static final int LEAST_TENSOR = 32;
    private static final int MOST_DIMENSIONS = 4;
    private static final int DEFAULT_ALIGNMENT = 32;

    /** What the head says of a tensor: its bytes begin at {@code offset} of the data. */
    private record Info(String name, List<Long> shape, Format format, long offset, long bytes) {}

    /** Maps a file into the arena and checks its head. */
    static GgufPart read(Path file, Arena arena) {
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(file + ": no such file");
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            LfsPointer.refuse(file);
            if (channel.size() < LEAST_HEAD) {
                throw new InvalidInputException(
                        file + ": " + channel.size() + " bytes, a GGUF file has at least " + LEAST_HEAD);
            }
            return read(file, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (IOException e) {
            throw new InvalidInputException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static GgufPart read(Path file, MemorySegment memory) {
        GgufCursor head = new GgufCursor(file, memory);
        if (head.u32("the magic number") != MAGIC) {
            throw head.error("does not begin with GGUF: no GGUF file");
        }
        int version = head.u32("the version");
        if (version != 2 && version != 3) {
            throw head.error(
                    Integer.reverseBytes(version) == 3
                            ? "is big-endian, which is not read"
                            : "is of version " + Integer.toUnsignedString(version) + ", expected 2 or 3");
        }
        long tensors = head.count(LEAST_TENSOR, "the number of tensors");
        GgufKeys keys = keys(file, head, head.count(LEAST_KEY, "the number of keys"));
        Map<String, Info> infos = infos(head, tensors);
        int alignment = keys.integer("general.alignment").orElse(DEFAULT_ALIGNMENT);
        if (alignment <= 0 || Integer.bitCount(alignment) != 1) {
            throw keys.error("general.alignment", "is " + alignment + ", expected a power of two");
        }
        long start = Math.ceilDiv(head.at(), (long) alignment) * alignment;
        long bytes = Math.max(0, memory.byteSize() - start);
        checkLayout(head, infos, alignment, bytes);
        Map<String, GgufTensor> found = new LinkedHashMap<>();
        infos.forEach((name, info) -> found.put(
                name,
                new GgufTensor(
                        name, info.shape(), info.format(), memory.asSlice(start + info.offset(), info.bytes()))));
        return new GgufPart(keys, Collections.unmodifiableMap(found));
    }

    private static GgufKeys keys(Path file, GgufCursor head, long count) {
        Map<String, GgufValue> values = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            String key = head.text("key " + i);
            if (values.put(key, head.value(key)) != null) {
                throw head.error("key '" + key + "' is there twice");
            }
        }
        return new GgufKeys(file, Collections.unmodifiableMap(values));
    }

    private static Map<String, Info> infos(GgufCursor head, long count) {
        Map<String, Info> infos = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            Info info = info(head, head.text("the name of tensor " + i));
            if (infos.put(info.name(), info) != null) {
                throw head.error("tensor '" + info.name() + "' is there twice");
            }
        }
        return infos;
    }

    private static Info info(GgufCursor head, String name) {
        String what = "tensor '" + name + "'";
        int dimensions = head.u32(what);
        if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
            throw head.error(what + " has " + Integer.toUnsignedString(dimensions) + " dimensions, expected 1 to "
                    + MOST_DIMENSIONS);
        }
        List<Long> shape = new ArrayList<>();
        long elements = 1;
        for (int i = 0; i < dimensions; i++) {
            long size = head.u64(what);
            long high = Math.multiplyHigh(elements, size);
            elements *= size;
            if (size < 1 || high != 0 || elements < 1 || elements > Long.MAX_VALUE / Float.BYTES) {
                throw head.error(what + " has a dimension of " + Long.toUnsignedString(size)
                        + ", expected 1 or more, and in all a number of elements that there can be");
            }
            shape.addFirst(size);
        }
        int type = head.u32(what);
        Format format = GgufTypes.format(type)
                .orElseThrow(() -> head.error(what + " is of type " + GgufTypes.name(type) + ", which is not read"));
        if (shape.getLast() % format.blockElements() != 0) {
            throw head.error(what + " has rows of " + shape.getLast() + " elements, expected a multiple of "
                    + format.blockElements() + " for " + format);
        }
        return new Info(name, List.copyOf(shape), format, head.u64(what), format.bytes(elements));
    }

    /** Every tensor lies inside the file, at a multiple of the alignment, and no two share a byte. */
    private static void checkLayout(GgufCursor head, Map<String, Info> infos, int alignment, long dataBytes) {
        List<Info> inOrder = new ArrayList<>(infos.values());
        inOrder.sort(Comparator.comparingLong(Info::offset));
        long end = 0;
        for (Info info : inOrder) {
            String what = "tensor '" + info.name() + "'";
            if (info.offset() < 0 || info.offset() > dataBytes - info.bytes()) {
                throw head.error(what + " of " + info.bytes() + " bytes begins at byte "
                        + Long.toUnsignedString(info.offset()) + " of the data, which has " + dataBytes);
            }
            if (info.offset() % alignment != 0) {
                throw head.error(
                        what + " begins at byte " + info.offset() + " of the data, no multiple of " + alignment);
            }
            if (info.offset() < end) {
                throw head.error(what + " begins at byte " + info.offset()
                        + " of the data, inside the tensor before it, which ends at " + end);
            }
            end = info.offset() + info.bytes();
        }
    }
}
