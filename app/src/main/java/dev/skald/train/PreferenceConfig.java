package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import java.util.List;

/** The keys of a {@code trainer.yaml} about learning from preferences. */
public record PreferenceConfig(
        @Key("Learn from preferences: dpo, ipo, orpo or simpo.")
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
        Double cpoAlpha) {

    private static final List<String> KINDS = List.of("dpo", "ipo", "orpo", "simpo");

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
    }

    /** Whether a run learns from preferences. */
    public boolean isOn() {
        return rl != null;
    }
}
