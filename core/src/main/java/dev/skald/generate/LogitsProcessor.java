package dev.skald.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Changes the scores of the next token; a score of negative infinity rules a token out. Each does what the processor of the same name in
 * transformers' {@code generation/logits_process.py} does, and {@link #of} puts them in the order of its {@code
 * _get_logits_processor}.
 */
sealed interface LogitsProcessor {

    /**
     * Changes {@code scores [vocab]} in place.
     *
     * @param ids the tokens so far, prompt included
     */
    void process(int[] ids, float[] scores);

    /** The processors that a configuration asks for, in transformers' order. */
    static List<LogitsProcessor> of(GenerationConfig config, int promptTokens) {
        List<LogitsProcessor> all = new ArrayList<>();
        if (config.repetition_penalty() != 1) {
            all.add(new RepetitionPenalty(config.repetition_penalty()));
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
        }
        return List.copyOf(all);
    }

    /** Scores of tokens that are there already: below 0 multiplied by the penalty, else divided; once per token. */
    record RepetitionPenalty(double penalty) implements LogitsProcessor {
        @Override
        public void process(int[] ids, float[] scores) {
            float factor = (float) penalty;
            int[] distinct = Arrays.stream(ids).distinct().toArray();
            for (int id : distinct) {
                scores[id] = scores[id] < 0 ? scores[id] * factor : scores[id] / factor;
            }
        }
    }

    /** Rules out tokens that would complete a sequence of {@code size} tokens that is there already. */
    record NoRepeatNgram(int size) implements LogitsProcessor {
        @Override
        public void process(int[] ids, float[] scores) {
            int prefix = size - 1;
            for (int start = 0; start + size <= ids.length; start++) {
                if (Arrays.equals(ids, start, start + prefix, ids, ids.length - prefix, ids.length)) {
                    scores[ids[start + prefix]] = Float.NEGATIVE_INFINITY;
                }
            }
        }
    }

    /** Rules out the last token of each word whose other tokens are the last ones of a text that is at least as long as the word. */
    record NoBadWords(List<int[]> words) implements LogitsProcessor {
        @Override
        public void process(int[] ids, float[] scores) {
            for (int[] word : words) {
                int prefix = word.length - 1;
                if ((prefix == 0 || word.length <= ids.length)
                        && Arrays.equals(word, 0, prefix, ids, ids.length - prefix, ids.length)
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
        public void process(int[] ids, float[] scores) {
            if (ids.length < length) {
                eos.stream().filter(id -> id < scores.length).forEach(id -> scores[id] = Float.NEGATIVE_INFINITY);
            }
        }
    }

    /** Divides all scores. */
    record Temperature(double temperature) implements LogitsProcessor {
        @Override
        public void process(int[] ids, float[] scores) {
            float divisor = (float) temperature;
            for (int i = 0; i < scores.length; i++) {
                scores[i] /= divisor;
            }
        }
    }

    /** Keeps the {@code k} highest scores, and those equal to the lowest of them. */
    record TopK(int k) implements LogitsProcessor {
        @Override
        public void process(int[] ids, float[] scores) {
            if (k >= scores.length) {
                return;
            }
            float threshold = kthLargest(scores, k);
            for (int i = 0; i < scores.length; i++) {
                if (scores[i] < threshold) {
                    scores[i] = Float.NEGATIVE_INFINITY;
                }
            }
        }

        /** By a heap of the k largest, lowest on top: one comparison for nearly every score of a large vocabulary. */
        private static float kthLargest(float[] scores, int k) {
            var heap = new PriorityQueue<Float>(k);
            float lowest = Float.NEGATIVE_INFINITY;
            for (float score : scores) {
                if (heap.size() < k) {
                    heap.add(score);
                    lowest = heap.peek();
                } else if (score > lowest) {
                    heap.poll();
                    heap.add(score);
                    lowest = heap.peek();
                }
            }
            return lowest;
        }
    }

    /** Drops, from the least likely up, all tokens whose probabilities together are at most 1 - p; at least one stays. */
    record TopP(double p) implements LogitsProcessor {
        @Override
        public void process(int[] ids, float[] scores) {
            float[] probabilities = softmax(scores);
            float dropped = (float) (1 - p); // sums are f64, and compared in f32, as libtorch's cumsum has it
            // Tokens that all of the vocabulary's could be dropped together with need no sorting; one of them stays if
            // p is 0.
            double negligible = p == 0 ? 0 : (double) dropped / scores.length;
            double below = 0;
            List<Integer> rest = new ArrayList<>();
            for (int i = 0; i < scores.length; i++) {
                if (probabilities[i] < negligible) {
                    below += probabilities[i];
                    scores[i] = Float.NEGATIVE_INFINITY;
                } else {
                    rest.add(i);
                }
            }
            rest.sort((a, b) -> Float.compare(probabilities[a], probabilities[b]));
            for (int i = 0; i < rest.size() - 1; i++) {
                below += probabilities[rest.get(i)];
                if ((float) below > dropped) {
                    return;
                }
                scores[rest.get(i)] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    /** Drops tokens with less than {@code p} times the probability of the most likely one. */
    record MinP(double p) implements LogitsProcessor {
        @Override
        public void process(int[] ids, float[] scores) {
            float[] probabilities = softmax(scores);
            float most = 0;
            for (float probability : probabilities) {
                most = Math.max(most, probability);
            }
            float threshold = (float) p * most;
            for (int i = 0; i < scores.length; i++) {
                if (probabilities[i] < threshold) {
                    scores[i] = Float.NEGATIVE_INFINITY;
                }
            }
        }
    }

    /** Probabilities of scores; 0 where a token is ruled out. */
    static float[] softmax(float[] scores) {
        float most = Float.NEGATIVE_INFINITY;
        for (float score : scores) {
            most = Math.max(most, score);
        }
        float[] probabilities = new float[scores.length];
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
            if (scores[i] != Float.NEGATIVE_INFINITY) {
                double e = Math.exp(scores[i] - most);
                probabilities[i] = (float) e;
                sum += e;
            }
        }
        for (int i = 0; i < scores.length; i++) {
            probabilities[i] = (float) (probabilities[i] / sum);
        }
        return probabilities;
    }
}
