package dev.skald.generate;

import dev.skald.engine.Request;
import dev.skald.tokenizer.IncrementalDecoder;
import dev.skald.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
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
    private int[] ids;
    private int length;
    private long lastToken;
    private Optional<FinishReason> finished = Optional.empty();

    /**
     * @param index which text of the call it is
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
        this.ids = Arrays.copyOf(promptIds, Math.min(lengthLimit, promptIds.length + 64));
        this.length = promptIds.length;
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
        if (length == promptLength) {
            firstLogits = System.nanoTime();
        }
        String text = accept(raw);
        if (!text.isEmpty()) {
            listener.onText(index, text);
        }
        return finished.isPresent() ? END : ids[length - 1];
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
        int[] soFar = Arrays.copyOf(ids, length);
        for (LogitsProcessor processor : processors) {
            processor.process(soFar, raw);
        }
        int id = config.do_sample() ? sample(raw) : highest(raw);
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, Math.min(lengthLimit, 2 * length));
        }
        ids[length++] = id;
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

    Generation result() {
        return new Generation(
                Arrays.copyOf(ids, promptLength),
                Arrays.copyOfRange(ids, promptLength, length),
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
        return length >= lengthLimit ? Optional.of(FinishReason.LENGTH) : Optional.empty();
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

    private int sample(float[] scores) {
        float[] probabilities = LogitsProcessor.softmax(scores);
        double drawn = random.nextDouble();
        double sum = 0;
        int last = 0;
        for (int i = 0; i < probabilities.length; i++) {
            if (probabilities[i] > 0) {
                sum += probabilities[i];
                last = i;
                if (drawn < sum) {
                    return i;
                }
            }
        }
        return last;
    }

    private static int highest(float[] scores) {
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            if (scores[i] > scores[best]) {
                best = i;
            }
        }
        return best;
    }

    private static double seconds(long from, long to) {
        return Math.max(1, to - from) / 1e9;
    }
}
