package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sentences of our own; benchmarks/RESULTS.md has the measurements. */
class LanguageIdentifierTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sv|Jag vet inte vad det är för fel på bilen, men den startar inte längre när det är kallt ute.",
                "da|Jeg ved ikke, hvad der er galt med bilen, men den starter ikke længere, når det er koldt udenfor.",
                "nb|Jeg vet ikke hva som er galt med bilen, men den starter ikke lenger når det er kaldt ute.",
                "nn|Eg veit ikkje kva som er gale med bilen, men han startar ikkje lenger når det er kaldt ute.",
                "is|Ég veit ekki hvað er að bílnum, en hann fer ekki lengur í gang þegar það er kalt úti.",
                "fo|Eg veit ikki, hvat ið bilar við bilinum, men hann fer ikki í gongd longur, tá ið tað er kalt úti.",
                "en|I do not know what is wrong with the car, but it no longer starts when it is cold outside.",
                "other|Ich weiß nicht, was mit dem Auto los ist, aber es springt nicht mehr an, wenn es draußen kalt ist.",
                "other|En tiedä, mikä autossa on vikana, mutta se ei enää käynnisty, kun ulkona on kylmä.",
                "other|Я не знаю, что случилось с машиной.",
                "other|12345 67 89 !!!",
            })
    void tellsLanguagesApart(String language, String text) {
        LanguageIdentifier.Identified identified = new LanguageIdentifier().identify(text);
        assertThat(identified.language()).as(identified.toString()).isEqualTo(language);
    }

    /** Prose of today, of which the model has learned nothing like it: the demo's texts, by the language they were written in. */
    @ParameterizedTest
    @CsvSource({"sv,25,25", "da,18,20", "nb,19,19", "nn,14,14"})
    void tellsProseOfAnotherKindApart(String language, int right, int documents) throws IOException {
        LanguageIdentifier identifier = new LanguageIdentifier();
        List<String> found = new ArrayList<>();
        for (String file : List.of(language, "validation-" + language)) {
            try (InputStream in = getClass().getResourceAsStream("/dev/skald/demo/" + file + ".jsonl")) {
                for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .toList()) {
                    String text = new ObjectMapper().readTree(line).get("text").textValue();
                    found.add(identifier.identify(text).language());
                }
            }
        }
        assertThat(found).hasSize(documents);
        assertThat(found).filteredOn(language::equals).hasSizeGreaterThanOrEqualTo(right);
    }
}
