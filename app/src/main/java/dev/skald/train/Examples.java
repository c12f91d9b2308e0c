package dev.skald.train;

import dev.skald.dataset.PackedDocument;
import dev.skald.model.PackedRows;
import dev.skald.tune.Example;
import dev.skald.tune.ExampleCounts;
import dev.skald.tune.ExampleFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The examples of a run's data sets, and how they become rows. A group is what belongs together: one example, or the two of a preference. */
final class Examples {

    /** Micro-batches have a multiple of so many rows. */
    private static final int ROWS = 64;

    private final PreferenceConfig preferences;
    private final int sequenceLen;
    private final List<Dataset> datasets;
    /** Whether all of a chosen text is predicted, for its likelihood. */
    private final boolean learnsPrompt;

    /**
     * A data set and its examples.
     *
     * @param references what the reference gives to each example; empty where it is not known
     */
    @SuppressWarnings("ArrayRecordComponent") // as long as the data, and read only
    record Dataset(DatasetConfig config, ExampleFile file, double[] references) {}

    /** A group of a data set, by its first example. */
    record Place(int dataset, int example) {}

    Examples(TrainerConfig config, List<Dataset> datasets) {
        this(config.preferences(), config.sequenceLen(), datasets);
    }

    private Examples(PreferenceConfig preferences, int sequenceLen, List<Dataset> datasets) {
        this.preferences = preferences;
        this.sequenceLen = sequenceLen;
        this.datasets = List.copyOf(datasets);
        this.learnsPrompt =
                preferences.hasPairs() && PreferenceLoss.of(preferences).learnsPrompt();
    }

    /** The same, with what the reference gives to the examples of each data set. */
    Examples with(List<double[]> references) {
        List<Dataset> all = IntStream.range(0, datasets.size())
                .mapToObj(d ->
                        new Dataset(datasets.get(d).config(), datasets.get(d).file(), references.get(d)))
                .toList();
        return new Examples(preferences, sequenceLen, all);
    }

    List<Dataset> datasets() {
        return datasets;
    }

    DatasetConfig dataset(Place place) {
        return datasets.get(place.dataset()).config();
    }

    private int together() {
        return preferences.hasPairs() ? 2 : 1;
    }

    /** The groups of the data sets {@code from <= d < to}, in order. */
    List<Place> places(int from, int to) {
        List<Place> all = new ArrayList<>();
        for (int d = from; d < to; d++) {
            for (int e = 0; e < datasets.get(d).file().examples(); e += together()) {
                all.add(new Place(d, e));
            }
        }
        return all;
    }

    /** How many tokens a group has. */
    int length(Place place) {
        ExampleFile file = datasets.get(place.dataset()).file();
        return IntStream.range(0, together())
                .map(i -> file.length(place.example() + i))
                .sum();
    }

    /** The examples of a group. */
    List<Example> of(Place place) {
        ExampleFile file = datasets.get(place.dataset()).file();
        return IntStream.range(0, together())
                .mapToObj(i -> file.get(place.example() + i))
                .toList();
    }

    /** What became of the rows of the data sets up to one, by name. */
    Map<String, ExampleCounts> counts(int to) {
        Map<String, ExampleCounts> counts = new LinkedHashMap<>();
        datasets.subList(0, to)
                .forEach(each -> counts.put(each.config().name(), each.file().counts()));
        return counts;
    }

    /** Of the data sets up to one: the examples that are wanted, and those that are not. */
    long[] wanted(int to) {
        long[] counts = new long[2];
        for (Dataset dataset : datasets.subList(0, to)) {
            for (int e = 0; e < dataset.file().examples(); e++) {
                counts[dataset.file().wanted(e) ? 0 : 1]++;
            }
        }
        return counts;
    }

    /**
     * Groups as one micro-batch.
     *
     * @param others for KTO as many groups: the one whose answer is put behind each group's prompt; empty elsewhere
     */
    MicroBatch batch(List<Place> places, List<Place> others) {
        List<PackedRows> parts = new ArrayList<>();
        for (Place place : places) {
            List<Example> group = of(place);
            for (int i = 0; i < group.size(); i++) {
                Example example = group.get(i);
                parts.add(rows(
                        i == 0 && learnsPrompt
                                ? new Example(example.ids(), example.ids(), example.wanted())
                                : example));
            }
        }
        return new MicroBatch(
                PackedRows.joined(parts).paddedTo(ROWS),
                mismatched(places, others),
                wanted(places),
                references(places));
    }

    private Optional<PackedRows> mismatched(List<Place> places, List<Place> others) {
        if (others.isEmpty()) {
            return Optional.empty();
        }
        List<PackedRows> parts = new ArrayList<>();
        for (int i = 0; i < places.size(); i++) {
            Example mismatched =
                    of(places.get(i)).getFirst().answeredBy(of(others.get(i)).getFirst());
            parts.add(rows(mismatched.upTo(sequenceLen)));
        }
        return Optional.of(PackedRows.joined(parts).paddedTo(ROWS));
    }

    private boolean[] wanted(List<Place> places) {
        boolean[] wanted = new boolean[preferences.isKto() ? places.size() : 0];
        for (int i = 0; i < wanted.length; i++) {
            wanted[i] = datasets.get(places.get(i).dataset())
                    .file()
                    .wanted(places.get(i).example());
        }
        return wanted;
    }

    private double[] references(List<Place> places) {
        return places.stream()
                .flatMapToDouble(place -> {
                    double[] all = datasets.get(place.dataset()).references();
                    return all.length == 0
                            ? Arrays.stream(all)
                            : Arrays.stream(all, place.example(), place.example() + together());
                })
                .toArray();
    }

    /** The rows up to the one that predicts the last label: nothing depends on those after it. */
    static PackedRows rows(Example example) {
        int[] labels = example.labels();
        int rows = labels.length - 1;
        while (rows > 1 && labels[rows] == Example.NOT_LEARNED) {
            rows--;
        }
        int[] targets = new int[rows];
        for (int i = 0; i < rows; i++) {
            targets[i] = labels[i + 1] == Example.NOT_LEARNED ? PackedRows.NOT_PREDICTED : labels[i + 1];
        }
        return new PackedRows(
                Arrays.copyOf(example.ids(), rows),
                targets,
                IntStream.range(0, rows).toArray(),
                new int[] {0});
    }

    /** For messages. */
    PackedDocument document(Place place) {
        return new PackedDocument(
                "example " + (place.example() + 1), "", dataset(place).name(), length(place), 0);
    }

    /** The labels of groups that are learned. */
    IntStream learned(List<Place> places) {
        return places.stream()
                .flatMap(place -> of(place).stream())
                .flatMapToInt(each -> Arrays.stream(each.labels()).skip(1))
                .filter(label -> label != Example.NOT_LEARNED);
    }

    /** Each of places with the one before it, the first with the last: TRL's rule of the mismatched pairs of a batch. */
    static List<Place> rotated(List<Place> places) {
        return Stream.concat(Stream.of(places.getLast()), places.stream().limit(places.size() - 1))
                .toList();
    }
}
