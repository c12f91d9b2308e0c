package dev.skald.generate;

import dev.skald.InvalidInputException;
import dev.skald.engine.Request;
import dev.skald.kernel.LogitLoops;
import dev.skald.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * One text that is being generated: its tokens, its random numbers, and how it is to end. The engine's thread writes it, and the caller reads
 * its result once the request has ended.
 */
final class Sequence implements Request.Continuation {

    private final int index;
    private final Plan plan;
    private final Listener listener;
    private final GenerationConfig config;
    private final List<LogitsProcessor> processors;
    private final Optional<GrammarMask> grammar;
    private final SplittableRandom random;
    private final Transcript transcript;
    private final Tokens tokens;
    private final List<float[]> logits = new ArrayList<>();
    private final List<ScoredToken> scores = new ArrayList<>();
    private int scoresTold;
    private long firstLogits;
    private long lastToken;
    private Optional<FinishReason> finished = Optional.empty();

    /**
     * What the sequences of a prompt have in common.
     *
     * @param lengthLimit how long prompt and continuation become together
     * @param scratch used on the engine's thread
     * @param grammars of all of the model's callers
     * @param started when the call began, {@link System#nanoTime}
     */
    record Plan(
            Prompt prompt,
            GenerationConfig config,
            Tokenizer tokenizer,
            int lengthLimit,
            Scratch scratch,
            Grammars grammars,
            long started) {}

    /** Is told of new tokens and of text that became certain, on the engine's thread. */
    @FunctionalInterface
    interface Listener {
        void onText(int sequence, String text, List<ScoredToken> scores);
    }

    /**
     * @param index which text of the call it is
     * @param seed of this sequence alone
     */
    Sequence(int index, Plan plan, long seed, Listener listener) {
        this.index = index;
        this.plan = plan;
        this.listener = listener;
        this.config = plan.config;
        int[] prompt = plan.prompt.ids();
        this.processors = LogitsProcessor.of(config, prompt.length);
        this.grammar =
                plan.grammars.of(config).map(masks -> new GrammarMask(masks, plan.grammars, config.eos_token_ids()));
        this.random = new SplittableRandom(seed);
        this.transcript =
                new Transcript(plan.tokenizer, prompt, config.stop_strings(), !config.include_stop_str_in_output());
        this.tokens = new Tokens(prompt);
        this.firstLogits = plan.started;
        this.lastToken = plan.started;
    }

    @Override
    public int next(float[] raw) {
        if (tokens.length() == plan.prompt.ids().length) {
            firstLogits = System.nanoTime();
        }
        int id = choose(raw);
        tokens.add(id);
        lastToken = System.nanoTime();
        transcript.add(id);
        grammar.ifPresent(mask -> mask.add(id));
        finished = finish(id);
        if (finished.isPresent()) {
            transcript.finish();
        }
        tell();
        return finished.isPresent() ? END : id;
    }

    /** Text, and the scores of its tokens, which wait for it; the last ones have perhaps none. */
    private void tell() {
        String text = transcript.certain(finished.isPresent());
        if (!text.isEmpty() || finished.isPresent()) {
            List<ScoredToken> added = List.copyOf(scores.subList(scoresTold, scores.size()));
            scoresTold = scores.size();
            if (!text.isEmpty() || !added.isEmpty()) {
                listener.onText(index, text, added);
            }
        }
    }

    /** @param raw the model's logits {@code [vocab]}; changed */
    private int choose(float[] raw) {
        if (config.output_logits()) {
            logits.add(raw.clone());
        }
        int n = raw.length;
        boolean scored = config.logprobs().isPresent();
        int[] top = {};
        double logSumExp = 0;
        float[] own = plan.scratch.copy;
        if (scored) {
            top = LogitLoops.highest(raw, n, Math.min(n, config.logprobs().getAsInt()));
            logSumExp = LogitLoops.logSumExp(raw, n);
            System.arraycopy(raw, 0, own, 0, n);
        }
        grammar.ifPresent(mask -> mask.process(raw));
        for (LogitsProcessor processor : processors) {
            processor.process(tokens, raw, plan.scratch);
        }
        int id = draw(raw);
        if (scored) {
            float[] topScores = new float[top.length];
            for (int i = 0; i < top.length; i++) {
                topScores[i] = (float) (own[top[i]] - logSumExp);
            }
            scores.add(new ScoredToken(id, (float) (own[id] - logSumExp), top, topScores));
        }
        return id;
    }

    private int draw(float[] scores) {
        int n = scores.length;
        if (LogitLoops.max(scores, n) == Float.NEGATIVE_INFINITY) {
            throw new InvalidInputException("the options rule out every token that could follow");
        }
        if (!config.do_sample()) {
            return LogitLoops.highest(scores, n);
        }
        LogitLoops.softmax(scores, n, plan.scratch.probabilities);
        return LogitLoops.draw(plan.scratch.probabilities, n, random.nextDouble());
    }

    private Optional<FinishReason> finish(int id) {
        if (config.eos_token_ids().contains(id)
                || grammar.map(GrammarMask::isComplete).orElse(false)) {
            return Optional.of(FinishReason.EOS);
        }
        if (transcript.stop().isPresent()) {
            return Optional.of(FinishReason.STOP);
        }
        return tokens.length() >= plan.lengthLimit ? Optional.of(FinishReason.LENGTH) : Optional.empty();
    }

    /** Its time was up; called when its request has ended. */
    void endByTime() {
        if (finished.isEmpty()) {
            finished = Optional.of(FinishReason.TIME);
            transcript.finish();
        }
    }

    /** @param cachedTokens how much of the prompt the engine did not have to read */
    Generation result(int cachedTokens) {
        int prompt = plan.prompt.ids().length;
        FinishReason reason = finished.orElse(FinishReason.LENGTH);
        // At the last token the end of a character that never became whole may have made a stop string.
        boolean stopped = reason == FinishReason.LENGTH && transcript.stop().isPresent();
        return new Generation(
                tokens.copy(0, prompt),
                tokens.copy(prompt, tokens.length()),
                plan.prompt.text() + transcript.generated(),
                transcript.generated(),
                stopped ? FinishReason.STOP : reason,
                transcript.stop(),
                cachedTokens,
                seconds(plan.started, firstLogits),
                seconds(firstLogits, lastToken),
                scores,
                logits);
    }

    private static double seconds(long from, long to) {
        return Math.max(1, to - from) / 1e9;
    }
}
