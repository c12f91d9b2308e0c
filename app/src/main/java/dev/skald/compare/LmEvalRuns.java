package dev.skald.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Reads runs as lm-evaluation-harness writes them, and {@code skald evaluate} too: {@code results_TIME.json}, and beside it {@code
 * samples_TASK_TIME.jsonl} (its loggers/evaluation_tracker.py and result_schema.py).
 */
final class LmEvalRuns {

    private static final String RESULTS = "results";
    private static final String CONFIGS = "configs";
    private static final String STDERR = "_stderr";

    /** Keys of a task's configuration that its prompts and answers are made by. */
    private static final List<String> DETAILS = List.of(
            "description",
            "doc_to_text",
            "doc_to_target",
            "doc_to_choice",
            "target_delimiter",
            "fewshot_delimiter",
            "gen_prefix",
            "fewshot_split",
            "test_split",
            "generation_kwargs",
            "filter_list");

    private LmEvalRuns() {}

    /** The results files of a directory, the oldest first. */
    static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(file -> file.getFileName().toString().matches("results(_.*)?\\.json"))
                    .sorted()
                    .toList();
        }
    }

    static boolean isResult(ObjectNode root) {
        return root.path(RESULTS).isObject()
                && root.get(RESULTS).properties().stream()
                        .allMatch(task -> task.getValue().isObject());
    }

    /** One run of all files; of a task that is in several, the newest. */
    static Run read(String name, Path path, List<Path> files) throws IOException {
        Map<String, TaskResult> tasks = new LinkedHashMap<>();
        TreeSet<String> models = new TreeSet<>();
        Run.Source source = Run.Source.LM_EVAL;
        for (Path file : files) {
            ObjectNode root = ResultJson.read(file);
            if (!isResult(root)) {
                throw new InvalidInputException(file + ": not a result file: expected 'results', an object by task");
            }
            String model = root.path("model_name").asText("");
            String arguments = root.path("config").path("model_args").asText("");
            models.add(model.isEmpty() ? arguments : model);
            if (root.path("model_source").asText("").equals("skald")) {
                source = Run.Source.SKALD;
            }
            root.get(RESULTS)
                    .properties()
                    .forEach(task -> tasks.put(task.getKey(), task(file, root, task.getKey(), task.getValue())));
        }
        if (models.size() > 1) {
            throw new InvalidInputException(
                    path + ": has results of " + String.join(" and ", models) + ": give the results file of one");
        }
        if (tasks.isEmpty()) {
            throw new InvalidInputException(path + ": has no task");
        }
        return new Run(name, models.first(), path, source, tasks);
    }

    private static TaskResult task(Path file, ObjectNode root, String name, JsonNode values) {
        Map<String, TaskResult.Figure> figures = new LinkedHashMap<>();
        values.properties().forEach(entry -> {
            int comma = entry.getKey().indexOf(',');
            String metric = comma < 0 ? entry.getKey() : entry.getKey().substring(0, comma);
            String filter = comma < 0 ? "" : entry.getKey().substring(comma);
            boolean known = comma >= 0 || values.has(metric + STDERR);
            if (known && !metric.endsWith(STDERR) && entry.getValue().isNumber()) {
                String place = file + ": results." + name + "." + entry.getKey();
                JsonNode error = values.path(metric + STDERR + filter);
                JsonNode higher = root.path("higher_is_better").path(name).path(metric);
                figures.put(
                        filter.equals(",none") ? metric : metric + filter,
                        new TaskResult.Figure(
                                ResultJson.finite(place, entry.getValue()),
                                error.isNumber() ? error.doubleValue() : Double.NaN,
                                higher.isBoolean() ? higher.booleanValue() : TaskResult.higherIsBetter(metric)));
            }
        });
        Map<String, String> settings = new LinkedHashMap<>();
        put(settings, "shots", root.path("n-shot").path(name));
        put(settings, "version", root.path("versions").path(name));
        put(settings, TaskResult.ITEMS, root.path("n-samples").path(name).path("effective"));
        put(settings, "max_length", root.path("max_length"));
        put(settings, "chat template", root.path("chat_template_sha"));
        Map<String, String> details = new LinkedHashMap<>();
        DETAILS.forEach(key -> put(details, key, root.path(CONFIGS).path(name).path(key)));
        put(details, "task hash", root.path("task_hashes").path(name));
        return new TaskResult(name, figures, settings, details, samples(file, name));
    }

    private static void put(Map<String, String> settings, String key, JsonNode value) {
        if (!value.isMissingNode() && !value.isNull()) {
            settings.put(key, value.isTextual() ? value.textValue() : value.toString());
        }
    }

    private static Optional<Path> samples(Path results, String task) {
        String time =
                results.getFileName().toString().replaceFirst("^results", "").replaceFirst("\\.json$", "");
        Path file = results.resolveSibling("samples_" + task + time + ".jsonl");
        return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
    }
}
