package dev.skald.train;

import dev.skald.InvalidInputException;

/**
 * What an answer that is wanted, and one that is not, cost: arithmetic on sums of log-probabilities (nats, float64) of the answers' tokens.
 * A loss is that of one pair; who trains takes the mean of many. Its gradients are by the sum of the log-probabilities of each answer: the
 * backward pass is a cross-entropy whose tokens are weighted with minus the gradient.
 *
 * <p>{@code d} is the difference between chosen and rejected of {@code logp - reference}, {@code s} the logistic function. Names and formulas
 * are TRL's. DPO: Rafailov et al., arXiv:2305.18290; conservative DPO: Mitchell, "A note on DPO with noisy
 * preferences"; robust: Chowdhury et al., arXiv:2403.00409; hinge: Zhao et al., arXiv:2305.10425; IPO: Azar et al., arXiv:2310.12036; ORPO: Hong et al., arXiv:2403.07691; SimPO: Meng et al., arXiv:2405.14734.
 */
public sealed interface PreferenceLoss {

    /**
     * An answer in a conversation.
     *
     * @param logp sum of its tokens' log-probabilities, of the model that learns; at most 0
     * @param reference the same of the model that does not; not looked at by ORPO and SimPO
     * @param tokens how many those are
     */
    record Answer(double logp, double reference, long tokens) {

        /** @throws InvalidInputException when it has no tokens: there is nothing to prefer */
        public Answer {
            if (tokens < 1) {
                throw new InvalidInputException("an answer has " + tokens + " tokens, expected at least 1");
            }
        }

        double ratio() {
            return logp - reference;
        }

        /** Of a token; below 0 by what float32 can tell from it, so that the odds of a certain answer are finite. */
        double mean() {
            return Math.min(logp / tokens, -0x1p-24);
        }
    }

    /** An answer that is preferred to another in the same conversation. */
    record Pair(Answer chosen, Answer rejected) {}

    /**
     * A loss and its gradients.
     *
     * @param loss of the pair
     * @param byChosen derivative by the sum of the log-probabilities of the chosen answer
     * @param byRejected the same of the rejected answer
     * @param likelihood weight of the chosen text's negative log-likelihood, the mean of its tokens, which is to be added to loss and
     *     gradients; 0: nothing is. See {@link PreferenceLoss#learnsPrompt}
     * @param rewardChosen what the chosen answer is worth to the model that learns
     * @param rewardRejected the same of the rejected answer
     */
    record Outcome(
            double loss,
            double byChosen,
            double byRejected,
            double likelihood,
            double rewardChosen,
            double rewardRejected) {

        /** {@code rewards/margins} of TRL. */
        public double margin() {
            return rewardChosen - rewardRejected;
        }

        /** {@code rewards/accuracies} of TRL: whether the chosen answer is worth more; equal is not. */
        public boolean accurate() {
            return rewardChosen > rewardRejected;
        }
    }

    /** The loss of a pair, with its gradients. */
    Outcome of(Pair pair);

    /**
     * The loss of pairs that a trainer.yaml asks for.
     *
     * <p>{@code dpo_label_smoothing} makes conservative DPO of sigmoid, as TRL before 1.0 did; later ones let it act on robust alone.
     *
     * @throws InvalidInputException when there is no such loss, or a key that it would not look at
     */
    static PreferenceLoss of(PreferenceConfig config) {
        double beta = config.rlBeta() == null ? 0.1 : config.rlBeta();
        return switch (config.rl()) {
            case "dpo" -> dpo(config, beta);
            case "ipo" -> new Ipo(beta);
            case "orpo" -> new Orpo(config.orpoAlpha() == null ? beta : config.orpoAlpha());
            case "simpo" -> new SimPo(beta, config.simpoGamma(), config.cpoAlpha() == null ? 1 : config.cpoAlpha());
            case null, default -> throw new IllegalArgumentException("rl " + config.rl() + " has no pairs");
        };
    }

