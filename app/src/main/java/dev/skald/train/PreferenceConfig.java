package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import java.util.List;

/** The keys of a {@code trainer.yaml} about learning from preferences. */
public record PreferenceConfig(
        @Key("Learn from preferences: dpo, ipo, orpo or simpo; or from answers that are wanted or not: kto.")
        String rl,

        @Key(value = "How much a difference counts: TRL's beta.", alsoCalled = "dpo_beta")
        Double rlBeta,

        @Key("The loss of dpo: sigmoid, hinge, ipo, robust, sigmoid_norm.")
        List<String> dpoLossType,

        @Key("How often a preference is taken to be the wrong way round.")
        Double dpoLabelSmoothing,

        @Key("Weight of the odds ratio in orpo.") Double orpoAlpha,

        @Key("The margin in simpo.") Double simpoGamma,

        @Key("Weight of the likelihood of the preferred answer in simpo.")
        Double cpoAlpha,

        @Key(value = "Weight of the answers that are wanted in kto.", defaultValue = "1")
        double ktoDesirableWeight,

        @Key(value = "Weight of the answers that are not wanted in kto.", defaultValue = "1")
        double ktoUndesirableWeight,

        @Key(
                value =
                        "Compute what the reference says of the answers once, before the first step, and keep it in dataset_prepared_path.",
                defaultValue = "false")
        boolean precomputeRefLogProbs) {

    private static final List<String> KINDS = List.of("dpo", "ipo", "orpo", "simpo", "kto");

    /** @throws InvalidInputException when a value is none of its key's */
    public PreferenceConfig {
        dpoLossType = List.copyOf(dpoLossType);
        if (rl != null && !KINDS.contains(rl)) {
            throw new InvalidInputException("rl: found '" + rl + "', expected one of " + String.join(", ", KINDS));
        }
        if (rlBeta != null && !(rlBeta > 0)) {
            throw new InvalidInputException("rl_beta: found " + rlBeta + ", expected more than 0");
        }
        if ("simpo".equals(rl) && simpoGamma == null) {
            throw new InvalidInputException("rl simpo wants simpo_gamma");
        }
        if ("kto".equals(rl)) {
            KtoLoss.of(rlBeta, ktoDesirableWeight, ktoUndesirableWeight);
        }
    }

    /** Whether a run learns from single answers, of which it is known whether they are wanted. */
    public boolean isKto() {
        return "kto".equals(rl);
    }

    /** Whether a run learns from pairs of answers. */
    public boolean hasPairs() {
        return isOn() && !isKto();
    }

    /** Whether a run learns from preferences. */
    public boolean isOn() {
        return rl != null;
    }
}
