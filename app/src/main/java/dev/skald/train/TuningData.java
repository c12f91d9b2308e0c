package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.dataset.PackedDocument;
import dev.skald.model.PackedRows;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.tune.Example;
import dev.skald.tune.ExampleCounts;
import dev.skald.tune.ExampleFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The examples that a run is tuned on: those of all data sets, the held-out ones left away, in the order of the seed. A sequence is one example, or
 * with {@code sample_packing} as many as fit, each attending to itself alone and with positions of its own; there is no padding.
 */
final class TuningData implements TrainingData {

    /** Micro-batches have a multiple of so many rows. */
    private static final int ROWS = 64;

    private final TrainerConfig config;
    private final List<Dataset> datasets;
    private final List<Stream> streams;
    private final List<ValidationSet> validation;
    private final DataOrder order;
    /** Examples of a preference are side by side, and one sequence. */
    private final int together;
    /** Whether all of a chosen text is predicted, for its likelihood. */
    private final boolean learnsPrompt;

    /** A data set and its examples. */
    private record Dataset(DatasetConfig config, ExampleFile file) {}

    /** One example of one data set. */
    private record Place(int dataset, int example) {}

    /**
     * What is seen equally often.
     *
     * @param places of all examples
     * @param sequences the examples of each sequence
     */
    private record Stream(List<Place> places, int[][] sequences) {}

    private TuningData(TrainerConfig config, List<Dataset> datasets, List<Dataset> tests, Tokenizer tokenizer) {
        this.config = config;
        this.datasets = datasets;
        List<Place> all = new ArrayList<>();
        this.together = config.preferences().isOn() ? 2 : 1;
        this.learnsPrompt = config.preferences().isOn()
                && PreferenceLoss.of(config.preferences()).learnsPrompt();
        for (int d = 0; d < datasets.size(); d++) {
            for (int e = 0; e < datasets.get(d).file().examples(); e += together) {
                all.add(new Place(d, e));
            }
        }
        List<Place> shuffled = shuffled(all);
        int heldOut = heldOut(all.size());
        List<Place> learned = shuffled.subList(0, all.size() - heldOut);
        Map<Portion, List<Place>> portions = new TreeMap<>();
        for (Place place : learned) {
            portions.computeIfAbsent(Portion.of(config.datasets(), place.dataset()), _ -> new ArrayList<>())
                    .add(place);
        }
        streams = portions.values().stream().map(this::stream).toList();
        long[] lengths =
                streams.stream().mapToLong(each -> each.sequences().length).toArray();
        order = new DataOrder(
                config.seed(), config.shuffleMergedDatasets(), lengths, Portion.visits(portions.keySet(), lengths));
        validation = validation(shuffled.subList(all.size() - heldOut, all.size()), tests, tokenizer);
    }

    private List<Place> shuffled(List<Place> all) {
        if (!config.shuffleMergedDatasets() || all.isEmpty()) {
            return all;
        }
        Permutation permutation = new Permutation(all.size(), config.seed(), Long.MAX_VALUE);
        return IntStream.range(0, all.size())
                .mapToObj(i -> all.get((int) permutation.of(i)))
                .toList();
    }

    private int heldOut(int examples) {
        double size = config.valSetSize();
        long count = size < 1 ? Math.round(examples * size) : (long) size;
        if (size > 0 && (count < 1 || count >= examples)) {
            throw new InvalidInputException("val_set_size " + Auto.number(size) + " holds " + count + " of " + examples
                    + " examples out; expected at least one, and one left to train on");
        }
        return (int) count;
    }

    private Stream stream(List<Place> places) {
        int[] lengths = places.stream().mapToInt(this::length).toArray();
        boolean packed = Boolean.TRUE.equals(config.samplePacking());
        return new Stream(
                places,
                packed
                        ? Bins.fill(lengths, config.sequenceLen())
                        : IntStream.range(0, lengths.length)
                                .mapToObj(i -> new int[] {i})
                                .toArray(int[][]::new));
    }

    private int length(Place place) {
        ExampleFile file = datasets.get(place.dataset()).file();
        int length = 0;
        for (int i = 0; i < together; i++) {
            length += file.length(place.example() + i);
        }
        return length;
    }

    private List<ValidationSet> validation(List<Place> heldOut, List<Dataset> tests, Tokenizer tokenizer) {
        Map<String, List<List<Example>>> byName = new TreeMap<>();
        for (Place place : heldOut) {
            Dataset dataset = datasets.get(place.dataset());
            byName.computeIfAbsent(dataset.config().name(), _ -> new ArrayList<>())
                    .add(examples(place));
        }
        for (Dataset test : tests) {
            for (int e = 0; e < test.file().examples(); e += together) {
                List<Example> group = new ArrayList<>();
                for (int i = 0; i < together; i++) {
                    group.add(test.file().get(e + i));
                }
                byName.computeIfAbsent(test.config().name(), _ -> new ArrayList<>())
                        .add(group);
            }
        }
        return byName.entrySet().stream()
                .map(each -> validation(each.getKey(), each.getValue(), tokenizer))
                .toList();
    }

