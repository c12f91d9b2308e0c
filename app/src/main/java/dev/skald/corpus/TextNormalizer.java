package dev.skald.corpus;

import java.text.Normalizer;

/**
 * The Nordic Pile's normalisation (Öhman et al. 2023): control characters, soft hyphens and zero-width spaces go, special spaces become
 * plain ones, and the text is composed to NFC. Spaces are mapped before anything is deleted, so that a no-break space does not join two
 * words.
 */
final class TextNormalizer {

    private TextNormalizer() {}

    static String normalize(String text) {
        int i = 0;
        int n = text.length();
        boolean composed = true;
        for (; i < n; i++) {
            char c = text.charAt(i);
            if (c >= 0x300) {
                composed = false;
            }
            if (replacement(c) != c) {
                break;
            }
        }
        String clean = i == n ? text : replaced(text, i);
        return (composed && i == n) || Normalizer.isNormalized(clean, Normalizer.Form.NFC)
                ? clean
                : Normalizer.normalize(clean, Normalizer.Form.NFC);
    }

    private static String replaced(String text, int from) {
        StringBuilder clean = new StringBuilder(text.length()).append(text, 0, from);
        for (int i = from; i < text.length(); i++) {
            int c = replacement(text.charAt(i));
            if (c >= 0) {
                clean.append((char) c);
            }
        }
        return clean.toString();
    }

    /** The character to write instead, or -1 for none. */
    private static int replacement(char c) {
        if ((c > 0x1F && c < 0x7F) || c == '\n' || c == '\t') {
            return c;
        }
        return switch (c) {
            case 0x84, 0xA0, 0x2002, 0x2003, 0x2005, 0x2008, 0x2009, 0x200A, 0x202F, 0x3000, 0xFFFC -> ' ';
            case 0xAD, 0x200B -> -1;
            default -> c < 0xA0 ? -1 : c;
        };
    }
}
