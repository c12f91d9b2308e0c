package dev.skald.train;

import dev.skald.InvalidInputException;

/**
 * What a single answer costs that is known to be wanted or not: Ethayarajh et al., "KTO: Model Alignment as Prospect Theoretic Optimization",
 * arXiv:2402.01306, formulas as TRL has them.
 *
 * @param beta how much a difference to the reference counts
 * @param desirable weight of the answers that are wanted
 * @param undesirable weight of those that are not
 */
public record KtoLoss(double beta, double desirable, double undesirable) {

    /** @throws InvalidInputException when a value is none of its key's */
    public KtoLoss {
        positive("rl_beta", beta);
        positive("kto_desirable_weight", desirable);
        positive("kto_undesirable_weight", undesirable);
    }

    private static void positive(String key, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new InvalidInputException(key + ": found " + value + ", expected more than 0");
        }
    }

    /**
     * A loss, and its gradient.
     *
     * @param loss of the answer
     * @param byAnswer derivative by the sum of the answer's log-probabilities
     * @param reward what the answer is worth to the model that learns
     */
    public record Outcome(double loss, double byAnswer, double reward) {}

    /** The loss that a trainer.yaml asks for. */
    static KtoLoss of(PreferenceConfig config) {
        return of(config.rlBeta(), config.ktoDesirableWeight(), config.ktoUndesirableWeight());
    }

    /** @param beta null: TRL's */
    static KtoLoss of(Double beta, double desirable, double undesirable) {
        return new KtoLoss(beta == null ? 0.1 : beta, desirable, undesirable);
    }

    /**
     * How far the model that learns is from the reference: the mean of their log-ratios of answers to other prompts, at least 0. It is taken
     * as it is, without a gradient.
     *
     * @param ratioSum sum of the log-ratios of mismatched prompts and answers, of all ranks
     * @param answers how many those are
     */
    public static double divergence(double ratioSum, long answers) {
        return answers == 0 ? 0 : Math.max(0, ratioSum / answers);
    }

    /**
     * The loss of an answer.
     *
     * @param wanted whether it is
     * @param divergence of the batch
     */
    public Outcome of(PreferenceLoss.Answer answer, boolean wanted, double divergence) {
        double sign = wanted ? 1 : -1;
        double weight = wanted ? desirable : undesirable;
        double z = sign * beta * (answer.ratio() - divergence);
        double away = PreferenceLoss.sigmoid(-z);
        return new Outcome(
                weight * away, -sign * weight * beta * PreferenceLoss.sigmoid(z) * away, beta * answer.ratio());
    }
}
