package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeReaderTest {

    @TempDir
    private Path directory;

    private Recipe read(String... overrides) throws IOException {
        Path file = Files.writeString(directory.resolve("r.yaml"), "sources: [{path: in.jsonl}]\noutput: out\n");
        return RecipeReader.read(file, List.of(overrides));
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "nordic-pile", "gopher", "fineweb2"})
    void presetsAreReadAndWhatIsWrittenIsReadAsTheSame(String preset) throws IOException {
        Recipe recipe = read("preset=" + preset);
        Path written = Files.writeString(directory.resolve("w.yaml"), RecipeReader.write(recipe));
        assertThat(RecipeReader.read(written, List.of())).isEqualTo(recipe);
    }

    @Test
    void thresholdsOfOneLanguageReplaceThoseOfAll() throws IOException {
        Recipe recipe = read("preset=fineweb2");
        assertThat(recipe.bounds("sv").get(Rule.NEWLINES).max()).isEqualTo(0.135);
        assertThat(recipe.bounds("is").get(Rule.NEWLINES).max()).isEqualTo(0.3);
        assertThat(read("preset=nordic-pile", "filters.digits=null").bounds("sv"))
                .doesNotContainKey(Rule.DIGITS);
        assertThat(read("preset=nordic-pile", "filters.digits.max=0.5")
                        .bounds("sv")
                        .get(Rule.DIGITS)
                        .max())
                .isEqualTo(0.5);
    }

    @Test
    void nullTakesAKeyOutOfThePresetAndLeavesTheDefault() throws IOException {
        Recipe defaults = read();
        Recipe recipe = read(
                "preset=nordic-pile", "mix={weights: null}", "filters=null", "fuzzy_dedup.threshold=null", "seed=null");
        assertThat(read("preset=nordic-pile").mix().weights()).isNotEmpty();
        assertThat(recipe.mix()).isEqualTo(defaults.mix());
        assertThat(recipe.filters()).isEmpty();
        assertThat(recipe.fuzzyDedup().threshold())
                .isEqualTo(defaults.fuzzyDedup().threshold());
        assertThat(recipe.fuzzyDedup().bands()).isEqualTo(2);
        assertThat(recipe.seed()).isEqualTo(defaults.seed());
        assertThat(read("preset=null", "mix={weights: {wiki: {sv: null, da: 2}}}")
                        .mix()
                        .weights())
                .isEqualTo(Map.of("wiki", Map.of("da", 2.0)));
        assertThat(read("sources=[{path: in.jsonl, text: null}]").sources()).isEqualTo(defaults.sources());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sources=null|sources: found no source, expected at least one",
                "sources=[{path: a}, null]|sources[1]: found empty, expected keys and values",
                "fuzzy_dedup.survivor=[longest, null]|fuzzy_dedup.survivor[1]: found empty, expected a text",
                "sed=1|unknown key 'sed'; did you mean 'seed'?",
                "fuzzy_dedup.treshold=1|unknown key 'fuzzy_dedup.treshold'; did you mean 'fuzzy_dedup.threshold'?",
                "filters.duplicate_line.max=1|no rule 'duplicate_line'; did you mean 'duplicate_lines'?",
                "preset=nordicpile|no preset 'nordicpile'; did you mean 'nordic-pile'?",
                "seed=x|seed: found \"x\", expected a whole number",
                "fuzzy_dedup.threshold=2|fuzzy_dedup.threshold: found 2.0, expected 0 to 1",
                "language.keep=[se]|language.keep: found 'se', expected one of sv, da",
                "nonsense|expected key=value",
            })
    void mistakesAreNamed(String override, String message) {
        assertThatThrownBy(() -> read(override))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(message);
    }

    @Test
    void shippedRecipesAreReadAndEveryRuleIsDocumented() throws IOException {
        List<Path> shipped = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of("configs"))) {
            files.filter(file -> file.endsWith("corpus.yaml")).forEach(shipped::add);
        }
        assertThat(shipped).isNotEmpty();
        for (Path file : shipped) {
            assertThat(RecipeReader.read(file, List.of()).sources()).isNotEmpty();
        }
        String documentation = Files.readString(Path.of("docs/corpus.md"));
        for (Rule rule : Rule.values()) {
            assertThat(documentation).contains("| " + rule.key() + " |");
        }
    }
}
