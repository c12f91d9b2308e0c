package dev.skald.corpus;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;

/**
 * Reads one split, examines its documents, writes the dropped ones to removed/ and stores the others with what deduplication needs of them.
 */
record ReadStage() implements Stage {

    static final String NAME = "1-read";

    /** Content hash (two longs), rank, id. */
    static final int HASH_WIDTH = 4;

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
        Recipe recipe = plan.recipe();
        Split split = plan.splits().get(partition);
        Recipe.Source source = recipe.sources().get(split.source());
        String part = String.format(Locale.ROOT, "part-%05d", partition);
        try (Rejects rejects = new Rejects(
                        new BufferedOutputStream(Files.newOutputStream(out.result("rejected", part + ".jsonl"))));
                SplitReader reader = new SplitReader(split, source, recipe.read(), rejects);
                ResultWriter removed =
                        ResultWriter.open(recipe, name -> out.result("removed", "filters-" + part + name), true);
                DocumentStore.Writer store =
                        new DocumentStore.Writer(out.file("texts"), out.file("rows"), plan.bands());
                SortedRuns.Writer hashes = out.runs("hashes", HASH_WIDTH, SortedRuns.Receiver.HASH, plan.groups())) {
            new Task(partition, resources, out, store, hashes, removed).read(reader);
            out.tally().count("rejected", rejects.count());
            out.tally().reject(rejects.reasons());
        }
    }

    /** One task's way through its documents. */
    private static final class Task {

        private final int partition;
        private final Plan plan;
        private final Recipe recipe;
        private final TaskOutput out;
        private final Tally tally;
        private final DocumentStore.Writer store;
        private final SortedRuns.Writer hashes;
        private final ResultWriter removed;
        private final Examiner examiner;
        private final MinHash minHash;

        Task(
                int partition,
                TaskResources resources,
                TaskOutput out,
                DocumentStore.Writer store,
                SortedRuns.Writer hashes,
                ResultWriter removed)
                throws IOException {
            this.partition = partition;
            plan = resources.plan();
            recipe = plan.recipe();
            this.out = out;
            tally = out.tally();
            this.store = store;
            this.hashes = hashes;
            this.removed = removed;
            examiner = new Examiner(recipe, resources.wordLists(), resources.evaluation());
            minHash = plan.bands() > 0 ? new MinHash(recipe.fuzzyDedup(), recipe.seed()) : null;
        }

        void read(SplitReader reader) throws IOException {
            for (Document raw = reader.next(); raw != null; raw = reader.next()) {
                int read = utf8Length(raw.text());
                Examiner.Examined examined = examiner.examine(raw, tally);
                int bytes = utf8Length(examined.document().text());
                Recipe.Source source = recipe.sources().get(raw.source());
                tally.flow(Flow.READ, source.name(), examined.language(), read, 0);
                String declared = raw.declared();
                if (!declared.isEmpty()) {
                    tally.identified(declared, examined.language());
                }
                examined.values()
                        .forEach((rule, value) -> tally.value(rule.key(), examined.language(), value, rule.scale()));
                DocumentStore.Stored stored =
                        new DocumentStore.Stored(examined.document(), examined.language(), examined.score(), bytes);
                if (examined.failures().isEmpty()) {
                    keep(stored);
                    tally.flow(Flow.FILTERED, source.name(), examined.language(), bytes, 0);
                } else {
                    drop(stored, examined.failures());
                }
                out.progress(read);
            }
        }

        private void keep(DocumentStore.Stored stored) throws IOException {
            byte[] md5 = Hashes.md5(stored.document().text());
            ByteBuffer hash = ByteBuffer.wrap(md5);
            long rank = Rank.of(recipe, stored.document().source(), stored.bytes());
            long[] bands = minHash == null ? new long[0] : minHash.bandKeys(examiner.shape(), stored.language());
            int row = store.add(stored, hash, rank, bands);
            hashes.add(hash.getLong(0), hash.getLong(8), rank, DocumentStore.idOf(partition, row));
        }

        private void drop(DocumentStore.Stored stored, List<Examiner.Failure> failures) throws IOException {
            removed.filtered(stored, failures);
            Document document = stored.document();
            String name = recipe.sources().get(document.source()).name();
            int most = recipe.report().samples();
            String start = start(document.text(), recipe.report().sampleChars());
            for (Examiner.Failure failure : failures) {
                tally.dropped(failure.rule(), stored.language(), failures.size() == 1);
                // ids may be repeated in a source
                long order = Hashes.mix(recipe.seed(), Hashes.of(document.id() + failure.rule() + start));
                if (tally.wantsSample(failure.rule(), order, most)) {
                    tally.sample(
                            failure.rule(),
                            new Tally.Sample(order, document.id(), name, stored.language(), failure.value(), start),
                            most);
                }
            }
        }
    }

    static String start(String text, int characters) {
        return text.length() <= characters ? text : text.substring(0, characters) + "…";
    }

    static int utf8Length(String text) {
        int length = text.length();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                length += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
            }
        }
        return length;
    }
}
