package dev.skald.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What was left after each step of the corpus, out of its report.json. */
record Funnel(List<Step> steps) {

    private static final Map<String, String> STEPS = Map.of(
            "read", "records read",
            "filtered", "after language and rules",
            "exact_dedup", "without equal texts",
            "fuzzy_dedup", "without near-equal texts",
            "train", "in the mix");

    private static final List<String> ORDER = List.of("read", "filtered", "exact_dedup", "fuzzy_dedup", "train");

    /**
     * A step.
     *
     * @param bytes of text, in UTF-8
     */
    record Step(String name, long documents, long bytes) {}

    static Funnel of(Path report) throws IOException {
        JsonNode flows = StrictJson.mapper().readTree(report.toFile()).path("flows");
        List<Step> steps = new ArrayList<>();
        for (String step : ORDER) {
            long documents = 0;
            long bytes = 0;
            for (JsonNode source : flows.path(step)) {
                for (JsonNode language : source) {
                    documents += language.path("documents").asLong();
                    bytes += language.path("bytes").asLong();
                }
            }
            steps.add(new Step(STEPS.get(step), documents, bytes));
        }
        return new Funnel(steps);
    }
}
