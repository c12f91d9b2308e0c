package dev.skald.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.skald.InvalidInputException;
import dev.skald.base.NearestName;
import dev.skald.config.ConfigFile;
import dev.skald.config.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Reads task files of lm-evaluation-harness: YAML whose keys are those of its config/task.py, data files beside it. What is Python in them
 * ({@code !function}, {@code custom_dataset}, {@code process_docs}) is refused, and so is a data set that would have to be fetched.
 */
public final class TaskFile {

    private static final Set<String> KEYS = Set.of(
            "task",
            "task_alias",
            "tag",
            "include",
            "dataset_path",
            "dataset_name",
            "dataset_kwargs",
            "training_split",
            "validation_split",
            "test_split",
            "fewshot_split",
            "doc_to_text",
            "doc_to_target",
            "doc_to_choice",
            "description",
            "target_delimiter",
            "fewshot_delimiter",
            "fewshot_config",
            "num_fewshot",
            "output_type",
            "metric_list",
            "generation_kwargs",
            "repeats",
            "filter_list",
            "should_decontaminate",
            "doc_to_decontamination_query",
            "gen_prefix",
            "metadata");

    private static final Set<String> PYTHON = Set.of(
            "custom_dataset",
            "process_docs",
            "process_results",
            "unsafe_code",
            "use_prompt",
            "doc_to_image",
            "doc_to_audio");

    private static final String FOLDER = "data_files";

    /** The {@code dataset_path} of files in CoNLL-U, of which {@link Scala} makes rows. */
    private static final String SCALA = "scala";

    private final String name;
    private final String text;
    private final ObjectNode root;

    private TaskFile(String name, String text, ObjectNode root) {
        this.name = name;
        this.text = text;
        this.root = root;
    }

    /** Whether a name is of tasks that come with Skald. */
    public static boolean isOwn(String name) {
        return NordicProbes.named(name).isPresent();
    }

    /** The tasks of a name in {@link NordicProbes}, or as {@link #read} finds them. */
    public static List<Task> named(String name, RowReader rows) throws IOException {
        Optional<List<Task>> own = NordicProbes.named(name);
        return own.isPresent() ? own.get() : read(Path.of(name), rows);
    }

    /** The tasks of a file, or of all files of a folder and below that are tasks and not only included by them. */
    public static List<Task> read(Path path, RowReader rows) throws IOException {
        if (!Files.exists(path)) {
            throw new InvalidInputException(path + ": not found, expected a task file (.yaml), a folder of them, or "
                    + NordicProbes.GROUP + " and its tasks (nordic-spelling-sv)");
        }
        if (!Files.isDirectory(path)) {
            return List.of(readOne(path, rows));
        }
        List<Path> files;
        try (Stream<Path> found = Files.walk(path)) {
            files = found.filter(file -> file.toString().matches("(?s).*\\.ya?ml"))
                    .sorted()
                    .toList();
        }
        List<Task> tasks = new ArrayList<>();
        for (Path file : files) {
            TaskFile task = open(file);
            if (task.root.path("task").isTextual()) {
                tasks.add(task.task(file.toAbsolutePath().getParent(), rows));
            }
        }
        if (tasks.isEmpty()) {
            throw new InvalidInputException(path + ": found no task file, expected .yaml files with a key 'task'");
        }
        return tasks;
    }

    private static Task readOne(Path file, RowReader rows) throws IOException {
        return open(file).task(file.toAbsolutePath().getParent(), rows);
    }

    /** A task whose text is at hand, and whose rows are; {@code dataset_path} and its like are not read then. */
    public static Task parse(String name, String yaml, Task.Data data) {
        ObjectNode root = ConfigFile.parseYaml(name, yaml).root();
        return new TaskFile(name, yaml, root).task(data);
    }

    private static TaskFile open(Path file) throws IOException {
        return open(file, 0);
    }

    private static TaskFile open(Path file, int depth) throws IOException {
        String text = Files.readString(file);
        ObjectNode own = ConfigFile.parseYaml(file.toString(), text).root();
        Value include = new Value(file.toString(), "include", own.path("include"));
        if (include.isAbsent()) {
            return new TaskFile(file.toString(), text, own);
        }
        if (depth > 20) {
            throw new InvalidInputException(file + ": include: includes itself");
        }
        ObjectNode merged = own.objectNode();
        for (Value each : include.oneOrMore()) {
            Path parent = file.resolveSibling(each.text());
            if (!Files.isRegularFile(parent)) {
                throw new InvalidInputException(
                        file + ":" + line(text, "include") + ": include: " + parent + " is not there");
            }
            merged.setAll(open(parent, depth + 1).root);
        }
        merged.setAll(own);
        return new TaskFile(file.toString(), text, merged);
    }

