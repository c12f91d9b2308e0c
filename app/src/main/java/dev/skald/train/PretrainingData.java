package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.dataset.PackedIndex.Encoding;
import dev.skald.dataset.PackedTokens;
import dev.skald.dataset.TokenStream;
import dev.skald.dataset.TokenStream.Documents;
import dev.skald.model.PackedRows;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The sequences of continued pretraining: the datasets of the configuration as one stream of tokens (one for each weight, when weights differ), cut
 * into sequences, in the order that the seed gives. Immutable and thread-safe; files are memory-mapped.
 */
final class PretrainingData implements TrainingData {

    private final TrainerConfig config;
    private final List<TokenStream> streams;
    private final List<ValidationSet> validation;
    private final DataOrder order;

    private PretrainingData(TrainerConfig config, List<PackedTokens> datasets, List<PackedTokens> tests) {
        this.config = config;
        HeldOut heldOut = new HeldOut(datasets, config.valSetSize(), config.seed());
        Map<Portion, List<Documents>> portions = new TreeMap<>();
        for (int i = 0; i < datasets.size(); i++) {
            portions.computeIfAbsent(Portion.of(config.datasets(), i), _ -> new ArrayList<>())
                    .addAll(heldOut.kept(datasets.get(i)));
        }
        streams = portions.values().stream().map(this::stream).toList();
        long[] lengths = streams.stream().mapToLong(TokenStream::sequences).toArray();
        order = new DataOrder(
                config.seed(), config.shuffleMergedDatasets(), lengths, Portion.visits(portions.keySet(), lengths));

        Map<HeldOut.Group, List<Documents>> groups = heldOut.groups();
        for (PackedTokens test : tests) {
            for (long document = 0; document < test.documents(); document++) {
                HeldOut.Group.add(groups, test, document);
            }
        }
        validation = groups.entrySet().stream()
                .map(group -> ValidationSet.of(group.getKey(), group.getValue(), config))
                .toList();
    }

    private TokenStream stream(List<Documents> documents) {
        return new TokenStream(documents, config.sequenceLen(), config.pretrainMultipackAttn());
    }

    /**
     * Tokenises what is raw text and not yet in the cache ({@code dataset_prepared_path}). One process of a run does this, before the others
     * open the data.
     */
    static void prepare(TrainerConfig config, Tokenizer tokenizer) throws IOException {
        for (DatasetConfig dataset : all(config)) {
            DatasetCache.of(config, tokenizer).prepare(dataset);
        }
    }

    /**
     * Opens the data of a run; it has to be prepared.
     *
     * @throws InvalidInputException if a dataset is missing, empty or of another tokenizer
     */
    static PretrainingData open(TrainerConfig config, Tokenizer tokenizer) throws IOException {
        DatasetCache cache = DatasetCache.of(config, tokenizer);
        List<PackedTokens> datasets = new ArrayList<>();
        for (DatasetConfig dataset : all(config)) {
            PackedTokens packed = PackedTokens.open(cache.directory(dataset));
            Encoding encoding = packed.index().encoding();
            if (!encoding.tokenizerSha256().equals(tokenizer.hash())) {
                throw new InvalidInputException(
                        "datasets: " + dataset.path() + ": packed with another tokenizer: found SHA-256 "
                                + encoding.tokenizerSha256() + ", expected " + tokenizer.hash());
            }
            if (packed.tokens() == 0) {
                throw new InvalidInputException("datasets: " + dataset.path() + ": found no text");
            }
            datasets.add(packed);
        }
        int training = config.datasets().size();
        return new PretrainingData(config, datasets.subList(0, training), datasets.subList(training, datasets.size()));
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

    @Override
    public long sequences() {
        return order.epochLength();
    }

    @Override
    public long tokens() {
        return streams.stream().mapToLong(TokenStream::tokens).sum();
    }

    @Override
    public List<ValidationSet> validation() {
        return validation;
    }

    @Override
    public PackedRows rows(long update, int microStep, int rank, int worldSize) {
        List<PackedRows> parts = new ArrayList<>();
        for (int i = 0; i < config.microBatchSize(); i++) {
            DataOrder.Sample sample = order.sample(place(update, microStep, rank, worldSize) + i);
            parts.add(streams.get(sample.stream()).rows(sample.sequence()));
        }
        return PackedRows.joined(parts);
    }

    @Override
    public List<Seen> seen(long update, int worldSize) {
        List<Seen> seen = new ArrayList<>();
        for (int microStep = 0; microStep < config.gradientAccumulationSteps(); microStep++) {
            for (int rank = 0; rank < worldSize; rank++) {
                for (int i = 0; i < config.microBatchSize(); i++) {
                    DataOrder.Sample sample = order.sample(place(update, microStep, rank, worldSize) + i);
                    for (TokenStream.Part part : streams.get(sample.stream()).parts(sample.sequence())) {
                        seen.add(new Seen(microStep, rank, i, part.document(), part.from(), part.to()));
                    }
                }
            }
        }
        return seen;
    }
}
