package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextNormalizerTest {

    @Test
    void controlsAndSoftHyphensGoAndSpacesBecomeSpaces() {
        assertThat(TextNormalizer.normalize("a\u00A0b\u2009c\u0084d\u00ADe\u200Bf\u0007g\r\nh\ti"))
                .isEqualTo("a b c defg\nh\ti");
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
