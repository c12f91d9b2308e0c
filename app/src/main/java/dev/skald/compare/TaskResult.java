package dev.skald.compare;

import dev.skald.evaluate.Metric;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A task of a run.
 *
 * @param figures by metric; a filter's name follows after a comma, unless it is {@code none}
 * @param settings what has to be the same in runs that are compared, by name
 * @param details the same for files of one writer, which another spells otherwise
 * @param samples the file of its items
 */
record TaskResult(
        String task,
        Map<String, Figure> figures,
        Map<String, String> settings,
        Map<String, String> details,
        Optional<Path> samples) {

    static final String ITEMS = "items";

    /**
     * A value.
     *
     * @param stderr NaN where the file has none
     */
    record Figure(double value, double stderr, boolean higherIsBetter) {}

    /** How many items it is of; -1 where the file does not say. */
    int items() {
        return Integer.parseInt(settings.getOrDefault(ITEMS, "-1"));
    }

    /** Whether more of a metric is better, where its file does not say. */
    static boolean higherIsBetter(String metric) {
        String name = metric.replaceFirst(",.*", "");
        return Metric.of(name)
                .map(Metric::higherIsBetter)
                .orElse(!name.matches(".*(perplexity|bits_per|loss|brier|error).*|ter|wer|cer"));
    }
}
