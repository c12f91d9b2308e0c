package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.dataset.PackedDocument;
import dev.skald.model.PackedRows;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.List;

/**
 * What a run learns from, in the order that the seed gives: texts as one stream ({@link PretrainingData}), or examples with labels ({@link
 * TuningData}). Immutable and thread-safe; files are memory-mapped.
 */
public sealed interface TrainingData permits PretrainingData, TuningData {

    /**
     * Tokenises what is not yet in the cache ({@code dataset_prepared_path}). One process of a run does this, before the others open the data.
     *
     * @throws InvalidInputException when a data set is missing or damaged, naming file and line
     */
    static void prepare(TrainerConfig config, Tokenizer tokenizer) throws IOException {
        if (config.learnsExamples()) {
            TuningData.prepare(config, tokenizer);
        } else {
            PretrainingData.prepare(config, tokenizer);
        }
    }

    /**
     * Opens the data of a run; it has to be prepared.
     *
     * @throws InvalidInputException if a dataset is missing, empty or of another tokenizer
     */
    static TrainingData open(TrainerConfig config, Tokenizer tokenizer) throws IOException {
        return config.learnsExamples() ? TuningData.open(config, tokenizer) : PretrainingData.open(config, tokenizer);
    }

    /** Sequences in an epoch. */
    long sequences();

    /** Tokens to train on, weights left aside. */
    long tokens();

    /** The held-out documents by dataset and language; empty when nothing is held out. */
    List<ValidationSet> validation();

    /**
     * The rows of one forward and backward pass.
     *
     * @param update from 0 on, through all epochs
     * @param microStep below {@code gradient_accumulation_steps}
     */
    PackedRows rows(long update, int microStep, int rank, int worldSize);

    /** {@link #rows}, and what an objective has to know of them. */
    default MicroBatch microBatch(long update, int microStep, int rank, int worldSize) {
        return MicroBatch.of(rows(update, microStep, rank, worldSize));
    }

    /** What an update sees: the parts of documents in each of its sequences, in the order of micro-steps, ranks and sequences. */
    List<Seen> seen(long update, int worldSize);

    /**
     * A part of a document that an update sees.
     *
     * @param sequence of the micro-batch, from 0
     * @param from first token of the document
     * @param to after its last
     */
    record Seen(int microStep, int rank, int sequence, PackedDocument document, long from, long to) {}

    /** The first of a micro-batch's sequences, counted through the whole run: it does not depend on how the ranks share an update. */
    default long place(long update, int microStep, int rank, int worldSize) {
        long ofUpdate = update * config().globalBatch(worldSize);
        return ofUpdate + ((long) microStep * worldSize + rank) * config().microBatchSize();
    }

    /** What the data is the data of. */
    TrainerConfig config();
}
