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
        List<Change> lost = new ArrayList<>();
        List<Change> gained = new ArrayList<>();
        for (int i = 0; i < pairs.model().size(); i++) {
            Item model = pairs.model().get(i);
            Item baseline = pairs.baseline().get(i);
            double after = model.values().get(metric)[0];
            double before = baseline.values().get(metric)[0];
            if (model.values().get(metric).length != 1 || !(isTruth(after) && isTruth(before))) {
                return Optional.empty();
            }
            if (after < before) {
                lost.add(new Change(baseline, model));
            } else if (after > before) {
                gained.add(new Change(baseline, model));
            }
        }
        return Optional.of(new Changes(lost, gained));
    }

    private static boolean isTruth(double value) {
        return value == 0 || value == 1;
    }
}
