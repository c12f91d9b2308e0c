package dev.skald.generate;

import dev.skald.kernel.LogitLoops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Changes the scores of the next token; a score of negative infinity rules a token out. Each does what the processor of the same name in
 * transformers' {@code generation/logits_process.py} does, and {@link #of} puts them in the order of its {@code
 * _get_logits_processor}. Made for one text, whose tokens some of them count.
 */
sealed interface LogitsProcessor {

    /**
     * Changes {@code scores [vocab]} in place.
     *
     * @param scratch overwritten
     */
    void process(Tokens tokens, float[] scores, Scratch scratch);

    /** The processors that a configuration asks for, in transformers' order. */
    static List<LogitsProcessor> of(GenerationConfig config, int promptTokens) {
        List<LogitsProcessor> all = new ArrayList<>();
        if (!config.logit_bias().isEmpty()) {
            all.add(new LogitBias(config.logit_bias()));
        }
        if (config.repetition_penalty() != 1) {
            all.add(new RepetitionPenalty(config.repetition_penalty()));
        }
        if (config.frequency_penalty() != 0 || config.presence_penalty() != 0) {
            all.add(new CountPenalty(promptTokens, config.frequency_penalty(), config.presence_penalty()));
        }
        if (config.no_repeat_ngram_size() > 0) {
            all.add(new NoRepeatNgram(config.no_repeat_ngram_size()));
        }
        List<int[]> badWords = config.bad_words_ids().stream()
                .filter(word -> word.length > 1 || !config.eos_token_ids().contains(word[0]))
                .toList();
        if (!badWords.isEmpty()) {
            all.add(new NoBadWords(badWords));
        }
        int minimum = config.minimumLength(promptTokens);
        if (minimum > promptTokens && !config.eos_token_ids().isEmpty()) {
            all.add(new MinLength(minimum, config.eos_token_ids()));
        }
        if (config.do_sample()) {
            if (config.temperature() != 1) {
                all.add(new Temperature(config.temperature()));
            }
            if (config.top_k() > 0) {
                all.add(new TopK(config.top_k()));
            }
            if (config.top_p() < 1) {
                all.add(new TopP(config.top_p()));
            }
            if (config.min_p() > 0) {
                all.add(new MinP(config.min_p()));
            }
            if (config.typical_p() < 1) {
                all.add(new TypicalP(config.typical_p()));
            }
        }
        return List.copyOf(all);
    }