    private static PreferenceLoss dpo(PreferenceConfig config, double beta) {
        if (config.dpoLossType().size() > 1) {
            throw new InvalidInputException("dpo_loss_type: found " + config.dpoLossType()
                    + ", expected one of them: losses are not added here");
        }
        String type = config.dpoLossType().isEmpty()
                ? "sigmoid"
                : config.dpoLossType().getFirst();
        double smoothing = config.dpoLabelSmoothing() == null ? 0 : config.dpoLabelSmoothing();
        PreferenceLoss loss = switch (type) {
            case "sigmoid" -> new Sigmoid(beta, smoothing);
            case "robust" -> new Robust(beta, smoothing);
            case "hinge" -> new Hinge(beta);
            case "ipo" -> new Ipo(beta);
            case "sigmoid_norm" -> new SigmoidNorm(beta);
            default ->
                throw new InvalidInputException(
                        "dpo_loss_type: found '" + type + "', expected sigmoid, robust, hinge, ipo or sigmoid_norm");
        };
        if (smoothing != 0 && !(loss instanceof Sigmoid || loss instanceof Robust)) {
            throw new InvalidInputException("dpo_label_smoothing " + smoothing + " contradicts dpo_loss_type " + type
                    + ": it acts on sigmoid and robust");
        }
        return loss;
    }

    /** Whether the loss looks at {@link Answer#reference}. */
    default boolean needsReference() {
        return switch (this) {
            case Sigmoid _, Robust _, Hinge _, Ipo _, SigmoidNorm _ -> true;
            case Orpo _, SimPo _ -> false;
        };
    }

    /**
     * Whose likelihood {@link Outcome#likelihood} weights: true, of prompt and chosen answer, as ORPO has it; false, of the answer alone, as
     * the others that have one.
     */
    default boolean learnsPrompt() {
        return this instanceof Orpo;
    }

    /** {@code -(1 - smoothing) log s(beta d) - smoothing log s(-beta d)}; without smoothing DPO, with it conservative DPO. */
    record Sigmoid(double beta, double smoothing) implements PreferenceLoss {

        public Sigmoid {
            requireBeta(beta);
            requireSmoothing(smoothing);
        }

        @Override
        public Outcome of(Pair pair) {
            double z = beta * difference(pair);
            double loss = -(1 - smoothing) * logSigmoid(z) - smoothing * logSigmoid(-z);
            double slope = -beta * ((1 - smoothing) * sigmoid(-z) - smoothing * sigmoid(z));
            return symmetric(pair, beta, loss, slope);
        }
    }

    /** {@code (-(1 - smoothing) log s(beta d) + smoothing log s(-beta d)) / (1 - 2 smoothing)}. */
    record Robust(double beta, double smoothing) implements PreferenceLoss {

        public Robust {
            requireBeta(beta);
            requireSmoothing(smoothing);
        }

        @Override
        public Outcome of(Pair pair) {
            double z = beta * difference(pair);
            double sure = 1 - 2 * smoothing;
            double loss = (-(1 - smoothing) * logSigmoid(z) + smoothing * logSigmoid(-z)) / sure;
            double slope = -beta * ((1 - smoothing) * sigmoid(-z) + smoothing * sigmoid(z)) / sure;
            return symmetric(pair, beta, loss, slope);
        }
    }

    /** {@code max(0, 1 - beta d)}. */
    record Hinge(double beta) implements PreferenceLoss {

        public Hinge {
            requireBeta(beta);
        }

        @Override
        public Outcome of(Pair pair) {
            double z = beta * difference(pair);
            return symmetric(pair, beta, Math.max(0, 1 - z), z < 1 ? -beta : 0);
        }
    }

    /** {@code (d - 1 / (2 beta))^2}, with {@code d} of means over tokens, as TRL has it. */
    record Ipo(double beta) implements PreferenceLoss {

        public Ipo {
            requireBeta(beta);
        }

        @Override
        public Outcome of(Pair pair) {
            double off = meanDifference(pair) - 1 / (2 * beta);
            return byMeans(pair, beta, off * off, 2 * off);
        }
    }

    /** DPO with {@code d} of means over tokens. */
    record SigmoidNorm(double beta) implements PreferenceLoss {

        public SigmoidNorm {
            requireBeta(beta);
        }