    private ValidationSet validation(String name, List<List<Example>> groups, Tokenizer tokenizer) {
        int[] lengths = groups.stream()
                .mapToInt(group ->
                        group.stream().mapToInt(each -> each.ids().length).sum())
                .toArray();
        int[][] bins = Bins.fill(lengths, together * config.sequenceLen());
        long bytes = groups.stream()
                .flatMap(List::stream)
                .flatMapToInt(each -> Arrays.stream(each.labels()).skip(1))
                .filter(label -> label != Example.NOT_LEARNED)
                .mapToLong(label -> tokenizer.tokenBytes(label).length)
                .sum();
        return new ValidationSet(
                name,
                "",
                groups.size(),
                bytes,
                bins.length,
                bin -> PackedRows.joined(Arrays.stream(bins[bin])
                                .mapToObj(each -> rows(groups.get(each)))
                                .toList())
                        .paddedTo(ROWS));
    }

    /** Tokenises the data sets that are not in the cache. */
    static void prepare(TrainerConfig config, Tokenizer tokenizer) throws IOException {
        ExampleCache cache = new ExampleCache(config, tokenizer);
        for (DatasetConfig dataset : all(config)) {
            cache.prepare(dataset);
        }
    }

    static TuningData open(TrainerConfig config, Tokenizer tokenizer) throws IOException {
        ExampleCache cache = new ExampleCache(config, tokenizer);
        List<Dataset> all = new ArrayList<>();
        for (DatasetConfig dataset : all(config)) {
            ExampleFile file = cache.open(dataset);
            if (file.examples() == 0) {
                throw new InvalidInputException("datasets: " + dataset.path() + ": no example is left: "
                        + file.counts().describe());
            }
            all.add(new Dataset(dataset, file));
        }
        int training = config.datasets().size();
        return new TuningData(config, all.subList(0, training), all.subList(training, all.size()), tokenizer);
    }

    private static List<DatasetConfig> all(TrainerConfig config) {
        List<DatasetConfig> all = new ArrayList<>(config.datasets());
        all.addAll(config.testDatasets());
        return all;
    }

    @Override
    public TrainerConfig config() {
        return config;
    }

    /** What became of the rows of each data set, by name. */
    Map<String, ExampleCounts> counts() {
        Map<String, ExampleCounts> counts = new LinkedHashMap<>();
        datasets.forEach(each -> counts.put(each.config().name(), each.file().counts()));
        return counts;
    }

    /** One of the examples, the first in the order of the run. */
    Optional<Example> first() {
        return order.epochLength() == 0
                ? Optional.empty()
                : Optional.of(example(places(order.sample(0)).getFirst()));
    }

    private Example example(Place place) {
        return datasets.get(place.dataset()).file().get(place.example());
    }

    private List<Example> examples(Place place) {
        ExampleFile file = datasets.get(place.dataset()).file();
        return IntStream.range(0, together)
                .mapToObj(i -> file.get(place.example() + i))
                .toList();
    }

    /** The rows of examples that belong together. */
    private PackedRows rows(List<Example> examples) {
        List<PackedRows> rows = new ArrayList<>();
        for (Example example : examples) {
            boolean whole = rows.isEmpty() && learnsPrompt;
            rows.add(rows(whole ? new Example(example.ids(), example.ids()) : example));
        }
        return PackedRows.joined(rows);
    }

    /** How examples fill sequences, in words. */
    String packing(Timetable timetable) {
        long examples = streams.stream().mapToLong(each -> each.places().size()).sum();
        long sequences =
                streams.stream().mapToLong(each -> each.sequences().length).sum();
        return String.format(
                Locale.ROOT,
                "%,d examples in %,d sequences of at most %d tokens, %.1f %% full; %,d steps in an epoch, %,d in the run",
                examples,
                sequences,
                config.sequenceLen(),
                100.0 * tokens() / Math.max(1, sequences * config.sequenceLen()),
                timetable.stepsPerEpoch(),
                timetable.totalSteps());
    }

    @Override
    public long sequences() {
        return order.epochLength();
    }

    @Override
    public long tokens() {
        return streams.stream()
                .flatMap(stream -> stream.places().stream())
                .mapToLong(this::length)
                .sum();
    }

    @Override
    public List<ValidationSet> validation() {
        return validation;
    }

    @Override
    public PackedRows rows(long update, int microStep, int rank, int worldSize) {
        long place = place(update, microStep, rank, worldSize);
        List<PackedRows> parts = new ArrayList<>();
        for (int i = 0; i < config.microBatchSize(); i++) {
            for (Place each : places(order.sample(place + i))) {
                parts.add(rows(examples(each)));
            }
        }
        return PackedRows.joined(parts).paddedTo(ROWS);
    }

    private List<Place> places(DataOrder.Sample sample) {
        Stream stream = streams.get(sample.stream());
        return Arrays.stream(stream.sequences()[(int) sample.sequence()])
                .mapToObj(stream.places()::get)
                .toList();
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

    @Override
    public List<Seen> seen(long update, int worldSize) {
        List<Seen> seen = new ArrayList<>();
        for (int microStep = 0; microStep < config.gradientAccumulationSteps(); microStep++) {
            for (int rank = 0; rank < worldSize; rank++) {
                long place = place(update, microStep, rank, worldSize);
                for (int i = 0; i < config.microBatchSize(); i++) {
                    for (Place each : places(order.sample(place + i))) {
                        seen.add(new Seen(microStep, rank, i, document(each), 0, length(each)));
                    }
                }
            }
        }
        return seen;
    }

    private PackedDocument document(Place place) {
        Dataset dataset = datasets.get(place.dataset());
        return new PackedDocument(
                "example " + (place.example() + 1), "", dataset.config().name(), length(place), 0);
    }
}
