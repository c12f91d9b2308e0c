package dev.skald.corpus;

import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Writes the documents that deduplication removed to removed/ and the others to kept/, and turns those into token ids. */
record TokenStage() implements Stage {

    static final String NAME = "7-tokens";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int partitions(Plan plan) {
        return plan.partitions();
    }

    @Override
    public long weight(Plan plan, int partition) {
        return plan.splits().get(partition).bytes();
    }

    @Override
    public void run(int partition, Workshop workshop, TaskOutput out) throws IOException {
        Plan plan = workshop.plan();
        Recipe recipe = plan.recipe();
        String part = String.format(Locale.ROOT, "part-%05d", partition);
        Tokenizer tokenizer = recipe.tokenizer().isEmpty() ? null : workshop.tokenizer();
        try (DocumentStore documents = plan.documents(partition);
                SortedRuns.Reader exact = Survivors.reader(plan, ExactStage.NAME, partition);
                SortedRuns.Reader fuzzy = Survivors.reader(plan, SurvivorStage.NAME, partition);
                ResultWriter kept = ResultWriter.open(recipe, name -> out.result("kept", part + name), false);
                ResultWriter removed =
                        ResultWriter.open(recipe, name -> out.result("removed", "duplicates-" + part + name), true);
                TokenFile.Writer tokens = new TokenFile.Writer(out.file("tokens"), out.file("ends"));
                OpenPartitions<DocumentStore> survivors = new OpenPartitions<>(plan::documents)) {
            long[] nextExact = exact.next();
            long[] nextFuzzy = fuzzy.next();
            for (int row = 0; row < documents.rows(); row++) {
                DocumentStore.Stored stored = documents.read(row);
                String source = recipe.sources().get(stored.document().source()).name();
                long id = DocumentStore.idOf(partition, row);
                if (nextExact != null && nextExact[0] == id) {
                    remove(survivors, removed, stored, "exact_dedup", nextExact[1]);
                    nextExact = exact.next();
                    tokens.skip();
                } else {
                    out.tally().flow("exact_dedup", source, stored.language(), stored.bytes(), 0);
                    if (nextFuzzy != null && nextFuzzy[0] == id) {
                        remove(survivors, removed, stored, "fuzzy_dedup", nextFuzzy[1]);
                        nextFuzzy = fuzzy.next();
                        tokens.skip();
                    } else {
                        kept.kept(stored);
                        int[] ids = tokenizer == null
                                ? new int[0]
                                : tokenizer.encode(stored.document().text());
                        tokens.add(stored.document().id(), ids);
                        out.tally().flow("fuzzy_dedup", source, stored.language(), stored.bytes(), ids.length);
                    }
                }
                out.progress(stored.bytes());
            }
        }
    }

    private static void remove(
            OpenPartitions<DocumentStore> survivors,
            ResultWriter removed,
            DocumentStore.Stored stored,
            String stage,
            long survivor)
            throws IOException {
        String cluster = String.format(Locale.ROOT, "%s-%016x", stage, survivor);
        String kept = survivors.get(DocumentStore.partitionOf(survivor)).id(DocumentStore.rowOf(survivor));
        removed.removed(stored, stage, List.of(), cluster, kept);
    }
}