    /** The line of a key at the file's outermost level; of none, the first. */
    private static int line(String text, String key) {
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (line.startsWith(key + ":") || line.startsWith("\"" + key + "\"")) {
                return number;
            }
        }
        return 1;
    }

    private String at(String key) {
        return name + ":" + line(text, key) + ": ";
    }

    private InvalidInputException wrong(String key, String problem) {
        return new InvalidInputException(at(key) + key + ": " + problem);
    }

    private Value value(String key) {
        return new Value(name + ":" + line(text, key), key, root.path(key));
    }

    private Optional<String> string(String key) {
        Value value = value(key);
        return value.isAbsent()
                ? Optional.empty()
                : Optional.of(value.node().isValueNode() ? value.node().asText() : value.text());
    }

    private void checkKeys() {
        root.fieldNames().forEachRemaining(key -> {
            if (PYTHON.contains(key)) {
                if (!value(key).isAbsent() && !"false".equals(root.get(key).asText())) {
                    throw wrong(key, "Python code or another library, which is not run here");
                }
            } else if (!KEYS.contains(key)) {
                String near = NearestName.suggestion(key, KEYS);
                throw new InvalidInputException(
                        at(key) + "unknown key '" + key + "'" + (near.isEmpty() ? "" : "; " + near));
            }
        });
    }

    private Task task(Path folder, RowReader rows) throws IOException {
        checkKeys();
        return task(data(folder, rows));
    }

    private Task task(Task.Data data) {
        checkKeys();
        String task = string("task")
                .orElseThrow(() -> new InvalidInputException(name + ": task is missing, expected a name"));
        OutputType type = outputType();
        if (!value("repeats").isAbsent() && value("repeats").integer() != 1) {
            throw wrong("repeats", "found " + root.get("repeats") + ", expected 1");
        }
        String fewshotDelimiter = string("fewshot_delimiter").orElse("\n\n");
        Templates templates = new Templates(
                name,
                part("doc_to_text", type == OutputType.LOGLIKELIHOOD_ROLLING),
                part("doc_to_target", false),
                part("doc_to_choice", type != OutputType.MULTIPLE_CHOICE),
                part("description", true),
                part("gen_prefix", true));
        if (root.path("doc_to_target").isMissingNode()) {
            throw new InvalidInputException(name + ": doc_to_target is missing, expected a column or a template");
        }
        return new Task(
                new Task.Names(task, root.path("metadata").path("version").asText("Yaml")),
                type,
                templates,
                new Task.Delimiters(string("target_delimiter").orElse(" "), fewshotDelimiter),
                value("num_fewshot").isAbsent() ? 0 : value("num_fewshot").integer(),
                FewShots.of(value("fewshot_config"), splits(), data),
                new Task.Measured(
                        new Generating(value("generation_kwargs"), fewshotDelimiter),
                        Filter.of(value("filter_list")),
                        MeasuredMetric.of(value("metric_list"), type)),
                evaluated(data),
                root);
    }

    private OutputType outputType() {
        String given = string("output_type").orElse("generate_until");
        for (OutputType type : OutputType.values()) {
            if (type.key().equals(given)) {
                return type;
            }
        }
        throw wrong(
                "output_type",
                "found '" + given
                        + "', expected one of multiple_choice, loglikelihood, loglikelihood_rolling, generate_until");
    }

    private JsonNode part(String key, boolean optional) {
        JsonNode node = root.path(key);
        if (node.isMissingNode() || node.isNull()) {
            if (!optional) {
                throw new InvalidInputException(name + ": " + key + " is missing");
            }
            return TextNode.valueOf("");
        }
        return node;
    }

    /** The name of the split that is evaluated. */
    private Optional<String> split() {
        return string("test_split").or(() -> string("validation_split"));
    }

    private FewShots.Splits splits() {
        return new FewShots.Splits(
                string("fewshot_split"), string("training_split"), string("validation_split"), string("test_split"));
    }

    private List<Row> evaluated(Task.Data data) {
        String split = split().orElseThrow(() -> new InvalidInputException(
                name + ": test_split is missing, expected the name of a split of dataset_kwargs.data_files"));
        String key = root.path("test_split").isTextual() ? "test_split" : "validation_split";
        List<Row> rows = data.split(split)
                .orElseThrow(
                        () -> wrong(key, "found '" + split + "', expected one of " + String.join(", ", data.splits())));
        if (rows.isEmpty()) {
            throw wrong(key, "the task has no items: '" + split + "' is empty");
        }
        return rows;
    }

    private Task.Data data(Path folder, RowReader rows) throws IOException {
        String format = string("dataset_path").orElse("");
        if (!Set.of("json", "csv", "parquet", SCALA).contains(format)) {
            throw wrong(
                    "dataset_path",
                    "found '" + format
                            + "', expected json, csv or parquet, or scala for a treebank, with local files in dataset_kwargs.data_files");
        }
        Value files = value("dataset_kwargs").at(FOLDER);
        if (files.isAbsent()) {
            throw wrong("dataset_kwargs", FOLDER + " is missing, expected a file, or files by split");
        }
        Task.Data data = new Task.Data();
        if (!files.node().isObject()) {
            data.put("train", rows(files, folder, rows)); // as the datasets library names it
            return data;
        }
        for (String split : (Iterable<String>) () -> files.node().fieldNames()) {
            data.put(split, rows(files.at(split), folder, rows));
        }
        return data;
    }

    private List<Row> rows(Value files, Path folder, RowReader given) throws IOException {
        RowReader reader = string("dataset_path").orElse("").equals(SCALA) ? Scala::read : given;
        List<Row> rows = new ArrayList<>();
        for (Value each : files.oneOrMore()) {
            Path file = folder.resolve(each.text());
            if (!Files.isRegularFile(file)) {
                throw wrong("dataset_kwargs", FOLDER + ": " + file + " is not there");
            }
            rows.addAll(reader.read(file));
        }
        return rows;
    }
}
