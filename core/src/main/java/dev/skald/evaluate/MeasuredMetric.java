package dev.skald.evaluate;

import dev.skald.InvalidInputException;
import dev.skald.config.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A metric that a task is measured by. */
record MeasuredMetric(Metric metric, Aggregation aggregation, Answers.Ignored ignored) {

    private static final Set<String> KEYS = Set.of(
            "metric",
            "aggregation",
            "higher_is_better",
            "ignore_case",
            "ignore_punctuation",
            "ignore_numbers",
            "hf_evaluate");

    /** Those of {@code metric_list}; without one, those that lm-evaluation-harness takes. */
    static List<MeasuredMetric> of(Value list, OutputType type) {
        if (list.isAbsent()) {
            return type.defaultMetrics().stream()
                    .map(metric -> new MeasuredMetric(metric, metric.aggregation(type), Answers.Ignored.NOTHING))
                    .toList();
        }
        List<MeasuredMetric> metrics = new ArrayList<>();
        for (Value each : list.list()) {
            metrics.add(one(each.object(), type));
        }
        if (metrics.isEmpty()) {
            throw list.wrong("one metric or more");
        }
        return metrics;
    }

    private static MeasuredMetric one(Value value, OutputType type) {
        value.node().fieldNames().forEachRemaining(key -> {
            if (!KEYS.contains(key)) {
                throw new InvalidInputException(value.where() + ": unknown key '" + key + "'");
            }
        });
        Metric metric = Metric.of(value.at("metric").text())
                .filter(known -> known.fits(type))
                .orElseThrow(() -> value.at("metric")
                        .wrong("for " + type.key() + " one of " + String.join(", ", Metric.keys(type))));
        String aggregation = value.at("aggregation").isAbsent()
                ? ""
                : value.at("aggregation").text();
        Aggregation own = metric.aggregation(type);
        Set<String> names = switch (own) {
            case MEAN -> Set.of("mean", "nanmean");
            case PERPLEXITY -> Set.of("perplexity");
            case WEIGHTED_PERPLEXITY -> Set.of("weighted_perplexity");
            case BITS_PER_BYTE -> Set.of("bits_per_byte");
            case F1 -> Set.of("f1", "f1_macro");
            case F1_MACRO -> Set.of("f1_macro");
            case MCC -> Set.of("mcc", "matthews_corrcoef");
            case CHRF -> Set.of("chrf");
        };
        if (!aggregation.isEmpty() && !names.contains(aggregation)) {
            throw value.at("aggregation")
                    .wrong(String.join(" or ", names.stream().sorted().toList()));
        }
        return new MeasuredMetric(
                metric,
                own == Aggregation.F1 && aggregation.equals("f1_macro") ? Aggregation.F1_MACRO : own,
                new Answers.Ignored(
                        flag(value, "ignore_case"), flag(value, "ignore_punctuation"), flag(value, "ignore_numbers")));
    }

    private static boolean flag(Value value, String key) {
        return !value.at(key).isAbsent() && value.at(key).truth();
    }
}
