package dev.skald.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** A task of lm-evaluation-harness: rows, and what is made of them. {@link TaskFile} reads it. Immutable. */
public final class Task {

    private final String name;
    private final OutputType type;
    private final String version;
    private final Templates templates;
    private final String targetDelimiter;
    private final String fewshotDelimiter;
    private final int numFewshot;
    private final FewShots shots;
    private final Generating generating;
    private final List<Filter> filters;
    private final List<MeasuredMetric> metrics;
    private final List<Row> rows;
    private final ObjectNode config;

    Task(
            Names names,
            OutputType type,
            Templates templates,
            Delimiters delimiters,
            int numFewshot,
            FewShots shots,
            Measured measured,
            List<Row> rows,
            ObjectNode config) {
        this.name = names.name;
        this.version = names.version;
        this.type = type;
        this.templates = templates;
        this.targetDelimiter = delimiters.target;
        this.fewshotDelimiter = delimiters.fewshot;
        this.numFewshot = numFewshot;
        this.shots = shots;
        this.generating = measured.generating;
        this.filters = List.copyOf(measured.filters);
        this.metrics = List.copyOf(measured.metrics);
        this.rows = List.copyOf(rows);
        this.config = config;
    }

    record Names(String name, String version) {}

    /** What stands between a question and its answer, and after an example. */
    record Delimiters(String target, String fewshot) {}

    /** How answers are had and measured. */
    record Measured(Generating generating, List<Filter> filters, List<MeasuredMetric> metrics) {}

    /** Rows by split. */
    public static final class Data {

        private final Map<String, List<Row>> rows = new LinkedHashMap<>();

        /** Adds a split. */
        public Data put(String split, List<Row> of) {
            rows.put(split, List.copyOf(of));
            return this;
        }

        Optional<List<Row>> split(String name) {
            return Optional.ofNullable(rows.get(name));
        }

        Set<String> splits() {
            return rows.keySet();
        }
    }

    /** Its name in results. */
    public String name() {
        return name;
    }

    /** What it asks of a model. */
    public OutputType type() {
        return type;
    }

    /** {@code metadata.version}; results of different ones are not comparable. */
    public String version() {
        return version;
    }

    /** Examples before each item, unless the caller says otherwise. */
    public int numFewshot() {
        return numFewshot;
    }

    /** The keys of its file, for results. */
    public ObjectNode config() {
        return config.deepCopy();
    }

    /** How many items it has. */
    public int size() {
        return rows.size();
    }

    List<Row> rows() {
        return rows;
    }

    /** Calls {@code part} with all that replies to its items depend on: its keys, its items and its examples. */
    public void describe(Consumer<String> part) {
        part.accept(name);
        part.accept(config.toString());
        rows.forEach(row -> part.accept(row.fields().toString()));
        shots.pool().forEach(row -> part.accept(row.fields().toString()));
    }

    Templates templates() {
        return templates;
    }

    String targetDelimiter() {
        return targetDelimiter;
    }

    Generating generating() {
        return generating;
    }

    List<Filter> filters() {
        return filters;
    }

    List<MeasuredMetric> metrics() {
        return metrics;
    }

    FewShots shots() {
        return shots;
    }

    /** What stands before an item's answer: description, examples, question. */
    String context(Row item, List<Row> examples) {
        StringBuilder context = new StringBuilder(templates.description(item));
        for (Row example : examples) {
            String question = templates.text(example);
            String prefix = templates.prefix(example);
            context.append(question)
                    .append(targetDelimiter)
                    .append(joined(prefix, templates.targets(example).getFirst()))
                    .append(fewshotDelimiter);
        }
        String question = templates.text(item);
        String prefix = templates.prefix(item);
        context.append(question);
        if (!prefix.isEmpty()) {
            context.append(touches(question, prefix) ? "" : targetDelimiter).append(prefix);
        }
        return context.toString();
    }

    /** With a blank between them, unless one has white space there. */
    private static String joined(String before, String after) {
        return before.isEmpty() || after.isEmpty() || touches(before, after) ? before + after : before + " " + after;
    }

    private static boolean touches(String before, String after) {
        return before.isEmpty()
                || Character.isWhitespace(before.codePointBefore(before.length()))
                || Character.isWhitespace(after.codePointAt(0));
    }
}
