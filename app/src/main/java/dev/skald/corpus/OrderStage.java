package dev.skald.corpus;

import java.io.IOException;

/**
 * Decides for every kept document how many copies of it are packed and where, or that it is held out.
 *
 * @param mix the weights
 */
record OrderStage(MixPlan mix) implements Stage {

    static final String NAME = "8-order";

    /** Place, id. */
    private static final int TRAIN_WIDTH = 2;

    /** Column of the id in records of {@link #train}. */
    static final int TRAIN_ID = 1;

    /** Language (in the upper half), place, id. */
    private static final int VALIDATION_WIDTH = 3;

    /** Column of the id in records of {@link #validation}. */
    static final int VALIDATION_ID = 2;

    /** What this stage decided for a shard of the training set. */
    static SortedRuns.Reader train(Plan plan, int shard) throws IOException {
        return new SortedRuns.Reader(
                plan.files(NAME, plan.partitions(), "train"),
                TRAIN_WIDTH,
                shard,
                plan.recipe().pack().shards());
    }

    /** What this stage decided for the held-out documents of a language. */
    static SortedRuns.Reader validation(Plan plan, int language) throws IOException {
        return new SortedRuns.Reader(
                plan.files(NAME, plan.partitions(), "validation"),
                VALIDATION_WIDTH,
                language,
                MixPlan.languages().size());
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int partitions(Plan plan) {
        return plan.partitions();
    }

    @Override
    public void run(int partition, TaskResources resources, TaskOutput out) throws IOException {
        Plan plan = resources.plan();
        Recipe recipe = plan.recipe();
        int languages = MixPlan.languages().size();
        try (DocumentStore documents = plan.documents(partition);
                TokenFile tokens = TokenFile.of(plan, partition);
                SortedRuns.Writer train = out.runs(
                        "train",
                        TRAIN_WIDTH,
                        SortedRuns.Receiver.HASH,
                        recipe.pack().shards());
                SortedRuns.Writer validation =
                        out.runs("validation", VALIDATION_WIDTH, SortedRuns.Receiver.PARTITION, languages)) {
            for (int row = 0; row < documents.rows(); row++) {
                if (!tokens.has(row)) {
                    continue;
                }
                long id = DocumentStore.idOf(partition, row);
                long hash = documents.hashHigh(row);
                String language = documents.language(row);
                if (mix.isValidation(language, hash)) {
                    long first = (long) MixPlan.languages().indexOf(language) << 32;
                    validation.add(first, mix.place(hash, 0), id);
                    continue;
                }
                String source = recipe.sources().get(documents.source(row)).name();
                int copies = mix.copies(source, language, hash);
                for (int copy = 0; copy < copies; copy++) {
                    train.add(mix.place(hash, copy), id);
                }
            }
        }
    }
}
