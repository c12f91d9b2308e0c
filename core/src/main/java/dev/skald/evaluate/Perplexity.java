package dev.skald.evaluate;

import dev.skald.InvalidInputException;
import dev.skald.engine.Engine;
import dev.skald.engine.Handle;
import dev.skald.engine.Request;
import dev.skald.generate.Generator;
import dev.skald.model.LlamaConfig;
import dev.skald.model.Windows;
import dev.skald.tokenizer.DocumentMarks;
import dev.skald.tokenizer.DocumentMarks.Mark;
import dev.skald.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * How well a model predicts documents. A document is the begin token, if the model has one, and its tokens, cut into
 * {@link Windows}. Not thread-safe.
 */
public final class Perplexity {

    /** Windows that the engine has at once. */
    private static final int WINDOWS = 64;

    private final Engine engine;
    private final LlamaConfig config;
    private final Tokenizer tokenizer;
    private final int sequenceLen;
    private final Deque<Handle> pending = new ArrayDeque<>();
    private long documents;
    private long bytes;
    private long tokens;
    private double nll;

    /**
     * What was measured.
     *
     * @param documents how many
     * @param tokens predicted tokens
     * @param nll mean negative log-likelihood of a predicted token, in nats
     * @param perplexity e to the power of it
     * @param bitsPerByte all bits, over the documents' bytes in UTF-8: comparable between tokenizers
     */
    public record Result(long documents, long tokens, double nll, double perplexity, double bitsPerByte) {}

    /**
     * Begins a measurement.
     *
     * @param sequenceLen tokens in a window
     * @throws InvalidInputException when a window has fewer than 2 tokens, or more than the model has positions
     */
    public Perplexity(Generator model, int sequenceLen) {
        check(model, sequenceLen);
        this.engine = model.engine();
        this.config = model.config();
        this.tokenizer = model.tokenizer();
        this.sequenceLen = sequenceLen;
    }

    static void check(Generator model, int sequenceLen) {
        int positions = model.config().max_position_embeddings();
        if (sequenceLen < 2 || sequenceLen > positions) {
            throw new InvalidInputException(
                    "sequence_len is " + sequenceLen + ", expected 2 to " + positions + ", the model's positions");
        }
    }

    /** Adds a document. */
    public void add(String text) {
        documents++;
        bytes += text.getBytes(StandardCharsets.UTF_8).length;
        for (int[] window : Windows.of(document(text, tokenizer, config), sequenceLen)) {
            if (pending.size() == WINDOWS) {
                count();
            }
            pending.add(engine.submit(new Request.Score(window, 1, 0, Optional.empty())));
        }
    }

    /**
     * The result for all documents that were added.
     *
     * @throws InvalidInputException when there was no token to predict
     */
    public Result result() {
        while (!pending.isEmpty()) {
            count();
        }
        if (tokens == 0) {
            throw new InvalidInputException(
                    "nothing to predict: " + documents + " documents, none of two tokens or more");
        }
        double mean = nll / tokens;
        return new Result(documents, tokens, mean, Math.exp(mean), nll / Math.log(2) / bytes);
    }

    /** The begin token, if the model has one, and a text's tokens. */
    static int[] document(String text, Tokenizer tokenizer, LlamaConfig config) {
        DocumentMarks marks = DocumentMarks.of(tokenizer, Mark.IF_KNOWN, Mark.ABSENT);
        return config.bos_token_id().map(marks::withBos).orElse(marks).around(tokenizer.encode(text));
    }

    /** Adds up the oldest window that is pending. */
    private void count() {
        for (float logProbability : pending.remove().await().scores().logProbabilities()) {
            nll -= logProbability;
            tokens++;
        }
    }
}
