package dev.skald.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Items that one run has right and the other wrong.
 *
 * @param lost those that the baseline has right
 * @param gained those that the run has right
 */
record Changes(List<Change> lost, List<Change> gained) {

    /** One of them. */
    record Change(Item baseline, Item model) {}

    /** By a metric; empty where it is not right or wrong. */
    static Optional<Changes> of(Pairing pairs, String metric) {
        if (!areTruths(pairs.model(), metric) || !areTruths(pairs.baseline(), metric)) {
            return Optional.empty();
        }
        List<Change> lost = new ArrayList<>();
        List<Change> gained = new ArrayList<>();
        for (int i = 0; i < pairs.model().size(); i++) {
            Item model = pairs.model().get(i);
            Item baseline = pairs.baseline().get(i);
            double after = model.values().get(metric)[0];
            double before = baseline.values().get(metric)[0];
            if (after < before) {
                lost.add(new Change(baseline, model));
            } else if (after > before) {
                gained.add(new Change(baseline, model));
            }
        }
        return Optional.of(new Changes(lost, gained));
    }

    /** Whether items are right or wrong by a metric. */
    static boolean areTruths(List<Item> items, String metric) {
        return !items.isEmpty()
                && items.stream()
                        .map(item -> item.values().get(metric))
                        .allMatch(value -> value != null && value.length == 1 && isTruth(value[0]));
    }

    private static boolean isTruth(double value) {
        return value == 0 || value == 1;
    }
}
