package dev.skald.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.evaluate.Difference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads EuroEval's {@code euroeval_benchmark_results.jsonl}: a line for each model and data set, in its own layout (before version 18) or Every Eval
 * Ever's (its eee_utils.py). An interval is 1.96 standard errors of the iterations to both sides. Items are not in it.
 */
final class EuroEvalRuns {

    static final String FILE = "euroeval_benchmark_results.jsonl";
    private static final String ADDITIONAL = "additional_details";
    private static final String RESULTS = "results";
    private static final String ERROR = "_se";

    private EuroEvalRuns() {}

    static boolean isResult(ObjectNode line) {
        return (line.path("model_info").isObject()
                        && line.path("evaluation_results").isArray())
                || (line.path("model").isTextual()
                        && line.path("dataset").isTextual()
                        && line.path(RESULTS).isObject());
    }

    /** A run for each model of a file, in the order of their first lines; of a data set that a model has twice, the last line. */
    static List<Run> read(Path file) throws IOException {
        Map<String, Map<String, TaskResult>> models = new LinkedHashMap<>();
        ResultJson.readLines(file, (place, line) -> {
            if (!isResult(line)) {
                throw new InvalidInputException(
                        place + ": not a result of EuroEval: expected model, dataset and results");
            }
            boolean every = line.path("model_info").isObject();
            String model = every
                    ? line.path("model_info")
                            .path("id")
                            .asText(line.path("model_info").path("name").asText())
                    : line.get("model").textValue();
            TaskResult task = every ? everyEvalEver(place, line) : own(place, line);
            models.computeIfAbsent(model, _ -> new LinkedHashMap<>()).put(task.task(), task);
        });
        if (models.isEmpty()) {
            throw new InvalidInputException(file + ": has no result");
        }
        List<Run> runs = new ArrayList<>();
        models.forEach((model, tasks) -> runs.add(new Run(model, model, file, Run.Source.EUROEVAL, tasks)));
        return runs;
    }

    private static TaskResult own(String place, ObjectNode line) {
        Map<String, TaskResult.Figure> figures = new LinkedHashMap<>();
        JsonNode total = line.path(RESULTS).path("total");
        total.properties().forEach(entry -> {
            String key = entry.getKey();
            if (!key.endsWith(ERROR)
                    && !key.equals("num_failed_instances")
                    && entry.getValue().isNumber()) {
                double half = total.path(key + ERROR).asDouble(Double.NaN);
                add(figures, place, key, entry.getValue(), half);
            }
        });
        String version = line.path("euroeval_version")
                .asText(line.path("scandeval_version").asText(""));
        return task(line.get("dataset").textValue(), figures, line, version);
    }

    private static TaskResult everyEvalEver(String place, ObjectNode line) {
        Map<String, TaskResult.Figure> figures = new LinkedHashMap<>();
        for (JsonNode each : line.get("evaluation_results")) {
            JsonNode details = each.path("score_details");
            JsonNode interval = details.path("uncertainty").path("confidence_interval");
            double half = (interval.path("upper").asDouble(Double.NaN)
                            - interval.path("lower").asDouble(Double.NaN))
                    / 2;
            add(figures, place, each.path("evaluation_name").asText(), details.path("score"), half);
        }
        JsonNode library = line.path("eval_library");
        String dataset = library.path(ADDITIONAL)
                .path("dataset")
                .asText(line.path("evaluation_results")
                        .path(0)
                        .path("source_data")
                        .path("dataset_name")
                        .asText());
        return task(
                dataset,
                figures,
                library.path(ADDITIONAL),
                library.path("version").asText(""));
    }

    private static void add(
            Map<String, TaskResult.Figure> figures, String place, String key, JsonNode value, double half) {
        String metric = key.replaceFirst("^test_", "");
        figures.put(
                metric,
                new TaskResult.Figure(
                        ResultJson.finite(place + ": " + key, value),
                        half / Difference.NORMAL_95,
                        TaskResult.higherIsBetter(metric)));
    }

    private static TaskResult task(
            String dataset, Map<String, TaskResult.Figure> figures, JsonNode details, String version) {
        Map<String, String> settings = new LinkedHashMap<>();
        if (!version.isEmpty()) {
            settings.put("version of EuroEval", version);
        }
        for (String key : new String[] {"few_shot", "validation_split", "use_bits_per_character"}) {
            if (!details.path(key).isMissingNode() && !details.path(key).isNull()) {
                settings.put(key, details.path(key).asText());
            }
        }
        return new TaskResult(dataset, figures, settings, Map.of(), Optional.empty());
    }
}
