package dev.skald.corpus;

import java.text.Normalizer;

/**
 * The Nordic Pile's normalisation (Öhman et al. 2023) and what it leaves open, by Unicode's categories:
 *
 * <ul>
 *   <li>what separates lines is a line end: CR LF, CR, VT, FF, NEL, FS, GS, RS, LS, PS (those of Python's {@code splitlines});
 *   <li>every other blank (Zs), the object replacement character and the control character 84 are a plain space;
 *   <li>all other control characters (Cc) but the tab go, and so do format characters (Cf) that nobody sees: soft hyphens, zero-width spaces, byte order marks, directions;
 *       joiners, which emoji and some scripts need, and Arabic's signs stay;
 *   <li>the text is composed to NFC.
 * </ul>
 *
 * Spaces are mapped before anything is deleted, so that a no-break space does not join two words.
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
            if (replacement(text, i) != c) {
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
            int c = replacement(text, i);
            if (c >= 0) {
                clean.append((char) c);
            }
        }
        return clean.toString();
    }

    /** The character to write instead, or -1 for none; of a carriage return before a line feed none. */
    private static int replacement(String text, int at) {
        char c = text.charAt(at);
        if ((c > 0x1F && c < 0x7F) || c == '\n' || c == '\t') {
            return c;
        }
        return switch (c) {
            case '\r' -> at + 1 < text.length() && text.charAt(at + 1) == '\n' ? -1 : '\n';
            case 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029 -> '\n';
            case 0x84, 0xA0, 0x1680, 0x202F, 0x205F, 0x3000, 0xFFFC -> ' ';
            case 0xAD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF -> -1;
            default -> {
                if (c < 0xA0) {
                    yield -1;
                }
                if (c < 0x2000 || c > 0xFFFB) {
                    yield c;
                }
                boolean unseen = (c >= 0x202A && c <= 0x202E)
                        || (c >= 0x2060 && c <= 0x2064)
                        || (c >= 0x2066 && c <= 0x206F)
                        || c >= 0xFFF9;
                yield c <= 0x200A ? ' ' : unseen ? -1 : c;
            }
        };
    }
}
