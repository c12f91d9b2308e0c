package dev.skald.train;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Ends a run whose validations no longer get better: {@code early_stopping_patience}. As transformers' EarlyStoppingCallback counts: a
 * validation is better when its loss is below all before it; the loss is that of all held-out tokens.
 */
final class EarlyStopping {

    private final int patience;
    private State state;

    /**
     * What a checkpoint keeps.
     *
     * @param bestLoss the lowest so far, nats a token; null before the first validation
     * @param bestStep after which step that was
     * @param validationsSince that were not better
     */
    @JsonNaming(SnakeCaseStrategy.class)
    record State(Double bestLoss, long bestStep, int validationsSince) {

        /** Why the run ends with this patience, if it does. */
        Optional<String> reached(Integer patience) {
            if (patience == null || validationsSince < patience) {
                return Optional.empty();
            }
            return Optional.of(String.format(
                    Locale.ROOT,
                    "%d validation%s since step %d did not lower the loss of %s (early_stopping_patience %d)",
                    validationsSince,
                    validationsSince == 1 ? "" : "s",
                    bestStep,
                    bestLoss == null ? "none" : String.format(Locale.ROOT, "%.4f", bestLoss),
                    patience));
        }
    }

    EarlyStopping(TrainerConfig config, Optional<State> saved) {
        patience = config.earlyStoppingPatience() == null ? Integer.MAX_VALUE : config.earlyStoppingPatience();
        state = saved.orElse(new State(null, 0, 0));
    }

    /** Looks at a validation; says why the run ends with it, if it does. */
    Optional<String> check(List<ValidationMetrics> metrics) {
        if (metrics.isEmpty()) {
            return Optional.empty();
        }
        double nll = metrics.stream().mapToDouble(ValidationMetrics::nll).sum();
        double loss =
                nll / metrics.stream().mapToLong(ValidationMetrics::tokens).sum();
        if (Double.isFinite(loss) && (state.bestLoss() == null || loss < state.bestLoss())) {
            state = new State(loss, metrics.getFirst().step(), 0);
        } else {
            state = new State(state.bestLoss(), state.bestStep(), state.validationsSince() + 1);
        }
        return state.reached(patience);
    }

    /** Null while there was no validation. */
    State state() {
        return state.bestLoss() == null && state.validationsSince() == 0 ? null : state;
    }
}
