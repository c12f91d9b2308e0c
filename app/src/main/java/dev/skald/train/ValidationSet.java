package dev.skald.train;

import dev.skald.dataset.PackedTokens;
import dev.skald.dataset.TokenStream;
import dev.skald.dataset.TokenStream.Documents;
import dev.skald.model.PackedRows;
import java.util.List;

/** Held-out documents of one dataset and language. Every token is seen; the last batch may be shorter. Immutable and thread-safe. */
public final class ValidationSet {

    private final HeldOut.Group group;
    private final TokenStream stream;
    private final long documents;
    private final long textBytes;
    private final long batchTokens;

    ValidationSet(HeldOut.Group group, List<Documents> documents, TrainerConfig config) {
        this.group = group;
        stream = new TokenStream(documents, config.sequenceLen(), config.pretrainMultipackAttn());
        long count = 0;
        long bytes = 0;
        for (Documents part : documents) {
            count += part.end() - part.first();
            for (long document = part.first(); document < part.end(); document++) {
                PackedTokens source = part.source();
                bytes += source.document(document).textBytes();
            }
        }
        this.documents = count;
        textBytes = bytes;
        batchTokens = (long) config.sequenceLen() * config.microBatchSize();
    }

    /** Name of the dataset. */
    public String dataset() {
        return group.dataset();
    }

    /** The language, "" if not known. */
    public String language() {
        return group.language();
    }

    /** How many micro-batches. */
    public int batches() {
        return (int) ((stream.tokens() + batchTokens - 1) / batchTokens);
    }

    /** A micro-batch, from 0 on. */
    public PackedRows batch(int number) {
        long from = number * batchTokens;
        return stream.rowsOf(from, Math.min(stream.tokens(), from + batchTokens));
    }

    /**
     * The figures of this set.
     *
     * @param predicted tokens of all batches that were predicted
     * @param nll sum of their negative log likelihoods, nats
     */
    public ValidationMetrics metrics(long step, long predicted, double nll) {
        return new ValidationMetrics(step, dataset(), language(), documents, predicted, textBytes, nll);
    }
}
