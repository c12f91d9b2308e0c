package dev.skald.corpus;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a run is made of: the recipe, the splits that its input is cut into, and where things lie. Everything in it follows from the recipe
 * and the input files; the number of cores or machines is not in it.
 *
 * @param recipe resolved
 * @param splits one for each task of the first stage, and for each partition of documents
 * @param groups partitions of the stages that group documents by a hash
 */
record Plan(Recipe recipe, List<Split> splits, int groups) implements Serializable {

    private static final long BYTES_PER_GROUP = 32L << 20;

    static Plan of(Recipe recipe, List<Split> splits) {
        long bytes = splits.stream().mapToLong(Split::bytes).sum();
        return new Plan(recipe, List.copyOf(splits), Math.clamp(bytes / BYTES_PER_GROUP + 1, 2, 1 << 14));
    }

    Path output() {
        return Path.of(recipe.output()).toAbsolutePath().normalize();
    }

    Path work() {
        return output().resolve("work");
    }

    Path directory(Stage stage) {
        return work().resolve(stage.name());
    }

    /** A file of a stage's partition. */
    Path file(String stage, int partition, String kind) {
        return work().resolve(stage).resolve(String.format(java.util.Locale.ROOT, "part-%05d.%s", partition, kind));
    }

    /** The files of this kind of all partitions of a stage. */
    List<Path> files(String stage, int partitions, String kind) {
        return IntStream.range(0, partitions)
                .mapToObj(partition -> file(stage, partition, kind))
                .toList();
    }

    int partitions() {
        return splits.size();
    }

    /** Band keys that a document is stored with. */
    int bands() {
        return recipe.fuzzyDedup().enabled() ? recipe.fuzzyDedup().bands() : 0;
    }

    DocumentStore documents(int partition) throws java.io.IOException {
        return new DocumentStore(
                file(ReadStage.NAME, partition, "texts"), file(ReadStage.NAME, partition, "rows"), bands());
    }
}
