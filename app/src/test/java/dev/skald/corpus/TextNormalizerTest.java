package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextNormalizerTest {

    @Test
    void controlsAndSoftHyphensGoAndSpacesBecomeSpaces() {
        assertThat(TextNormalizer.normalize("a\u00A0b\u2009c\u0084d\u00ADe\u200Bf\u0007g\r\nh\ti"))
                .isEqualTo("a b c defg\nh\ti");
    }

    @Test
    void whatSeparatesLinesIsALineEnd() {
        assertThat(TextNormalizer.normalize("skog\fNästa")).isEqualTo("skog\nNästa");
        for (String end :
                List.of("\r\n", "\r", "\u000B", "\f", "\u0085", "\u001C", "\u001D", "\u001E", "\u2028", "\u2029")) {
            assertThat(TextNormalizer.normalize("a" + end + "b")).isEqualTo("a\nb");
        }
        assertThat(TextNormalizer.normalize("a\r\r\nb\u001Fc")).isEqualTo("a\n\nbc");
    }

    @Test
    void blanksAreSpacesAndWhatNobodySeesGoes() {
        for (int c = 0; c <= 0xFFFF; c++) {
            if (Character.getType(c) == Character.SPACE_SEPARATOR) {
                assertThat(TextNormalizer.normalize("a" + (char) c + "b"))
                        .as(Integer.toHexString(c))
                        .isEqualTo("a b");
            }
        }
        assertThat(TextNormalizer.normalize("\uFEFFa\u200Eb\u202Ac\u2060d\u2066e\uFFF9f\u180Eg"))
                .isEqualTo("abcdefg");
        // Joiners make one emoji of several.
        String family = "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67";
        assertThat(TextNormalizer.normalize(family)).isEqualTo(family);
    }

    @Test
    void composes() {
        assertThat(TextNormalizer.normalize("A\u030A og a\u030A")).isEqualTo("Å og å");
    }

    @Test
    void plainTextIsTheSameObject() {
        String text = "Blåbærsyltetøy på brødskiva.";
        assertThat(TextNormalizer.normalize(text)).isSameAs(text);
    }

    @Test
    void misreadUtf8IsRepairedAndGoodTextIsNot() {
        assertThat(Utf8Repair.repair("SmÃ¥ blÃ¥ bÃ¦r â€“ Ã…lesund")).isEqualTo("Små blå bær – Ålesund");
        assertThat(Utf8Repair.repair("Små blå bær – ÅÄÖ, naïve café, 5 °C"))
                .isEqualTo("Små blå bær – ÅÄÖ, naïve café, 5 °C");
    }
}
