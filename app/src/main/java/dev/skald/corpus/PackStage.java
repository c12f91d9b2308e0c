package dev.skald.corpus;

import dev.skald.dataset.PackedTokensWriter;
import java.io.IOException;

/** Writes the shards of the training set and, for each language, one of held-out documents: a partition a shard. */
record PackStage() implements Stage {

    static final String NAME = "9-pack";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int partitions(Plan plan) {
        return plan.recipe().pack().shards() + MixPlan.languages().size();
    }

    @Override
    public void run(int partition, TaskResources resources, TaskOutput out) throws IOException {
        Plan plan = resources.plan();
        PackedSets sets = PackedSets.of(plan, resources.tokenizer());
        int shards = plan.recipe().pack().shards();
        if (partition < shards) {
            try (SortedRuns.Reader order = OrderStage.train(plan, partition);
                    PackedTokensWriter writer = sets.train(partition)) {
                new Shard(plan, Flow.TRAIN, writer, out).add(order.next(), order, OrderStage.TRAIN_ID);
            }
            return;
        }
        int language = partition - shards;
        try (SortedRuns.Reader order = OrderStage.validation(plan, language)) {
            long[] first = order.next();
            if (first == null) {
                return; // no documents of this language, and no dataset
            }
            try (PackedTokensWriter writer = sets.validation(MixPlan.languages().get(language))) {
                new Shard(plan, Flow.VALIDATION, writer, out).add(first, order, OrderStage.VALIDATION_ID);
            }
        }
    }

    /** A shard that is being written. */
    private record Shard(Plan plan, Flow flow, PackedTokensWriter writer, TaskOutput out) {

        /** All documents of the records, the ids of which are in a column; completes the shard. */
        void add(long[] first, SortedRuns.Reader order, int column) throws IOException {
            try (OpenPartitions<Partition> partitions = new OpenPartitions<>(number -> Partition.open(plan, number))) {
                for (long[] record = first; record != null; record = order.next()) {
                    long id = record[column];
                    add(partitions.get(DocumentStore.partitionOf(id)), DocumentStore.rowOf(id));
                }
                writer.commit();
            }
        }

        private void add(Partition partition, int row) throws IOException {
            DocumentStore documents = partition.documents;
            String language = documents.language(row);
            String source = plan.recipe().sources().get(documents.source(row)).name();
            int bytes = documents.bytes(row);
            int[] ids = partition.tokens.ids(row);
            writer.add(partition.tokens.id(row), language, source, bytes, ids);
            out.tally().flow(flow, source, language, bytes, ids.length);
            out.progress(bytes);
        }
    }

    private record Partition(DocumentStore documents, TokenFile tokens) implements OpenPartitions.Partition {

        static Partition open(Plan plan, int number) throws IOException {
            return new Partition(plan.documents(number), TokenFile.of(plan, number));
        }

        @Override
        public void close() {
            documents.close();
            tokens.close();
        }
    }
}
