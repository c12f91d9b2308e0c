package dev.skald.compare;

import dev.skald.evaluate.Aggregation;
import dev.skald.evaluate.Difference;
import dev.skald.evaluate.Metric;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The items that two runs both did.
 *
 * @param byNumber whether they are the same by number only, since a file has no documents
 */
record Pairing(List<Item> model, List<Item> baseline, boolean byNumber) {

    /** How far a value may be from that of its items, against its size or 1: sums in another order, and rounding in files. */
    private static final double SAME = 1e-6;

    /** By document; the same document a second time is a second item. */
    static Pairing of(List<Item> model, List<Item> baseline) {
        boolean byNumber = model.stream().anyMatch(item -> item.key().isEmpty())
                || baseline.stream().anyMatch(item -> item.key().isEmpty());
        Map<String, Item> others = keyed(baseline, byNumber);
        List<Item> left = new ArrayList<>();
        List<Item> right = new ArrayList<>();
        keyed(model, byNumber).forEach((key, item) -> {
            Item other = others.get(key);
            if (other != null) {
                left.add(item);
                right.add(other);
            }
        });
        return new Pairing(left, right, byNumber);
    }

    private static Map<String, Item> keyed(List<Item> items, boolean byNumber) {
        Map<String, Item> keyed = new LinkedHashMap<>();
        Map<String, Integer> seen = new HashMap<>();
        for (Item item : items) {
            String key =
                    byNumber ? String.valueOf(item.doc()) : item.key() + " " + seen.merge(item.key(), 1, Integer::sum);
            keyed.put(key, item);
        }
        return keyed;
    }

    /** How many were asked otherwise. */
    int promptsThatDiffer() {
        int count = 0;
        for (int i = 0; i < model.size(); i++) {
            String one = model.get(i).prompt();
            String other = baseline.get(i).prompt();
            count += !one.isEmpty() && !other.isEmpty() && !one.equals(other) ? 1 : 0;
        }
        return count;
    }

    /** By the values of a metric; as McNemar and t for means, else by the jackknife. */
    Difference difference(String metric, Aggregation how) {
        List<double[]> one = values(model, metric);
        List<double[]> other = values(baseline, metric);
        return how == Aggregation.MEAN
                ? Difference.ofMeans(scalars(one), scalars(other))
                : Difference.ofAggregates(one, other, how);
    }

    static List<double[]> values(List<Item> items, String metric) {
        return items.stream().map(item -> item.values().get(metric)).toList();
    }

    private static double[] scalars(List<double[]> values) {
        return values.stream().mapToDouble(value -> value[0]).toArray();
    }

    /**
     * How items are added up, if that gives a run's value.
     *
     * @return empty where an item has no value of the metric, or they do not add up to it
     */
    static Optional<Aggregation> aggregation(List<Item> items, String metric, double value) {
        if (items.isEmpty()) {
            return Optional.empty();
        }
        List<double[]> values = values(items, metric);
        int length = values.getFirst() == null ? 0 : values.getFirst().length;
        if (values.stream().anyMatch(each -> each == null || each.length != length)) {
            return Optional.empty();
        }
        return candidates(metric, length).stream()
                .filter(how -> Math.abs(how.of(values) - value) <= SAME * Math.max(1, Math.abs(value)))
                .findFirst();
    }

    private static List<Aggregation> candidates(String metric, int length) {
        Metric known = Metric.of(metric.replaceFirst(",.*", "")).orElse(null);
        if (length == 1) {
            return known == Metric.PERPLEXITY ? List.of(Aggregation.PERPLEXITY) : List.of(Aggregation.MEAN);
        }
        return switch (known) {
            case MCC -> List.of(Aggregation.MCC);
            case F1, F1_MACRO -> List.of(Aggregation.F1, Aggregation.F1_MACRO);
            case WORD_PERPLEXITY, BYTE_PERPLEXITY -> List.of(Aggregation.WEIGHTED_PERPLEXITY);
            case BITS_PER_BYTE -> List.of(Aggregation.BITS_PER_BYTE);
            case CHRF -> List.of(Aggregation.CHRF);
            case null -> List.of();
            case ACC, ACC_NORM, ACC_BYTES, BITS_PER_CHARACTER, EXACT_MATCH, PERPLEXITY -> List.of();
        };
    }
}
