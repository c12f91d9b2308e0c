package dev.skald.tokenizer;

/** Code points in UTF-8 bytes that are known to be well formed; malformed bytes give wrong answers but no exception. */
public final class Utf8 {

    private Utf8() {}

    /** The number of bytes of the character that starts with {@code first}, at least 1. */
    static int length(byte first) {
        return first >= 0 ? 1 : first < (byte) 0xE0 ? 2 : first < (byte) 0xF0 ? 3 : 4;
    }

    /** The end of the character that starts at {@code at}. */
    static int next(byte[] utf8, int at, int to) {
        return Math.min(to, at + length(utf8[at]));
    }

    /** The start of the character that ends at {@code at}. */
    static int previous(byte[] utf8, int from, int at) {
        int start = at - 1;
        while (start > from && (utf8[start] & 0xC0) == 0x80) {
            start--;
        }
        return start;
    }

    /** The code point that starts at {@code at}; U+FFFD where it is cut off. */
    public static int codePoint(byte[] utf8, int at, int to) {
        int b = utf8[at];
        int length = length((byte) b);
        if (at + length > to) {
            return 0xFFFD;
        }
        int codePoint = switch (length) {
            case 1 -> b;
            case 2 -> (b & 0x1F) << 6 | (utf8[at + 1] & 0x3F);
            case 3 -> (b & 0x0F) << 12 | (utf8[at + 1] & 0x3F) << 6 | (utf8[at + 2] & 0x3F);
            default ->
                (b & 0x07) << 18 | (utf8[at + 1] & 0x3F) << 12 | (utf8[at + 2] & 0x3F) << 6 | (utf8[at + 3] & 0x3F);
        };
        return codePoint > Character.MAX_CODE_POINT ? 0xFFFD : codePoint;
    }

    /**
     * How many bytes at the end begin a character whose last byte is missing: 0 to 3. Bytes that can no longer become a character do not count.
     */
    public static int unfinished(byte[] utf8, int length) {
        for (int back = 1; back <= Math.min(3, length); back++) {
            int b = utf8[length - back] & 0xFF;
            if ((b & 0xC0) == 0x80) {
                continue;
            }
            int needed = b >= 0xC2 && b < 0xE0 ? 2 : b >= 0xE0 && b < 0xF0 ? 3 : b >= 0xF0 && b < 0xF5 ? 4 : 1;
            if (needed <= back) {
                return 0;
            }
            return back == 1 || secondFits(b, utf8[length - back + 1] & 0xFF) ? back : 0;
        }
        return 0;
    }

    /** Whether the second byte rules out neither an overlong form, nor a surrogate, nor a code point above U+10FFFF. */
    private static boolean secondFits(int first, int second) {
        return switch (first) {
            case 0xE0 -> second >= 0xA0;
            case 0xED -> second < 0xA0;
            case 0xF0 -> second >= 0x90;
            case 0xF4 -> second < 0x90;
            default -> true;
        };
    }

    /** Whether the bytes {@code from <= i < to} are UTF-8. */
    static boolean isWellFormed(byte[] bytes, int from, int to) {
        return firstMalformed(bytes, from, to) < 0;
    }

    /** The index of the first byte that is not UTF-8, or -1. */
    public static int firstMalformed(byte[] bytes, int from, int to) {
        int i = from;
        while (i < to) {
            int b = bytes[i] & 0xFF;
            if (b < 0x80) {
                i++;
                continue;
            }
            int length = b >= 0xC2 && b < 0xE0 ? 2 : b >= 0xE0 && b < 0xF0 ? 3 : b >= 0xF0 && b < 0xF5 ? 4 : 0;
            if (length == 0 || i + length > to || !secondFits(b, bytes[i + 1] & 0xFF)) {
                return i;
            }
            for (int k = 1; k < length; k++) {
                if ((bytes[i + k] & 0xC0) != 0x80) {
                    return i;
                }
            }
            i += length;
        }
        return -1;
    }
}
