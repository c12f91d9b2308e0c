package dev.skald.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestNameTest {

    private static final List<String> NAMES = List.of("min_words", "max_words", "languages");

    /** One edit each: a letter too many, one missing, another one, two neighbours swapped. */
    @Test
    void nearIsSuggested() {
        for (String name : List.of("max_wordss", "max_word", "max-words", "amx_words")) {
            assertThat(NearestName.of(name, NAMES)).isEqualTo("max_words");
            assertThat(NearestName.suggestion(name, NAMES)).isEqualTo("did you mean 'max_words'?");
        }
    }

    @Test
    void whereNothingIsNearAllAreListed() {
        assertThat(NearestName.suggestion("x", NAMES)).isEqualTo("expected one of min_words, max_words, languages");
        assertThat(NearestName.suggestion("x", List.of())).isEmpty();
    }

    /** "sword" is one edit from both. */
    @Test
    void ofEqualsTheFirst() {
        assertThat(NearestName.of("sword", List.of("word", "swords"))).isEqualTo("word");
        assertThat(NearestName.of("sword", List.of("swords", "word"))).isEqualTo("swords");
    }
}
