package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuleTest {

    private static final Recipe.Bound NO_BOUND = new Recipe.Bound(null, null, 0, 0, List.of());

    @TempDir
    private Path directory;

    @Test
    void measuresAreThoseOfTheReference() throws Exception {
        JsonNode cases;
        try (InputStream in = RuleTest.class.getResourceAsStream("measures.json")) {
            cases = new ObjectMapper().readTree(in);
        }
        Path stopWords = directory.resolve("stop");
        for (JsonNode example : cases) {
            StringBuilder words = new StringBuilder();
            example.get("stop_words")
                    .forEach(word -> words.append(word.asText()).append('\n'));
            Files.writeString(stopWords, words);
            Subject subject = subject(example.get("text").asText(), "", Map.of("nb", stopWords.toString()), Map.of());
            example.get("measures")
                    .properties()
                    .forEach(measure -> assertThat(Measures.of(Rule.named(measure.getKey(), "test"), subject))
                            .as(measure.getKey() + " of: " + example.get("text").asText())
                            .isCloseTo(measure.getValue().asDouble(), within(1e-9)));
        }
    }

    private static Subject subject(String text, String url, Map<String, String> stopWords, Map<String, String> adult)
            throws Exception {
        TextShape shape = new TextShape();
        shape.read(text);
        Repetition repetition = new Repetition();
        repetition.read(shape);
        WordLists lists = new WordLists(new Recipe.WordListFiles(stopWords, adult, "", List.of(".pdf")));
        return new Subject(shape, repetition, url, "nb", 0.9, lists, new EvaluationGrams(13, new long[0]), NO_BOUND);
    }

    @Test
    void aTextMayBeginWithAnEllipsis() throws Exception {
        assertThat(Measures.of(Rule.ELLIPSES, subject("... og så....", "", Map.of(), Map.of())))
                .isCloseTo(2.0 / 3, within(1e-12));
    }

    @Test
    void adultWordsCountOnlyFromTheHitsThatTheRuleAsksFor() throws Exception {
        Path list = Files.writeString(directory.resolve("adult"), "fyord 2\ntøvord 0.5\n");
        Subject subject = subject("Fyord, fyord og tøvord her.", "", Map.of(), Map.of("nb", list.toString()));
        assertThat(Measures.of(Rule.ADULT_WORDS, subject.under(new Recipe.Bound(null, 0.01, 3, 2, List.of()))))
                .isCloseTo(4.5 / 5, within(1e-12));
        assertThat(Measures.of(Rule.ADULT_WORDS, subject.under(new Recipe.Bound(null, 0.01, 3, 3, List.of()))))
                .isZero();
    }

    @Test
    void urls() throws Exception {
        assertThat(Measures.of(Rule.URL_MALFORMED, subject("a", "https://example.no/a b", Map.of(), Map.of())))
                .isEqualTo(1);
        assertThat(Measures.of(Rule.URL_MALFORMED, subject("a", "https://example.no/a", Map.of(), Map.of())))
                .isZero();
        assertThat(Measures.of(Rule.URL_BLOCKED, subject("a", "https://example.no/a.PDF", Map.of(), Map.of())))
                .isEqualTo(1);
        assertThat(Measures.of(Rule.URL_LENGTH, subject("a", "", Map.of(), Map.of())))
                .isNaN();
    }

    @Test
    void contaminationIsTheShareOfNGramsThatAnEvaluationSetHolds() {
        TextShape shape = new TextShape();
        shape.read("hvor mange bein har en edderkopp når den er voksen og frisk");
        EvaluationGrams grams = new EvaluationGrams(5, EvaluationGrams.of(shape, 5));
        shape.read("Han spurte: Hvor mange bein har en edderkopp? Ingen visste det.");
        // words 3 to 8 are in the set: 2 of the 7 5-grams
        assertThat(grams.share(shape)).isCloseTo(2.0 / 7, within(1e-12));
    }
}
