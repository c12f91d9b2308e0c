package dev.skald.corpus;

import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

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
    public void run(int partition, TaskResources resources, TaskOutput out) throws IOException {
        Plan plan = resources.plan();
        try (DocumentStore documents = plan.documents(partition);
                RemovedDocuments exact = new RemovedDocuments(plan, Duplicates.EXACT, partition);
                RemovedDocuments fuzzy = new RemovedDocuments(plan, Duplicates.FUZZY, partition);
                Results results = new Results(plan, partition, out);
                Tokens tokens = new Tokens(resources, out)) {
            for (int row = 0; row < documents.rows(); row++) {
                DocumentStore.Stored stored = documents.read(row);
                String source =
                        plan.recipe().sources().get(stored.document().source()).name();
                long id = DocumentStore.idOf(partition, row);
                long equal = exact.survivorOf(id);
                long near = equal < 0 ? fuzzy.survivorOf(id) : -1;
                if (equal < 0) {
                    out.tally().flow(Flow.EXACT_DEDUP, source, stored.language(), stored.bytes(), 0);
                }
                if (equal < 0 && near < 0) {
                    results.keep(stored);
                    int count = tokens.add(stored.document());
                    out.tally().flow(Flow.KEPT, source, stored.language(), stored.bytes(), count);
                } else {
                    results.remove(stored, equal < 0 ? Duplicates.FUZZY : Duplicates.EXACT, Math.max(equal, near));
                    tokens.skip();
                }
                out.progress(stored.bytes());
            }
        }
    }

    /** The partition's part of kept/ and removed/. */
    private static final class Results implements AutoCloseable {

        private final ResultWriter kept;
        private final ResultWriter removed;
        private final OpenPartitions<DocumentStore> survivors;

        Results(Plan plan, int partition, TaskOutput out) throws IOException {
            String part = String.format(Locale.ROOT, "part-%05d", partition);
            kept = ResultWriter.open(plan.recipe(), name -> out.result("kept", part + name), false);
            removed =
                    ResultWriter.open(plan.recipe(), name -> out.result("removed", "duplicates-" + part + name), true);
            survivors = new OpenPartitions<>(plan::documents);
        }

        void keep(DocumentStore.Stored stored) throws IOException {
            kept.kept(stored);
        }

        void remove(DocumentStore.Stored stored, Duplicates kind, long survivor) throws IOException {
            String cluster = String.format(Locale.ROOT, "%s-%016x", kind.key(), survivor);
            DocumentStore partition = survivors.get(DocumentStore.partitionOf(survivor));
            removed.duplicate(stored, kind, cluster, partition.id(DocumentStore.rowOf(survivor)));
        }

        @Override
        public void close() throws IOException {
            try (kept;
                    removed;
                    survivors) {
                // closes them, whichever fails
            }
        }
    }

    /** The partition's token ids; none where the recipe has no tokenizer. */
    private static final class Tokens implements AutoCloseable {

        private final Optional<Tokenizer> tokenizer;
        private final TokenFile.Writer file;

        Tokens(TaskResources resources, TaskOutput out) throws IOException {
            tokenizer =
                    resources.recipe().tokenizer().isEmpty() ? Optional.empty() : Optional.of(resources.tokenizer());
            file = new TokenFile.Writer(out.file("tokens"), out.file("ends"));
        }

        /** Returns how many it is. */
        int add(Document document) throws IOException {
            int[] ids =
                    tokenizer.map(present -> present.encode(document.text())).orElseGet(() -> new int[0]);
            file.add(document.id(), ids);
            return ids.length;
        }

        void skip() throws IOException {
            file.skip();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
