package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the preset of the Nordic Pile does to good texts of unusual form, and how a recipe keeps them; docs/corpus.md says the same. */
class PresetTest {

    /** With a refrain. */
    private static final String HYMN = """
            Nu vaknar dagen över berg och dal,
            och fågeln sjunger i den gröna sal.
            Så sjunger vi med glädje om och om igen:
            Tack för ljuset, tack för varje vän.

            När vinden går i skogens höga krona
            och bäckens vatten börjar klinga, tona.
            Så sjunger vi med glädje om och om igen:
            Tack för ljuset, tack för varje vän.

            När kvällen kommer tyst på bara fötter
            och rosen sover djupt på sina rötter.
            Så sjunger vi med glädje om och om igen:
            Tack för ljuset, tack för varje vän.
            """;

    private static final String POEM = """
            Snön
            faller.

            Tyst
            ligger gatan.

            En lampa
            tänds

            och någon
            som väntar
            går.
            """;

    private static final String LIST = """
            - en hammare och en såg
            - spik av olika längd
            - en tumstock som är rak
            - sandpapper till kanterna
            - lim som tål väta
            - färg och en pensel
            """;

    private static final String ELECTION = """
            I valet 2018 fick partiet 1 830 386 röster (28,26 %) och 100 mandat, mot 1 932 711 röster (31,01 %) och 113 mandat 2014. \
            I valet 2022 blev det 1 964 474 röster (30,33 %) och 107 mandat, 2 078 486 om man räknar in 114 012 förtidsröster.
            """;

    private static final String MARKDOWN = """
            # Att laga en cykel

            Det är lättare än man tror.

            ## Hjulet

            Lossa muttern och lyft ut det.

            ### Slangen

            Leta efter hålet i vatten.
            """;

    @TempDir
    private Path directory;

    private List<String> failures(String text, String... without) throws IOException {
        Path file = Files.writeString(
                directory.resolve("r.yaml"),
                "preset: nordic-pile\noutput: out\nsources: [{path: in.jsonl, without: " + List.of(without) + "}]\n");
        Recipe recipe = RecipeReader.read(file, List.of());
        Examiner examiner =
                new Examiner(recipe, new WordLists(recipe.wordLists()), new EvaluationGrams(13, new long[0]));
        return examiner.examine(new Document("1", text, "", "", 0, ""), new Tally()).failures().stream()
                .map(Examiner.Failure::rule)
                .toList();
    }

    @Test
    void whatIsDroppedAndByWhat() throws IOException {
        assertThat(failures(HYMN))
                .containsExactly(
                        "duplicate_line_characters",
                        "duplicate_5_grams",
                        "duplicate_6_grams",
                        "duplicate_7_grams",
                        "duplicate_8_grams",
                        "duplicate_9_grams",
                        "duplicate_10_grams",
                        "word_5_grams");
        assertThat(failures(POEM)).containsExactly("line_characters", "line_words");
        assertThat(failures(LIST)).containsExactly("bullet_lines");
        assertThat(failures(ELECTION)).containsExactly("alphabetic_words", "digits");
    }

    @Test
    void headingsOfMarkdownAreNoHashes() throws IOException {
        assertThat(failures(MARKDOWN)).isEmpty();
        assertThat(failures(MARKDOWN.replace("# ", "#"))).containsExactly("hashes");
    }

    @Test
    void aSourceCanBeWithoutThem() throws IOException {
        for (String text : List.of(HYMN, POEM, LIST, ELECTION)) {
            assertThat(failures(text, failures(text).toArray(String[]::new))).isEmpty();
        }
        assertThatThrownBy(() -> failures(POEM, "line_wrds"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("sources.in.jsonl.without: no rule 'line_wrds'; did you mean 'line_words'?");
    }
}
