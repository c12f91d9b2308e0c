package dev.skald.corpus;

import dev.skald.dataset.PackedIndex;
import dev.skald.dataset.PackedIndex.Encoding;
import dev.skald.dataset.PackedTokens;
import dev.skald.dataset.PackedTokensWriter;
import dev.skald.tokenizer.DocumentMarks;
import dev.skald.tokenizer.DocumentMarks.Mark;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes the shards of the training set and, for each language, one of held-out documents. */
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
    public void run(int partition, Workshop workshop, TaskOutput out) throws IOException {
        Plan plan = workshop.plan();
        int shards = plan.recipe().pack().shards();
        Encoding encoding = encoding(plan.recipe(), workshop.tokenizer());
        if (partition < shards) {
            try (SortedRuns.Reader order = new SortedRuns.Reader(
                    plan.files(OrderStage.NAME, plan.partitions(), "train"),
                    OrderStage.TRAIN_WIDTH,
                    partition,
                    shards)) {
                pack(plan, out, order, 1, "train", directory(plan, "train"), partition, encoding);
            }
            return;
        }
        int language = partition - shards;
        String name = MixPlan.languages().get(language);
        try (SortedRuns.Reader order = new SortedRuns.Reader(
                plan.files(OrderStage.NAME, plan.partitions(), "validation"),
                OrderStage.VALIDATION_WIDTH,
                language,
                MixPlan.languages().size())) {
            pack(plan, out, order, 2, "validation", directory(plan, "validation-" + name), 0, encoding);
        }
    }

    private static void pack(
            Plan plan,
            TaskOutput out,
            SortedRuns.Reader order,
            int idColumn,
            String flow,
            Path directory,
            int shard,
            Encoding encoding)
            throws IOException {
        long[] record = order.next();
        if (record == null && flow.equals("validation")) {
            return;
        }
        try (OpenPartitions<Partition> partitions = new OpenPartitions<>(number -> open(plan, number));
                PackedTokensWriter writer = PackedTokensWriter.shard(
                        directory, shard, encoding, plan.recipe().hash())) {
            for (; record != null; record = order.next()) {
                long id = record[idColumn];
                Partition partition = partitions.get(DocumentStore.partitionOf(id));
                int row = DocumentStore.rowOf(id);
                String language = partition.documents.language(row);
                String source = plan.recipe()
                        .sources()
                        .get(partition.documents.source(row))
                        .name();
                int bytes = partition.documents.bytes(row);
                int[] ids = partition.tokens.ids(row);
                writer.add(partition.tokens.id(row), language, source, bytes, ids);
                out.tally().flow(flow, source, language, bytes, ids.length);
                out.progress(bytes);
            }
            writer.commit();
        }
    }

    private static Partition open(Plan plan, int number) throws IOException {
        return new Partition(
                plan.documents(number),
                new TokenFile(
                        plan.file(TokenStage.NAME, number, "tokens"), plan.file(TokenStage.NAME, number, "ends")));
    }

    private record Partition(DocumentStore documents, TokenFile tokens) implements OpenPartitions.Partition {
        @Override
        public void close() {
            documents.close();
            tokens.close();
        }
    }

    /** What the ids mean. */
    static Encoding encoding(Recipe recipe, Tokenizer tokenizer) {
        Mark bos = recipe.pack().bos() ? Mark.IF_KNOWN : Mark.ABSENT;
        Mark eos = recipe.pack().eos() ? Mark.IF_KNOWN : Mark.ABSENT;
        return Encoding.of(tokenizer, DocumentMarks.of(tokenizer, bos, eos));
    }

    private static Path directory(Plan plan, String set) {
        return plan.output().resolve("packed").resolve(set);
    }

    /** Makes datasets of the shards. */
    static void commit(Plan plan, Encoding encoding) throws IOException {
        List<PackedIndex.Shard> train = new ArrayList<>();
        for (int shard = 0; shard < plan.recipe().pack().shards(); shard++) {
            PackedTokens.findShard(
                            directory(plan, "train"),
                            shard,
                            encoding,
                            plan.recipe().hash())
                    .ifPresent(train::add);
        }
        PackedTokensWriter.commitIndex(directory(plan, "train"), encoding, train);
        for (String language : MixPlan.languages()) {
            Path directory = directory(plan, "validation-" + language);
            if (java.nio.file.Files.isDirectory(directory)) {
                List<PackedIndex.Shard> held =
                        PackedTokens.findShard(
                                        directory, 0, encoding, plan.recipe().hash())
                                .stream()
                                .toList();
                PackedTokensWriter.commitIndex(directory, encoding, held);
            }
        }
    }
}
