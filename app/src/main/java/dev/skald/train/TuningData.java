package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.base.Permutation;
import dev.skald.model.PackedRows;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.train.Examples.Place;
import dev.skald.tune.Example;
import dev.skald.tune.ExampleCounts;
import dev.skald.tune.ExampleFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
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

    private final TrainerConfig config;
    private final Examples examples;
    private final Tokenizer tokenizer;
    private final List<Stream> streams;
    private final List<ValidationSet> validation;
    private final DataOrder order;

    /**
     * What is seen equally often.
     *
     * @param places of all groups
     * @param sequences the groups of each sequence
     */
    private record Stream(List<Place> places, int[][] sequences) {}

    private TuningData(TrainerConfig config, Examples examples, Tokenizer tokenizer) {
        this.config = config;
        this.examples = examples;
        this.tokenizer = tokenizer;
        int training = config.datasets().size();
        List<Place> all = examples.places(0, training);
        List<Place> shuffled = shuffled(all);
        int heldOut = heldOut(all.size());
        List<Place> learned = shuffled.subList(0, all.size() - heldOut);
        Map<Double, List<Place>> byWeight = new TreeMap<>();
        for (Place place : learned) {
            byWeight.computeIfAbsent(examples.dataset(place).weight(), _ -> new ArrayList<>())
                    .add(place);
        }
        streams = byWeight.values().stream().map(this::stream).toList();
        order = new DataOrder(
                config.seed(),
                config.shuffleMergedDatasets(),
                streams.stream().mapToLong(each -> each.sequences().length).toArray(),
                byWeight.keySet().stream().mapToDouble(weight -> weight).toArray());
        List<Place> tested = new ArrayList<>(shuffled.subList(all.size() - heldOut, all.size()));
        tested.addAll(examples.places(training, examples.datasets().size()));
        validation = validation(tested);
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
        int[] lengths = places.stream().mapToInt(examples::length).toArray();
        boolean packed = Boolean.TRUE.equals(config.samplePacking());
        return new Stream(
                places,
                packed
                        ? Bins.fill(lengths, config.sequenceLen())
                        : IntStream.range(0, lengths.length)
                                .mapToObj(i -> new int[] {i})
                                .toArray(int[][]::new));
    }

    private List<ValidationSet> validation(List<Place> tested) {
        Map<String, List<Place>> byName = new TreeMap<>();
        for (Place place : tested) {
            byName.computeIfAbsent(examples.dataset(place).name(), _ -> new ArrayList<>())
                    .add(place);
        }
        return byName.entrySet().stream()
                .map(each -> validation(each.getKey(), each.getValue()))
                .toList();
    }

    private ValidationSet validation(String name, List<Place> places) {
        int[] lengths = places.stream().mapToInt(examples::length).toArray();
        int most = (config.preferences().hasPairs() ? 2 : 1) * config.sequenceLen();
        int[][] bins = Bins.fill(lengths, most);
        long bytes = examples.learned(places)
                .mapToLong(label -> tokenizer.tokenBytes(label).length)
                .sum();
        return new ValidationSet(name, "", places.size(), bytes, bins.length, bin -> {
            List<Place> batch = Arrays.stream(bins[bin]).mapToObj(places::get).toList();
            boolean mismatched = config.preferences().isKto() && batch.size() > 1;
            return examples.batch(batch, mismatched ? Examples.rotated(batch) : List.of());
        });
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
        List<Examples.Dataset> all = new ArrayList<>();
        for (DatasetConfig dataset : all(config)) {
            ExampleFile file = cache.open(dataset);
            if (file.examples() == 0) {
                throw new InvalidInputException("datasets: " + dataset.path() + ": no example is left: "
                        + file.counts().describe());
            }
            all.add(new Examples.Dataset(dataset, file, new double[0]));
        }
        return new TuningData(config, new Examples(config, all), tokenizer);
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

    Examples examples() {
        return examples;
    }

    /** The same, with what the reference gives to the examples of each data set, those for testing last. */
    TuningData with(List<double[]> references) {
        return new TuningData(config, examples.with(references), tokenizer);
    }

    /** What became of the rows of each data set, by name. */
    Map<String, ExampleCounts> counts() {
        return examples.counts(config.datasets().size());
    }

    /** How many examples are wanted, and how many are not. */
    long[] wanted() {
        return examples.wanted(config.datasets().size());
    }

    /** One of the examples, the first in the order of the run. */
    Optional<Example> first() {
        return order.epochLength() == 0
                ? Optional.empty()
                : Optional.of(examples.of(places(order.sample(0)).getFirst()).getFirst());
    }

    /** How examples fill sequences, in words. */
    String packing(Timetable timetable) {
        long count = streams.stream().mapToLong(each -> each.places().size()).sum();
        long sequences =
                streams.stream().mapToLong(each -> each.sequences().length).sum();
        return String.format(
                Locale.ROOT,
                "%,d examples in %,d sequences of at most %d tokens, %.1f %% full; %,d steps in an epoch, %,d in the run",
                count,
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
                .mapToLong(examples::length)
                .sum();
    }

    @Override
    public List<ValidationSet> validation() {
        return validation;
    }

    @Override
    public PackedRows rows(long update, int microStep, int rank, int worldSize) {
        return microBatch(update, microStep, rank, worldSize).rows();
    }

    /** With KTO the answer behind a prompt that it does not belong to is that of the sequence before it in the update, of the last behind the first. */
    @Override
    public MicroBatch microBatch(long update, int microStep, int rank, int worldSize) {
        long place = place(update, microStep, rank, worldSize);
        long ofUpdate = config.globalBatch(worldSize);
        long first = update * ofUpdate;
        List<Place> places = new ArrayList<>();
        List<Place> others = new ArrayList<>();
        for (long each = place; each < place + config.microBatchSize(); each++) {
            places.addAll(places(order.sample(each)));
            if (config.preferences().isKto()) {
                others.addAll(places(order.sample(first + Math.floorMod(each - first - 1, ofUpdate))));
            }
        }
        return examples.batch(places, others);
    }

    private List<Place> places(DataOrder.Sample sample) {
        Stream stream = streams.get(sample.stream());
        return Arrays.stream(stream.sequences()[(int) sample.sequence()])
                .mapToObj(stream.places()::get)
                .toList();
    }

    @Override
    public List<Seen> seen(long update, int worldSize) {
        List<Seen> seen = new ArrayList<>();
        for (int microStep = 0; microStep < config.gradientAccumulationSteps(); microStep++) {
            for (int rank = 0; rank < worldSize; rank++) {
                long place = place(update, microStep, rank, worldSize);
                for (int i = 0; i < config.microBatchSize(); i++) {
                    for (Place each : places(order.sample(place + i))) {
                        seen.add(new Seen(microStep, rank, i, examples.document(each), 0, examples.length(each)));
                    }
                }
            }
        }
        return seen;
    }
}