    /** Scores of tokens that are there already: below 0 multiplied by the penalty, else divided; once per token. */
    record RepetitionPenalty(double penalty) implements LogitsProcessor {
        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            float factor = (float) penalty;
            for (int i = 0; i < tokens.distinctCount(); i++) {
                int id = tokens.distinct(i);
                scores[id] = scores[id] < 0 ? scores[id] * factor : scores[id] / factor;
            }
        }
    }

    /** Adds to the scores of some ids, as OpenAI's {@code logit_bias}. */
    record LogitBias(Map<Integer, Double> bias) implements LogitsProcessor {
        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            bias.forEach((id, value) -> {
                if (id >= 0 && id < scores.length) {
                    scores[id] += value.floatValue();
                }
            });
        }
    }

    /**
     * OpenAI's {@code frequency_penalty}, for each time that a token was generated, and {@code presence_penalty}, once; the prompt does not
     * count.
     */
    final class CountPenalty implements LogitsProcessor {
        private final double frequency;
        private final double presence;
        private final Map<Integer, Integer> counts = new HashMap<>();
        private int counted;

        CountPenalty(int promptTokens, double frequency, double presence) {
            this.counted = promptTokens;
            this.frequency = frequency;
            this.presence = presence;
        }

        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            for (; counted < tokens.length(); counted++) {
                counts.merge(tokens.get(counted), 1, Integer::sum);
            }
            counts.forEach((id, count) -> scores[id] -= (float) (count * frequency + presence));
        }
    }

    /** Rules out tokens that would complete a sequence of {@code size} tokens that is there already. */
    record NoRepeatNgram(int size) implements LogitsProcessor {
        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            int prefix = size - 1;
            for (int start = 0; start + size <= tokens.length(); start++) {
                if (tokens.endsLike(start, prefix)) {
                    scores[tokens.get(start + prefix)] = Float.NEGATIVE_INFINITY;
                }
            }
        }
    }

    /** Rules out the last token of each word whose other tokens are the last ones of a text that is at least as long as the word. */
    record NoBadWords(List<int[]> words) implements LogitsProcessor {
        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            for (int[] word : words) {
                int prefix = word.length - 1;
                if ((prefix == 0 || word.length <= tokens.length())
                        && tokens.equal(tokens.length() - prefix, word, 0, prefix)
                        && word[prefix] >= 0
                        && word[prefix] < scores.length) {
                    scores[word[prefix]] = Float.NEGATIVE_INFINITY;
                }
            }
        }
    }

    /** Rules out the end tokens while the text is shorter than {@code length}. */
    record MinLength(int length, List<Integer> eos) implements LogitsProcessor {
        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            if (tokens.length() < length) {
                eos.stream().filter(id -> id < scores.length).forEach(id -> scores[id] = Float.NEGATIVE_INFINITY);
            }
        }
    }

    /** Divides all scores. */
    record Temperature(double temperature) implements LogitsProcessor {
        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            LogitLoops.divide(scores, scores.length, (float) temperature);
        }
    }

    /** Keeps the {@code k} highest scores, and those equal to the lowest of them. */
    record TopK(int k) implements LogitsProcessor {
        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            if (k < scores.length) {
                LogitLoops.ruleOutBelow(scores, scores, scores.length, LogitLoops.kthHighest(scores, scores.length, k));
            }
        }
    }

    /** Drops, from the least likely up, all tokens whose probabilities together are at most 1 - p; at least one stays. */
    record TopP(double p) implements LogitsProcessor {
        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            int n = scores.length;
            float[] probabilities = scratch.probabilities;
            LogitLoops.softmax(scores, n, probabilities);
            float dropped = (float) (1 - p); // sums are f64, and compared in f32, as libtorch's cumsum has it
            // Tokens that all of the vocabulary's could be dropped together with need no sorting; one of them stays if
            // p is 0.
            float negligible = p == 0 ? 0 : dropped / n;
            double below = LogitLoops.sumBelow(probabilities, n, negligible);
            LogitLoops.ruleOutBelow(scores, probabilities, n, negligible);
            int rest = LogitLoops.collect(probabilities, n, negligible, scratch.sorted);
            Arrays.sort(scratch.sorted, 0, rest);
            for (int i = 0; i < rest - 1; i++) {
                int id = (int) scratch.sorted[i];
                below += probabilities[id];
                if ((float) below > dropped) {
                    return;
                }
                scores[id] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    /** Drops tokens with less than {@code p} times the probability of the most likely one. */
    record MinP(double p) implements LogitsProcessor {
        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            LogitLoops.softmax(scores, scores.length, scratch.probabilities);
            float most = LogitLoops.max(scratch.probabilities, scores.length);
            LogitLoops.ruleOutBelow(scores, scratch.probabilities, scores.length, (float) p * most);
        }
    }

    /**
     * Keeps the tokens that are about as surprising as is to be expected, the most typical ones first, until they have the probability {@code mass}
     * (Meister et al. 2022). Sorts the vocabulary.
     */
    record TypicalP(double mass) implements LogitsProcessor {
        @Override
        public void process(Tokens tokens, float[] scores, Scratch scratch) {
            int n = scores.length;
            float[] probabilities = scratch.probabilities;
            LogitLoops.softmax(scores, n, probabilities);
            double logSumExp = LogitLoops.logSumExp(scores, n);
            double entropy = 0;
            for (int id = 0; id < n; id++) {
                entropy -= probabilities[id] == 0 ? 0 : probabilities[id] * (scores[id] - logSumExp);
            }
            long[] sorted = scratch.sorted;
            for (int id = 0; id < n; id++) {
                float distance = Math.abs((float) (logSumExp - scores[id]) - (float) entropy);
                sorted[id] =
                        (long) Float.floatToIntBits(distance) << 32 | id; // not negative: its bits are in its order
            }
            Arrays.sort(sorted, 0, n);
            double sum = 0;
            int last = 0;
            for (; last < n - 1; last++) {
                sum += probabilities[(int) sorted[last]];
                if ((float) sum >= (float) mass) {
                    break;
                }
            }
            long bound = sorted[last] >> 32;
            for (int i = last + 1; i < n; i++) {
                if (sorted[i] >> 32 > bound) {
                    scores[(int) sorted[i]] = Float.NEGATIVE_INFINITY;
                }
            }
        }
    }
}
