package dev.skald.train;

import dev.skald.dataset.PackedTokens;
import dev.skald.dataset.TokenStream.Documents;
import dev.skald.model.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * What is held out of one dataset and language, as micro-batches. Immutable and thread-safe.
 *
 * @param dataset its name
 * @param language "" if not known
 * @param documents how many there are
 * @param textBytes UTF-8 bytes of what is predicted
 * @param batches how many micro-batches
 * @param source a micro-batch, from 0 on
 */
record ValidationSet(
        String dataset, String language, long documents, long textBytes, int batches, IntFunction<MicroBatch> source) {

    /** Held-out documents, cut as {@code evaluate} cuts them: the same text has the same figures there. */
    static ValidationSet of(HeldOut.Group group, List<Documents> documents, TrainerConfig config) {
        long count = 0;
        long bytes = 0;
        List<List<Window>> windows = new ArrayList<>();
        Batches build = new Batches(windows, (long) config.sequenceLen() * config.microBatchSize());
        for (Documents part : documents) {
            count += part.end() - part.first();
            for (long document = part.first(); document < part.end(); document++) {
                bytes += part.source().document(document).textBytes();
                build.add(part.source(), document, config.sequenceLen());
            }
        }
        return new ValidationSet(
                group.dataset(),
                group.language(),
                count,
                bytes,
                windows.size(),
                batch -> MicroBatch.of(Windows.rows(
                        windows.get(batch).stream().map(Window::ids).toList())));
    }

    /** Tokens of a document, from {@code position} on. */
    private record Window(PackedTokens source, long position, int tokens) {

        int[] ids() {
            int[] ids = new int[tokens];
            source.read(position, ids, 0, tokens);
            return ids;
        }
    }

    /** Fills micro-batches one after the other. */
    private static final class Batches {
        private final List<List<Window>> batches;
        private final long most;
        private long rows;

        Batches(List<List<Window>> batches, long most) {
            this.batches = batches;
            this.most = most;
        }

        /** {@link Windows#of} a document, without the token that ends it. */
        void add(PackedTokens source, long document, int length) {
            long end = source.end(document);
            if (end > source.start(document)
                    && endsWith(source, end, source.index().encoding().eosId())) {
                end--;
            }
            for (long from = source.start(document); from + 1 < end; from += length) {
                add(new Window(source, from, (int) Math.min(length, end - from)));
            }
        }

        private void add(Window window) {
            if (batches.isEmpty() || rows + window.tokens > most) {
                batches.add(new ArrayList<>());
                rows = 0;
            }
            rows += window.tokens;
            batches.getLast().add(window);
        }

        private static boolean endsWith(PackedTokens source, long end, Integer eos) {
            int[] last = new int[1];
            source.read(end - 1, last, 0, 1);
            return eos != null && last[0] == eos;
        }
    }

    /** A micro-batch, from 0 on. */
    MicroBatch batch(int number) {
        return source.apply(number);
    }

    /**
     * The figures of this set.
     *
     * @param predicted tokens of all batches that were predicted
     * @param nll sum of their negative log likelihoods, nats
     */
    ValidationMetrics metrics(long step, long predicted, double nll) {
        return new ValidationMetrics(step, dataset, language, documents, predicted, textBytes, nll);
    }
}
