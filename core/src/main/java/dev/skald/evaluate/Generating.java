package dev.skald.evaluate;

import dev.skald.InvalidInputException;
import dev.skald.config.Value;
import dev.skald.generate.GenerationOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * How a task has texts generated.
 *
 * @param until texts that end it, and are not part of it
 * @param maxTokens new tokens, at most
 * @param samples whether tokens are drawn; else the most likely one is taken
 * @param temperature where they are drawn
 */
record Generating(List<String> until, int maxTokens, boolean samples, double temperature) {

    private static final int DEFAULT_TOKENS = 256;
    private static final Set<String> KEYS =
            Set.of("until", "max_gen_toks", "max_new_tokens", "max_tokens", "do_sample", "temperature");

    Generating(Value given, String fewshotDelimiter) {
        this(until(given, fewshotDelimiter), tokens(given), samples(given), temperature(given));
        if (!given.isAbsent()) {
            given.object().node().fieldNames().forEachRemaining(key -> {
                if (!KEYS.contains(key)) {
                    throw new InvalidInputException(given.where() + ": unknown key '" + key + "'");
                }
            });
        }
    }

    private static List<String> until(Value given, String fewshotDelimiter) {
        if (given.isAbsent() || given.at("until").isAbsent()) {
            return List.of(fewshotDelimiter);
        }
        List<String> until = new ArrayList<>();
        given.at("until").oneOrMore().forEach(each -> until.add(each.text()));
        until.removeIf(String::isEmpty);
        return until;
    }

    private static int tokens(Value given) {
        for (String key : List.of("max_gen_toks", "max_new_tokens", "max_tokens")) {
            if (!given.isAbsent() && !given.at(key).isAbsent()) {
                int tokens = given.at(key).integer();
                if (tokens < 1) {
                    throw given.at(key).wrong("1 or more");
                }
                return tokens;
            }
        }
        return DEFAULT_TOKENS;
    }

    private static boolean samples(Value given) {
        return !given.isAbsent()
                && !given.at("do_sample").isAbsent()
                && given.at("do_sample").truth()
                && temperature(given) > 0;
    }

    private static double temperature(Value given) {
        return given.isAbsent() || given.at("temperature").isAbsent()
                ? 0
                : given.at("temperature").number();
    }

    /** The options of one text. */
    GenerationOptions options(long seed) {
        GenerationOptions options = GenerationOptions.modelDefaults()
                .maxNewTokens(maxTokens)
                .minNewTokens(0)
                .numReturnSequences(1)
                .repetitionPenalty(1)
                .noRepeatNgramSize(0)
                .stopStrings(until)
                .includeStopString(false)
                .sample(samples);
        return samples
                ? options.temperature(temperature).topK(0).topP(1).minP(0).seed(seed)
                : options;
    }
}
