package dev.skald.evaluate;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;

/** The words and wordings of one language in nordic-words.json. */
record ProbeLanguage(
        String name,
        Map<String, String> languages,
        String sentence,
        String correct,
        String yes,
        String no,
        String repeat,
        String repeated,
        String spelled,
        String sum,
        String answer,
        String and,
        String not,
        String row,
        String left,
        String owner,
        String who,
        String stands,
        List<String> places,
        List<String> pets,
        @JsonProperty("words") String nouns,
        String animals,
        String food,
        String spelling) {

    static List<String> words(String list) {
        return List.of(list.split(" ", -1));
    }
}
