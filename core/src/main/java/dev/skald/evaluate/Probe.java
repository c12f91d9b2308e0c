package dev.skald.evaluate;

import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.generate.Generator;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One metric of one task, as what must not get worse: measured again and again while a model is trained, always of the same items. Immutable.
 */
public final class Probe {

    /** Pieces of long texts have at least so many characters. */
    private static final int PIECE = 2000;

    private final String name;
    private final Task task;
    private final MeasuredMetric metric;
    private final TaskRun.Options options;

    private Probe(String name, Task task, MeasuredMetric metric, TaskRun.Options options) {
        this.name = name;
        this.task = task;
        this.metric = metric;
        this.options = options;
    }

    /**
     * What a probe came to.
     *
     * @param values of each item, as the metric's {@link Aggregation} takes them
     * @param value the metric
     * @param standardError of it; empty for fewer than two items
     */
    public record Reading(List<double[]> values, double value, Optional<Double> standardError) {

        /** Keeps its own list. */
        public Reading {
            values = List.copyOf(values);
        }
    }

    /**
     * A task's metric.
     *
     * @param metric its key; empty: bits per byte where the task has them, else the first that the task has
     * @throws InvalidInputException when the task is not measured by it
     */
    public static Probe of(String name, Task task, Optional<String> metric, TaskRun.Options options) {
        List<MeasuredMetric> all = task.metrics();
        Optional<MeasuredMetric> chosen = all.stream()
                .filter(each -> each.metric().key().equals(metric.orElse(Metric.BITS_PER_BYTE.key())))
                .findFirst();
        if (chosen.isEmpty() && metric.isPresent()) {
            throw new InvalidInputException("metric: found '" + metric.get() + "', expected one that task "
                    + task.name() + " is measured by: "
                    + String.join(
                            ", ", all.stream().map(each -> each.metric().key()).toList()));
        }
        return new Probe(name, task, chosen.orElse(all.getFirst()), options);
    }

    /**
     * Texts, in bits per byte. An item is a text, or, of one that is long, a piece of some 2,000 characters that ends with a line or a word: items are what
     * the error is estimated from.
     *
     * @param texts by their place in a file
     */
    public static Probe ofTexts(String name, Map<String, String> texts, TaskRun.Options options) {
        List<Row> rows = new ArrayList<>();
        texts.forEach((place, text) -> pieces(text).forEach(piece -> rows.add(new Row(Map.of("text", piece), place))));
        Task task = TaskFile.parse(name, """
                task: texts
                test_split: test
                output_type: loglikelihood_rolling
                doc_to_text: ""
                doc_to_target: text
                metric_list: [{metric: bits_per_byte}]
                """, new Task.Data().put("test", rows));
        return of(name, task, Optional.empty(), options);
    }

    static List<String> pieces(String text) {
        List<String> pieces = new ArrayList<>();
        int from = 0;
        while (text.length() - from > 2 * PIECE) {
            int end = after(text, '\n', from + PIECE, from + 2 * PIECE);
            end = end < 0 ? after(text, ' ', from + PIECE, from + 2 * PIECE) : end;
            end = end < 0 ? text.offsetByCodePoints(from, text.codePointCount(from, from + PIECE)) : end;
            pieces.add(text.substring(from, end));
            from = end;
        }
        if (!text.substring(from).isBlank()) {
            pieces.add(text.substring(from));
        }
        return pieces;
    }

    /** After the first such character in a range; negative when there is none. */
    private static int after(String text, char c, int from, int to) {
        int at = text.indexOf(c, from, to);
        return at < 0 ? -1 : at + 1;
    }

    /** Its name in logs. */
    public String name() {
        return name;
    }

    /** What is measured. */
    public Metric metric() {
        return metric.metric();
    }

    /** How many items are measured. */
    public int items() {
        return Math.min(options.limit(), task.size());
    }

    /** Measures a model; the same weights give the same values, on a CPU to the last bit. */
    public Reading measure(Generator model) {
        TaskRun.Result result = TaskRun.run(task, model, options, _ -> {});
        List<double[]> values = result.items().stream()
                .map(item -> item.values().get(metric.metric()))
                .toList();
        TaskRun.Score score = result.scores().stream()
                .filter(each -> each.metric() == metric.metric())
                .findFirst()
                .orElseThrow();
        return new Reading(values, score.value(), score.stderr());
    }

    /** How much worse a model is than it was, on this probe's items. */
    public ForgettingGate.Drop drop(List<double[]> before, List<double[]> after) {
        Aggregation how = metric.aggregation();
        Difference change = how == Aggregation.MEAN
                ? Difference.ofMeans(first(after), first(before))
                : Difference.ofAggregates(after, before, how);
        return ForgettingGate.Drop.of(metric.metric(), how.of(before), change);
    }

    private static double[] first(List<double[]> items) {
        return items.stream().mapToDouble(item -> item[0]).toArray();
    }

    /** A hash of what is asked and how it is measured; readings of the same are comparable. */
    public String fingerprint() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("task", task.config());
        all.put("metric", metric.metric().key());
        all.put("num_fewshot", options.numFewshot().orElse(task.numFewshot()));
        all.put("seed", options.seed());
        all.put(
                "rows",
                task.rows().subList(0, items()).stream().map(Row::fields).toList());
        try {
            byte[] text = StrictJson.mapper().writeValueAsString(all).getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
        } catch (NoSuchAlgorithmException | com.fasterxml.jackson.core.JacksonException e) {
            throw new IllegalStateException(e); // Java has SHA-256; rows are made of JSON's values
        }
    }
}
