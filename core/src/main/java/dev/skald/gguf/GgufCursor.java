package dev.skald.gguf;

import dev.skald.InvalidInputException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads the head of a GGUF file from front to back. What a length or a count promises is checked against the rest of the file first. */
final class GgufCursor {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** More elements than any array of a model has; some hundred MB of Java's memory. */
    private static final long MOST_ELEMENTS = 1 << 24;

    private static final long LONGEST_TEXT = 1 << 26;

    private final Path file;
    private final MemorySegment memory;
    private long at;

    GgufCursor(Path file, MemorySegment memory) {
        this.file = file;
        this.memory = memory;
    }

    /** The byte that is read next. */
    long at() {
        return at;
    }

    byte u8(String what) {
        return memory.get(ValueLayout.JAVA_BYTE, take(1, what));
    }

    int u32(String what) {
        return memory.get(INT, take(4, what));
    }

    long u64(String what) {
        return memory.get(LONG, take(8, what));
    }

    /** How many things follow, of at least so many bytes each. */
    long count(long leastBytes, String what) {
        long count = u64(what);
        long left = memory.byteSize() - at;
        if (count < 0 || count > left / leastBytes) {
            throw error(what + " is " + Long.toUnsignedString(count) + ", more than the " + left
                    + " bytes after it can hold");
        }
        return count;
    }

    String text(String what) {
        long length = count(1, "the length of " + what);
        if (length > LONGEST_TEXT) {
            throw error(what + " has " + length + " bytes, expected at most " + LONGEST_TEXT);
        }
        long from = take(length, what);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(memory.asSlice(from, length).asByteBuffer())
                    .toString();
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(file + ": " + what + " at byte " + from + " is not UTF-8", e);
        }
    }

    /** A value with its type before it. */
    GgufValue value(String key) {
        int type = u32("the type of key '" + key + "'");
        return type == 9 ? array(key) : single(type, "key '" + key + "'");
    }

    private GgufValue single(int type, String what) {
        return switch (type) {
            case 6 -> new GgufValue.Real(Float.intBitsToFloat(u32(what)));
            case 7 -> new GgufValue.Flag(u8(what) != 0);
            case 8 -> new GgufValue.Text(text(what));
            case 12 -> new GgufValue.Real(Double.longBitsToDouble(u64(what)));
            default -> new GgufValue.Whole(whole(type, what));
        };
    }

    private long whole(int type, String what) {
        return switch (type) {
            case 0, 7 -> u8(what) & 0xFF;
            case 1 -> u8(what);
            case 2 -> memory.get(SHORT, take(2, what)) & 0xFFFF;
            case 3 -> memory.get(SHORT, take(2, what));
            case 4 -> Integer.toUnsignedLong(u32(what));
            case 5 -> u32(what);
            case 10, 11 -> u64(what);
            default ->
                throw error(what + " has a value of type " + Integer.toUnsignedString(type) + ", expected 0 to 12");
        };
    }

    private GgufValue array(String key) {
        String what = "key '" + key + "'";
        int type = u32("the type of the elements of " + what);
        int width = width(type, what);
        long count = count(width, "the number of elements of " + what);
        if (count > MOST_ELEMENTS) {
            throw error(what + " has " + count + " elements, expected at most " + MOST_ELEMENTS);
        }
        int n = (int) count;
        return switch (type) {
            case 8 -> {
                List<String> texts = new ArrayList<>();
                for (int i = 0; i < n; i++) {
                    texts.add(text(what));
                }
                yield new GgufValue.Texts(List.copyOf(texts));
            }
            case 6, 12 -> {
                double[] reals = new double[n];
                for (int i = 0; i < n; i++) {
                    reals[i] = type == 6 ? Float.intBitsToFloat(u32(what)) : Double.longBitsToDouble(u64(what));
                }
                yield new GgufValue.Reals(reals);
            }
            default -> {
                long[] wholes = new long[n];
                for (int i = 0; i < n; i++) {
                    wholes[i] = whole(type, what);
                }
                yield new GgufValue.Wholes(wholes);
            }
        };
    }

    /** The least bytes of an element. */
    private int width(int type, String what) {
        return switch (type) {
            case 0, 1, 7 -> 1;
            case 2, 3 -> 2;
            case 4, 5, 6 -> 4;
            case 8, 10, 11, 12 -> 8;
            case 9 -> throw error(what + " is an array of arrays, which is not read");
            default ->
                throw error(what + " has elements of type " + Integer.toUnsignedString(type) + ", expected 0 to 12");
        };
    }

    private long take(long bytes, String what) {
        if (bytes > memory.byteSize() - at) {
            throw error("ends at byte " + memory.byteSize() + ", inside " + what + ": truncated");
        }
        long from = at;
        at += bytes;
        return from;
    }

    InvalidInputException error(String what) {
        return new InvalidInputException(file + ": " + what);
    }
}
