package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.base.Permutation;
import dev.skald.dataset.PackedDocument;
import dev.skald.dataset.PackedTokens;
import dev.skald.dataset.TokenStream.Documents;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Which documents of the datasets are held out of training, by {@code val_set_size}: chosen by the seed alone. */
final class HeldOut {

    private static final int MOST = 1 << 26;

    private final List<PackedTokens> datasets;
    private final long[] numbers;

    /**
     * @param size below 1 the fraction of all documents, else how many
     */
    HeldOut(List<PackedTokens> datasets, double size, long seed) {
        this.datasets = datasets;
        long documents = datasets.stream().mapToLong(PackedTokens::documents).sum();
        long count = size < 1 ? Math.round(documents * size) : (long) size;
        if (size > 0 && (count < 1 || count >= documents || count > MOST)) {
            throw new InvalidInputException("val_set_size " + Auto.number(size) + " holds " + count + " of " + documents
                    + " documents out; expected at least one, at most " + MOST + ", and one left to train on");
        }
        numbers = new long[(int) count];
        Permutation permutation = new Permutation(Math.max(1, documents), seed, Long.MAX_VALUE);
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = permutation.of(i);
        }
        Arrays.sort(numbers);
    }

    /** What is left of a dataset to train on. */
    List<Documents> kept(PackedTokens dataset) {
        List<Documents> kept = new ArrayList<>();
        long from = 0;
        for (long document : of(dataset)) {
            if (document > from) {
                kept.add(new Documents(dataset, from, document));
            }
            from = document + 1;
        }
        if (from < dataset.documents()) {
            kept.add(new Documents(dataset, from, dataset.documents()));
        }
        return kept;
    }

    /** What is held out, by dataset and language. */
    Map<Group, List<Documents>> groups() {
        Map<Group, List<Documents>> groups = new TreeMap<>();
        for (PackedTokens dataset : datasets) {
            for (long document : of(dataset)) {
                Group.add(groups, dataset, document);
            }
        }
        return groups;
    }

    private long[] of(PackedTokens dataset) {
        long first = 0;
        for (PackedTokens before : datasets.subList(0, datasets.indexOf(dataset))) {
            first += before.documents();
        }
        long from = first;
        long to = first + dataset.documents();
        return Arrays.stream(numbers)
                .filter(number -> number >= from && number < to)
                .map(number -> number - from)
                .toArray();
    }

    /** What validation reports as one figure. */
    record Group(String dataset, String language) implements Comparable<Group> {

        @Override
        public int compareTo(Group other) {
            int byDataset = dataset.compareTo(other.dataset);
            return byDataset != 0 ? byDataset : language.compareTo(other.language);
        }

        static void add(Map<Group, List<Documents>> groups, PackedTokens dataset, long number) {
            PackedDocument document = dataset.document(number);
            groups.computeIfAbsent(new Group(document.dataset(), document.language()), group -> new ArrayList<>())
                    .add(new Documents(dataset, number, number + 1));
        }
    }
}