        @Override
        public Outcome of(Pair pair) {
            double z = beta * meanDifference(pair);
            return byMeans(pair, beta, -logSigmoid(z), -beta * sigmoid(-z));
        }
    }

    /** {@code -beta log s(o)} of the log odds ratio {@code o}, and the chosen text's likelihood: no reference. */
    record Orpo(double beta) implements PreferenceLoss {

        public Orpo {
            requireBeta(beta);
        }

        @Override
        public Outcome of(Pair pair) {
            double chosen = pair.chosen.mean();
            double rejected = pair.rejected.mean();
            double z = chosen - rejected - (log1mexp(chosen) - log1mexp(rejected));
            double slope = -beta * sigmoid(-z);
            return new Outcome(
                    -beta * logSigmoid(z),
                    slope / -Math.expm1(chosen) / pair.chosen.tokens,
                    -slope / -Math.expm1(rejected) / pair.rejected.tokens,
                    1,
                    beta * chosen,
                    beta * rejected);
        }
    }

    /**
     * {@code -log s(beta d - gamma)} with {@code d} the difference of the means over tokens, and {@code alpha} times the chosen text's
     * likelihood: no reference. TRL's {@code cpo_alpha}; pure SimPO has 0.
     */
    record SimPo(double beta, double gamma, double alpha) implements PreferenceLoss {

        public SimPo {
            requireBeta(beta);
            if (!(alpha >= 0 && alpha < Double.POSITIVE_INFINITY)) {
                throw new InvalidInputException("cpo_alpha: found " + alpha + ", expected at least 0");
            }
            if (!Double.isFinite(gamma)) {
                throw new InvalidInputException("simpo_gamma: found " + gamma + ", expected a number");
            }
        }

        @Override
        public Outcome of(Pair pair) {
            double chosen = pair.chosen.mean();
            double rejected = pair.rejected.mean();
            double z = beta * (chosen - rejected) - gamma;
            double slope = -beta * sigmoid(-z);
            return new Outcome(
                    -logSigmoid(z),
                    slope / pair.chosen.tokens,
                    -slope / pair.rejected.tokens,
                    alpha,
                    beta * chosen,
                    beta * rejected);
        }
    }

    private static double difference(Pair pair) {
        return pair.chosen.ratio() - pair.rejected.ratio();
    }

    private static double meanDifference(Pair pair) {
        return pair.chosen.ratio() / pair.chosen.tokens - pair.rejected.ratio() / pair.rejected.tokens;
    }

    private static Outcome symmetric(Pair pair, double beta, double loss, double slope) {
        return new Outcome(loss, slope, -slope, 0, beta * pair.chosen.ratio(), beta * pair.rejected.ratio());
    }

    /** Rewards are those of sums here too, as TRL logs them. */
    private static Outcome byMeans(Pair pair, double beta, double loss, double slope) {
        return new Outcome(
                loss,
                slope / pair.chosen.tokens,
                -slope / pair.rejected.tokens,
                0,
                beta * pair.chosen.ratio(),
                beta * pair.rejected.ratio());
    }

    private static void requireBeta(double beta) {
        if (!(beta > 0 && beta < Double.POSITIVE_INFINITY)) {
            throw new InvalidInputException("rl_beta: found " + beta + ", expected more than 0");
        }
    }

    private static void requireSmoothing(double smoothing) {
        if (!(smoothing >= 0 && smoothing < 0.5)) {
            throw new InvalidInputException("dpo_label_smoothing: found " + smoothing + ", expected 0 to below 0.5");
        }
    }

    /** {@code 1 / (1 + e^-z)}, small values exact too. */
    static double sigmoid(double z) {
        if (z >= 0) {
            return 1 / (1 + Math.exp(-z));
        }
        double e = Math.exp(z);
        return e / (1 + e);
    }

    /** {@code log(1 / (1 + e^-z))} without overflow. */
    static double logSigmoid(double z) {
        return Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)));
    }

    /** {@code log(1 - e^x)} for {@code x <= 0}, exact near 0 and far from it (Maechler, "Accurately computing log(1 - exp(-|a|))", 2012). */
    static double log1mexp(double x) {
        return x > -Math.log(2) ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x));
    }
}
