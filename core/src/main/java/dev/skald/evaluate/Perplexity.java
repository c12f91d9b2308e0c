package dev.skald.evaluate;

import dev.skald.InvalidInputException;
import dev.skald.model.KeyValueCache;
import dev.skald.model.Llama;
import dev.skald.tokenizer.DocumentMarks;
import dev.skald.tokenizer.DocumentMarks.Mark;
import dev.skald.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * How well a model predicts documents. A document is the begin token, if the model has one, and its tokens, cut into windows without
 * overlap; all tokens of a window but the first are predicted. Not thread-safe.
 */
public final class Perplexity {

    /** Tokens that go through the model at once, from one window or several. */
    private static final int ROWS = 512;

    /** Rows whose logits are held at once. */
    private static final int LOGIT_ROWS = 64;

    private final Llama model;
    private final Tokenizer tokenizer;
    private final int sequenceLen;
    private final List<int[]> pending = new ArrayList<>();
    private int pendingRows;
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
    public Perplexity(Llama model, Tokenizer tokenizer, int sequenceLen) {
        int positions = model.config().max_position_embeddings();
        if (sequenceLen < 2 || sequenceLen > positions) {
            throw new InvalidInputException(
                    "sequence_len is " + sequenceLen + ", expected 2 to " + positions + ", the model's positions");
        }
        this.model = model;
        this.tokenizer = tokenizer;
        this.sequenceLen = sequenceLen;
    }

    /** Adds a document. */
    public void add(String text) {
        documents++;
        bytes += text.getBytes(StandardCharsets.UTF_8).length;
        int[] ids = document(text);
        for (int from = 0; from < ids.length; from += sequenceLen) {
            int[] window = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + sequenceLen));
            if (window.length > 1) {
                pending.add(window);
                pendingRows += window.length;
            }
            if (pendingRows >= ROWS) {
                predict();
            }
        }
    }

    /**
     * The result for all documents that were added.
     *
     * @throws InvalidInputException when there was no token to predict
     */
    public Result result() {
        predict();
        if (tokens == 0) {
            throw new InvalidInputException(
                    "nothing to predict: " + documents + " documents, none of two tokens or more");
        }
        double mean = nll / tokens;
        return new Result(documents, tokens, mean, Math.exp(mean), nll / Math.log(2) / bytes);
    }

    private int[] document(String text) {
        DocumentMarks marks = DocumentMarks.of(tokenizer, Mark.IF_KNOWN, Mark.ABSENT);
        return model.config().bos_token_id().map(marks::withBos).orElse(marks).around(tokenizer.encode(text));
    }

    /** Predicts the pending windows: short ones together, long ones in chunks over one cache. */
    private void predict() {
        if (pending.isEmpty()) {
            return;
        }
        List<KeyValueCache> caches = new ArrayList<>();
        try {
            pending.forEach(window -> caches.add(model.newCache()));
            int longest =
                    pending.stream().mapToInt(window -> window.length).max().orElseThrow();
            for (int from = 0; from < longest; from += ROWS) {
                predict(caches, from);
            }
        } finally {
            caches.forEach(KeyValueCache::close);
            pending.clear();
            pendingRows = 0;
        }
    }

    /** Positions {@code from} to {@code from + ROWS} of every pending window that has them. */
    private void predict(List<KeyValueCache> caches, int from) {
        List<Llama.Segment> segments = new ArrayList<>();
        List<Integer> targets = new ArrayList<>();
        for (int i = 0; i < pending.size(); i++) {
            int[] window = pending.get(i);
            int to = Math.min(window.length - 1, from + ROWS); // the last token predicts nothing
            if (from < to) {
                segments.add(new Llama.Segment(Arrays.copyOfRange(window, from, to), caches.get(i)));
                Arrays.stream(window, from + 1, to + 1).forEach(targets::add);
            }
        }
        if (segments.isEmpty()) {
            return;
        }
        long[] target = targets.stream().mapToLong(Integer::longValue).toArray();
        try (PointerScope _ = new PointerScope()) {
            Tensor hidden = model.hidden(segments);
            for (int row = 0; row < target.length; row += LOGIT_ROWS) {
                int rows = Math.min(LOGIT_ROWS, target.length - row);
                nll += nll(hidden.narrow(0, row, rows), Arrays.copyOfRange(target, row, row + rows));
            }
        }
        tokens += target.length;
    }

    private double nll(Tensor hidden, long[] target) {
        try (PointerScope _ = new PointerScope()) {
            Tensor logits = model.logitsOfMany(hidden);
            Tensor index = AbstractTensor.create(target).unsqueeze(1).to(logits.device(), torch.ScalarType.Long);
            Tensor chosen = logits.gather(1, index).squeeze(1);
            return logits.logsumexp(1)
                    .sub(chosen)
                    .to(torch.ScalarType.Double)
                    .sum()
                    .item_double();
        }
    }
}
