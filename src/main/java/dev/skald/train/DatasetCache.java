package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.tokenizer.PackedIndex.Encoding;
import dev.skald.tokenizer.PackedTokens;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Where the packed form of a dataset is: at its path when that is packed already, else in {@code dataset_prepared_path} under a name made of
 * all that the tokens depend on (files with size and time, tokenizer, settings), so that it is found again when nothing has changed.
 */
record DatasetCache(Path directory, Tokenizer tokenizer, Encoding encoding, int threads) {

    static DatasetCache of(TrainerConfig config, Tokenizer tokenizer) {
        int threads = config.datasetProcesses() == null
                ? Runtime.getRuntime().availableProcessors()
                : config.datasetProcesses();
        return new DatasetCache(
                Path.of(config.datasetPreparedPath()), tokenizer, encoding(tokenizer, config.addBosToken()), threads);
    }

    /** What surrounds each document: eos always, bos if asked for. */
    static Encoding encoding(Tokenizer tokenizer, Switch addBos) {
        if (tokenizer.eosId().isEmpty()) {
            throw new InvalidInputException(
                    "tokenizer_config.json: eos_token is missing, or not in the vocabulary; documents end with it");
        }
        boolean bos = switch (addBos) {
            case TRUE -> true;
            case FALSE -> false;
            case AUTO -> tokenizer.addsBos();
        };
        if (bos && tokenizer.bosId().isEmpty()) {
            throw new InvalidInputException(
                    "tokenizer_config.json: bos_token is missing, or not in the vocabulary, but add_bos_token asks for it");
        }
        return new Encoding(
                tokenizer.hash(),
                tokenizer.vocabSize(),
                bos ? tokenizer.bosId().getAsInt() : null,
                tokenizer.eosId().getAsInt());
    }

    Path directory(DatasetConfig dataset) throws IOException {
        Path path = Path.of(dataset.path());
        if (PackedTokens.isAt(path)) {
            return path;
        }
        DatasetPacker packer = packer(dataset);
        return directory.resolve(dataset.name() + "-" + packer.key().substring(0, 16));
    }

    void prepare(DatasetConfig dataset) throws IOException {
        Path packed = directory(dataset);
        if (!PackedTokens.isAt(packed)) {
            packer(dataset).pack(packed);
        }
    }

    private DatasetPacker packer(DatasetConfig dataset) throws IOException {
        return new DatasetPacker(dataset, tokenizer, encoding, threads);
    }
}
