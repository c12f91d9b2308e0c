package dev.skald.train;

import java.util.LinkedHashMap;
import java.util.Map;

/** What preferences are watched by, as TRL calls it: sums over pairs, or single answers, which ranks can add up before means are taken. */
final class PreferenceMetrics {

    private static final int CHOSEN = 0;
    private static final int REJECTED = 3;
    private static final int PAIRS = 6;
    private static final int ACCURATE = 7;

    private final double[] sums;

    PreferenceMetrics() {
        this(new double[ACCURATE + 1]);
    }

    /**
     * @param sums of {@link #sums}, added up over the ranks
     */
    PreferenceMetrics(double[] sums) {
        this.sums = sums.clone();
    }

    void add(PreferenceLoss.Pair pair, PreferenceLoss.Outcome outcome) {
        answer(CHOSEN, pair.chosen(), outcome.rewardChosen());
        answer(REJECTED, pair.rejected(), outcome.rewardRejected());
        sums[PAIRS]++;
        sums[ACCURATE] += outcome.accurate() ? 1 : 0;
    }

    /** A single answer of KTO. */
    void add(PreferenceLoss.Answer answer, boolean wanted, KtoLoss.Outcome outcome) {
        answer(wanted ? CHOSEN : REJECTED, answer, outcome.reward());
    }

    private void answer(int at, PreferenceLoss.Answer answer, double reward) {
        sums[at]++;
        sums[at + 1] += reward;
        sums[at + 2] += answer.logp();
    }

    double[] sums() {
        return sums.clone();
    }

    /** Means, by TRL's names: {@code rewards/chosen} and so on; what there was none of is left out, of KTO's accuracies too. */
    Map<String, Double> means() {
        Map<String, Double> means = new LinkedHashMap<>();
        put(means, "rewards/chosen", CHOSEN + 1, sums[CHOSEN]);
        put(means, "rewards/rejected", REJECTED + 1, sums[REJECTED]);
        if (sums[CHOSEN] > 0 && sums[REJECTED] > 0) {
            means.put("rewards/margins", means.get("rewards/chosen") - means.get("rewards/rejected"));
        }
        put(means, "rewards/accuracies", ACCURATE, sums[PAIRS]);
        put(means, "logps/chosen", CHOSEN + 2, sums[CHOSEN]);
        put(means, "logps/rejected", REJECTED + 2, sums[REJECTED]);
        return means;
    }

    private void put(Map<String, Double> means, String name, int sum, double count) {
        if (count > 0) {
            means.put(name, sums[sum] / count);
        }
    }
}
