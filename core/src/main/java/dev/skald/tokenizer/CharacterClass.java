package dev.skald.tokenizer;

/** What the patterns of pre-tokenizers ask of a character: letter, number, white space, end of line, or something else. */
public final class CharacterClass {

    static final byte OTHER = 0;
    static final byte LETTER = 1;
    static final byte NUMBER = 2;
    static final byte BLANK = 3;
    /** Carriage return and line feed: white space too. */
    static final byte NEWLINE = 4;

    /** The class of each code point below 0x800, those of one or two bytes in UTF-8. */
    private static final byte[] LOW = new byte[0x800];

    /** The classes above in blocks of 256, filled when first asked for; threads may fill one twice, with the same. */
    private static final byte[][] BLOCKS = new byte[0x110000 >> 8][];

    static {
        for (int codePoint = 0; codePoint < LOW.length; codePoint++) {
            LOW[codePoint] = classify(codePoint);
        }
    }

    private CharacterClass() {}

    /** The class of the character that starts at {@code at} in UTF-8. */
    static byte at(byte[] utf8, int at, int to) {
        int b = utf8[at];
        if (b >= 0) {
            return LOW[b];
        }
        if (b < (byte) 0xE0 && at + 1 < to) {
            return LOW[(b & 0x1F) << 6 | (utf8[at + 1] & 0x3F)];
        }
        return of(Utf8.codePoint(utf8, at, to));
    }

    static boolean isAsciiLetter(int b) {
        int lower = b | 0x20;
        return lower >= 'a' && lower <= 'z';
    }

    static byte of(int codePoint) {
        if (codePoint < LOW.length) {
            return LOW[codePoint];
        }
        byte[] block = BLOCKS[codePoint >> 8];
        if (block == null) {
            block = new byte[256];
            int first = codePoint & ~0xFF;
            for (int i = 0; i < 256; i++) {
                block[i] = classify(first + i);
            }
            BLOCKS[codePoint >> 8] = block;
        }
        return block[codePoint & 0xFF];
    }

    private static byte classify(int codePoint) {
        if (codePoint == '\n' || codePoint == '\r') {
            return NEWLINE;
        }
        if (isWhiteSpace(codePoint)) {
            return BLANK;
        }
        return switch (Character.getType(codePoint)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER -> LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            default -> OTHER;
        };
    }

    /** Unicode's property White_Space, which Java's {@link Character#isWhitespace} is not. */
    public static boolean isWhiteSpace(int codePoint) {
        return (codePoint >= 0x09 && codePoint <= 0x0D)
                || codePoint == ' '
                || codePoint == 0x85
                || codePoint == 0xA0
                || codePoint == 0x1680
                || (codePoint >= 0x2000 && codePoint <= 0x200A)
                || codePoint == 0x2028
                || codePoint == 0x2029
                || codePoint == 0x202F
                || codePoint == 0x205F
                || codePoint == 0x3000;
    }
}
