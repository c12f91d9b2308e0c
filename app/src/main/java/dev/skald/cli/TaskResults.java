package dev.skald.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.base.AtomicFiles;
import dev.skald.base.StrictJson;
import dev.skald.evaluate.Metric;
import dev.skald.evaluate.TaskRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** The results of tasks as files: {@code results_TIME.json} and {@code samples_TASK_TIME.jsonl}, with the keys of lm-evaluation-harness. */
final class TaskResults {

    private static final ObjectMapper JSON = StrictJson.mapper();
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss");

    private TaskResults() {}

    /** The results of all tasks. */
    static ObjectNode json(String model, List<TaskRun.Result> results) {
        ObjectNode root = JSON.createObjectNode();
        for (TaskRun.Result result : results) {
            String name = result.task().name();
            ObjectNode values = root.withObjectProperty("results").putObject(name);
            values.put("alias", name);
            ObjectNode higher = root.withObjectProperty("higher_is_better").putObject(name);
            for (TaskRun.Score score : result.scores()) {
                values.put(score.key(), score.value());
                String error = score.metric().key() + "_stderr," + score.filter();
                if (score.stderr().isPresent()) {
                    values.put(error, score.stderr().get());
                } else {
                    values.put(error, "N/A");
                }
                higher.put(score.metric().key(), score.metric().higherIsBetter());
            }
            root.withObjectProperty("configs").set(name, result.task().config());
            root.withObjectProperty("versions").put(name, result.task().version());
            root.withObjectProperty("n-shot").put(name, result.numFewshot());
            root.withObjectProperty("n-samples")
                    .putObject(name)
                    .put("original", result.total())
                    .put("effective", result.items().size());
            root.withObjectProperty("n-truncated").put(name, result.cut());
        }
        root.put("model_name", model);
        root.put("model_source", "skald");
        return root;
    }

    /**
     * Writes the files.
     *
     * @return the file of the results
     */
    static Path write(Path directory, ObjectNode results, List<TaskRun.Result> runs) throws IOException {
        Files.createDirectories(directory);
        String time = LocalDateTime.now(ZoneId.systemDefault()).format(TIME);
        for (TaskRun.Result run : runs) {
            StringBuilder lines = new StringBuilder();
            for (TaskRun.Item item : run.items()) {
                lines.append(JSON.writeValueAsString(sample(item))).append('\n');
            }
            AtomicFiles.write(
                    directory.resolve("samples_" + run.task().name() + "_" + time + ".jsonl"), lines.toString());
        }
        Path file = directory.resolve("results_" + time + ".json");
        AtomicFiles.write(file, results.toPrettyString() + "\n");
        return file;
    }

    private static ObjectNode sample(TaskRun.Item item) {
        ObjectNode line = JSON.createObjectNode();
        line.put("doc_id", item.doc());
        line.set("doc", JSON.valueToTree(item.fields()));
        line.put("target", item.target());
        line.put("truncated", item.cut());
        ObjectNode arguments = line.putObject("arguments");
        for (int i = 0; i < item.arguments().size(); i++) {
            ObjectNode request = arguments.putObject("gen_args_" + i);
            for (int k = 0; k < item.arguments().get(i).size(); k++) {
                request.put("arg_" + k, item.arguments().get(i).get(k));
            }
        }
        ArrayNode responses = line.putArray("resps");
        item.responses().forEach(each -> responses.addArray().add(JSON.valueToTree(each)));
        line.set("filtered_resps", JSON.valueToTree(item.responses()));
        line.put("filter", item.filtered().keySet().iterator().next());
        ArrayNode metrics = line.putArray("metrics");
        item.values().forEach((metric, value) -> {
            metrics.add(metric.key());
            put(line, metric, value);
        });
        return line;
    }

    private static void put(ObjectNode line, Metric metric, double[] value) {
        if (value.length == 1) {
            line.put(metric.key(), value[0]);
        } else {
            ArrayNode array = line.putArray(metric.key());
            for (double each : value) {
                array.add(each);
            }
        }
    }
}
