package dev.skald.generate;

import dev.skald.InvalidInputException;
import dev.skald.engine.Request;
import dev.skald.kernel.LogitLoops;
import dev.skald.tokenizer.IncrementalDecoder;
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
    private final GenerationConfig config;
    private final Tokenizer tokenizer;
    private final List<LogitsProcessor> processors;
    private final SplittableRandom random;
    private final IncrementalDecoder decoder;
    private final int lengthLimit;
    private final int promptLength;
    private final String promptText;
    /** Prompt and continuation with special tokens, for stop strings may be special tokens. */
    private final StringBuilder fullText = new StringBuilder();

    private final IncrementalDecoder fullDecoder;
    private final StringBuilder generatedText = new StringBuilder();
    private final List<float[]> logits = new ArrayList<>();
    private final long started;
    private final TextListener listener;
    private long firstLogits;
    private final Tokens tokens;
    private final Scratch scratch;
    private long lastToken;
    private Optional<FinishReason> finished = Optional.empty();

    /**
     * @param index which text of the call it is
     * @param scratch used on the engine's thread
     * @param seed of this sequence alone
     * @param started when the call began, {@link System#nanoTime}
     * @param listener is told of text on the engine's thread
     */
    Sequence(
            int index,
            int[] promptIds,
            String promptText,
            GenerationConfig config,
            Tokenizer tokenizer,
            int lengthLimit,
            Scratch scratch,
            long seed,
            long started,
            TextListener listener) {
        this.index = index;
        this.config = config;
        this.tokenizer = tokenizer;
        this.lengthLimit = lengthLimit;
        this.promptLength = promptIds.length;
        this.promptText = promptText;
        this.processors = LogitsProcessor.of(config, promptIds.length);
        this.random = new SplittableRandom(seed);
        this.decoder = tokenizer.decoder(true);
        this.fullDecoder = tokenizer.decoder(false);
        this.tokens = new Tokens(promptIds);
        this.scratch = scratch;
        this.started = started;
        this.firstLogits = started;
        this.lastToken = started;
        this.listener = listener;
        for (int id : promptIds) {
            text(decoder, id); // the continuation's first characters depend on what is before them
            fullText.append(text(fullDecoder, id));
        }
    }

    @Override
    public int next(float[] raw) {
        if (tokens.length() == promptLength) {
            firstLogits = System.nanoTime();
        }
        String text = accept(raw);
        if (!text.isEmpty()) {
            listener.onText(index, text);
        }
        return finished.isPresent() ? END : tokens.last();
    }

    /**
     * Chooses the next token.
     *
     * @param raw the model's logits {@code [vocab]}; changed
     * @return the text that became certain
     */
    private String accept(float[] raw) {
        if (config.output_logits()) {
            logits.add(raw.clone());
        }
        for (LogitsProcessor processor : processors) {
            processor.process(tokens, raw, scratch);
        }
        int id = choose(raw);
        tokens.add(id);
        lastToken = System.nanoTime();
        StringBuilder added = new StringBuilder(text(decoder, id));
        generatedText.append(added);
        finished = finish(id, text(fullDecoder, id));
        if (finished.isPresent()) {
            String rest = decoder.finish();
            generatedText.append(rest);
            added.append(rest);
        }
        return added.toString();
    }

    /** Its time was up; called when its request has ended. */
    void endByTime() {
        if (finished.isEmpty()) {
            finished = Optional.of(FinishReason.TIME);
            generatedText.append(decoder.finish());
        }
    }

    Generation result() {
        return new Generation(
                tokens.copy(0, promptLength),
                tokens.copy(promptLength, tokens.length()),
                promptText + generatedText,
                generatedText.toString(),
                finished.orElse(FinishReason.LENGTH),
                seconds(started, firstLogits),
                seconds(firstLogits, lastToken),
                logits);
    }

    private Optional<FinishReason> finish(int id, String text) {
        if (config.eos_token_ids().contains(id)) {
            return Optional.of(FinishReason.EOS);
        }
        if (endsInStopString(text)) {
            return Optional.of(FinishReason.STOP);
        }
        return tokens.length() >= lengthLimit ? Optional.of(FinishReason.LENGTH) : Optional.empty();
    }

    /** As transformers' StopStringCriteria: a stop string counts if it ends in what the last token added; the prompt may hold its beginning. */
    private boolean endsInStopString(String added) {
        int before = fullText.length();
        fullText.append(added);
        return config.stop_strings().stream()
                .anyMatch(stop -> fullText.indexOf(stop, Math.max(0, before - stop.length() + 1)) >= 0);
    }

    /** A model may have more rows than its tokenizer has tokens; such an id has no text. */
    private String text(IncrementalDecoder by, int id) {
        return id < tokenizer.vocabSize() ? by.add(id) : "";
    }

    private int choose(float[] scores) {
        int n = scores.length;
        if (LogitLoops.max(scores, n) == Float.NEGATIVE_INFINITY) {
            throw new InvalidInputException("the options rule out every token that could follow");
        }
        if (!config.do_sample()) {
            return LogitLoops.highest(scores, n);
        }
        LogitLoops.softmax(scores, n, scratch.probabilities);
        return LogitLoops.draw(scratch.probabilities, n, random.nextDouble());
    }

    private static double seconds(long from, long to) {
        return Math.max(1, to - from) / 1e9;
    }
}
