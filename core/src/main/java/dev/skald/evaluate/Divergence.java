package dev.skald.evaluate;

import dev.skald.InvalidInputException;
import dev.skald.engine.Handle;
import dev.skald.engine.Request;
import dev.skald.generate.Generator;
import dev.skald.model.Windows;
import java.util.Arrays;
import java.util.Optional;

/**
 * How far a model's distributions of the next token are from those of a reference, as the model that it was quantised from: the Kullback-Leibler
 * divergence {@code sum p (ln p - ln q)} in each place, p the reference's. Documents are cut as for {@link Perplexity}; the reference's scores of one
 * window, {@code [tokens, vocab]} in f32, are in memory. Not thread-safe.
 */
public final class Divergence {

    private final Generator model;
    private final Generator reference;
    private final int sequenceLen;
    private double[] divergences = new double[1024];
    private int tokens;
    private long documents;
    private long sameTop;
    private double nll;
    private double referenceNll;

    /**
     * What was measured.
     *
     * @param documents how many
     * @param tokens predicted tokens
     * @param perplexity of the model
     * @param reference_perplexity of the reference
     * @param kl_mean mean divergence of a token, in nats
     * @param kl_median half of the tokens have no more
     * @param kl_99 99 of 100 tokens have no more
     * @param kl_max the largest
     * @param same_top the share of tokens of which both hold the same one most likely
     */
    public record Result(
            long documents,
            long tokens,
            double perplexity,
            double reference_perplexity,
            double kl_mean,
            double kl_median,
            double kl_99,
            double kl_max,
            double same_top) {}

    /**
     * Begins a measurement.
     *
     * @param sequenceLen tokens in a window
     * @throws InvalidInputException when a window is not what both models can have, or their vocabularies are of different sizes
     */
    public Divergence(Generator model, Generator reference, int sequenceLen) {
        Perplexity.check(model, sequenceLen);
        Perplexity.check(reference, sequenceLen);
        if (model.config().vocab_size() != reference.config().vocab_size()) {
            throw new InvalidInputException("the model has " + model.config().vocab_size() + " tokens, the reference "
                    + reference.config().vocab_size() + ", expected the same ones");
        }
        this.model = model;
        this.reference = reference;
        this.sequenceLen = sequenceLen;
    }

    /**
     * Adds a document.
     *
     * @throws InvalidInputException when the two tokenizers make other tokens of it
     */
    public void add(String text) {
        documents++;
        int[] ids = Perplexity.document(text, model.tokenizer(), model.config());
        if (!Arrays.equals(ids, Perplexity.document(text, reference.tokenizer(), reference.config()))) {
            throw new InvalidInputException("the tokens of the model and of the reference differ in document "
                    + documents + ", expected two models of one tokenizer");
        }
        Windows.of(ids, sequenceLen).forEach(this::compare);
    }

    private void compare(int[] window) {
        int places = window.length - 1;
        float[][] expected = new float[places][];
        double[] found = new double[places];
        boolean[] same = new boolean[places];
        referenceNll += nll(score(reference, window, (place, logits) -> expected[place] = logits.clone()));
        nll += nll(score(model, window, (place, logits) -> {
            found[place] = divergence(expected[place], logits);
            same[place] = highest(expected[place]) == highest(logits);
        }));
        if (tokens + places > divergences.length) {
            divergences = Arrays.copyOf(divergences, 2 * (tokens + places));
        }
        System.arraycopy(found, 0, divergences, tokens, places);
        tokens += places;
        for (boolean each : same) {
            sameTop += each ? 1 : 0;
        }
    }

    private static Handle.TokenScores score(Generator from, int[] window, Request.Observer observer) {
        return from.engine()
                .submit(new Request.Score(window, 1, 0, Optional.of(observer), Optional.empty()))
                .await()
                .scores();
    }

    private static double nll(Handle.TokenScores scores) {
        double sum = 0;
        for (float each : scores.logProbabilities()) {
            sum -= each;
        }
        return sum;
    }

    private static double divergence(float[] p, float[] q) {
        double normP = logSumExp(p);
        double normQ = logSumExp(q);
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            double log = p[i] - normP;
            sum += Math.exp(log) * (log - (q[i] - normQ));
        }
        return Math.max(0, sum);
    }

    private static double logSumExp(float[] x) {
        double max = x[highest(x)];
        double sum = 0;
        for (float each : x) {
            sum += Math.exp(each - max);
        }
        return max + Math.log(sum);
    }

    private static int highest(float[] x) {
        int highest = 0;
        for (int i = 1; i < x.length; i++) {
            highest = x[i] > x[highest] ? i : highest;
        }
        return highest;
    }

    /**
     * The result for all documents that were added.
     *
     * @throws InvalidInputException when there was no token to predict
     */
    public Result result() {
        if (tokens == 0) {
            throw new InvalidInputException(
                    "nothing to predict: " + documents + " documents, none of two tokens or more");
        }
        double[] sorted = Arrays.copyOf(divergences, tokens);
        Arrays.sort(sorted);
        return new Result(
                documents,
                tokens,
                Math.exp(nll / tokens),
                Math.exp(referenceNll / tokens),
                Arrays.stream(sorted).sum() / tokens,
                quantile(sorted, 0.5),
                quantile(sorted, 0.99),
                sorted[tokens - 1],
                (double) sameTop / tokens);
    }

    private static double quantile(double[] sorted, double share) {
        return sorted[(int) Math.ceil(share * sorted.length) - 1];
    }
}
