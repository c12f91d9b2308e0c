package dev.skald.cli;

import dev.skald.generate.GenerationOptions;
import java.util.List;
import picocli.CommandLine.Option;

/** The options of how a text is generated, of every verb that generates one. */
final class SamplingOptions {

    @Option(names = "--max-length", paramLabel = "N", description = "Tokens of prompt and continuation together.")
    private Integer maxLength;

    @Option(
            names = "--max-new-tokens",
            paramLabel = "N",
            description =
                    "Tokens of the continuation; wins over --max-length (where nobody sets a length: 20, in a chat what is left of the context).")
    private Integer maxNewTokens;

    @Option(names = "--greedy", description = "Always the most likely token.")
    private boolean greedy;

    @Option(names = "--temperature", paramLabel = "F", description = "Logits are divided by it; 0 for greedy decoding.")
    private Double temperature;

    @Option(names = "--top-k", paramLabel = "N", description = "Draw from the N most likely tokens; 0: from all.")
    private Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "F",
            description = "Draw from the most likely tokens that together have probability F.")
    private Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "F",
            description = "Draw from tokens with at least F times the probability of the most likely one.")
    private Double minP;

    @Option(
            names = "--typical-p",
            paramLabel = "F",
            description =
                    "Draw from tokens that are about as surprising as is to be expected, with probability F together.")
    private Double typicalP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "F",
            description = "Above 1: tokens that were there already become less likely.")
    private Double repetitionPenalty;

    @Option(names = "--no-repeat-ngram-size", paramLabel = "N", description = "No sequence of N tokens twice; 0: off.")
    private Integer noRepeatNgramSize;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed gives the same text.")
    private Long seed;

    @Option(names = "--stop", paramLabel = "S", description = "A text that ends the continuation; may be repeated.")
    private List<String> stop = List.of();

    boolean isGreedy() {
        return greedy;
    }

    /** What was given, over what is there already. */
    GenerationOptions applyTo(GenerationOptions before) {
        GenerationOptions options = stop.isEmpty() ? before : before.stopStrings(stop);
        options = maxLength == null ? options : options.maxLength(maxLength);
        options = maxNewTokens == null ? options : options.maxNewTokens(maxNewTokens);
        options = temperature == null ? options : options.temperature(temperature);
        options = topK == null ? options : options.topK(topK);
        options = topP == null ? options : options.topP(topP);
        options = minP == null ? options : options.minP(minP);
        options = typicalP == null ? options : options.typicalP(typicalP);
        options = repetitionPenalty == null ? options : options.repetitionPenalty(repetitionPenalty);
        options = noRepeatNgramSize == null ? options : options.noRepeatNgramSize(noRepeatNgramSize);
        options = seed == null ? options : options.seed(seed);
        boolean samples =
                temperature != null || topK != null || topP != null || minP != null || typicalP != null || seed != null;
        return greedy ? options.sample(false) : samples ? options.sample(true) : options;
    }
}
