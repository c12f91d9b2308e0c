package dev.skald.corpus;

import dev.skald.dataset.PackedIndex;
import dev.skald.dataset.PackedIndex.Encoding;
import dev.skald.dataset.PackedTokens;
import dev.skald.dataset.PackedTokensWriter;
import dev.skald.tokenizer.DocumentMarks;
import dev.skald.tokenizer.DocumentMarks.Mark;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The packed datasets of a run: the training set, of several shards, and for each language one of held-out documents, of one shard.
 *
 * @param encoding what the ids mean
 */
record PackedSets(Plan plan, Encoding encoding) {

    /** As the recipe asks for them: begin and end of a document are marked where the tokenizer has the tokens. */
    static PackedSets of(Plan plan, Tokenizer tokenizer) {
        Recipe.Pack pack = plan.recipe().pack();
        DocumentMarks marks = DocumentMarks.of(
                tokenizer, pack.bos() ? Mark.IF_KNOWN : Mark.ABSENT, pack.eos() ? Mark.IF_KNOWN : Mark.ABSENT);
        return new PackedSets(plan, Encoding.of(tokenizer, marks));
    }

    /** A writer of a shard of the training set. */
    PackedTokensWriter train(int shard) throws IOException {
        return writer(directory("train"), shard);
    }

    /** A writer of a language's held-out documents. */
    PackedTokensWriter validation(String language) throws IOException {
        return writer(validationDirectory(language), 0);
    }

    private PackedTokensWriter writer(Path directory, int shard) throws IOException {
        return PackedTokensWriter.shard(
                directory, shard, encoding, plan.recipe().hash());
    }

    /** Makes datasets of the shards. */
    void commit() throws IOException {
        commit(directory("train"), plan.recipe().pack().shards());
        for (String language : MixPlan.languages()) {
            Path directory = validationDirectory(language);
            if (Files.isDirectory(directory)) {
                commit(directory, 1);
            }
        }
    }

    private void commit(Path directory, int shards) throws IOException {
        List<PackedIndex.Shard> found = new ArrayList<>();
        for (int shard = 0; shard < shards; shard++) {
            PackedTokens.findShard(directory, shard, encoding, plan.recipe().hash())
                    .ifPresent(found::add);
        }
        PackedTokensWriter.commitIndex(directory, encoding, found);
    }

    private Path validationDirectory(String language) {
        return directory("validation-" + language);
    }

    private Path directory(String set) {
        return plan.output().resolve("packed").resolve(set);
    }
}
