package dev.skald.train;

import dev.skald.dataset.PackedIndex.Encoding;
import dev.skald.dataset.PackedTokens;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Where the packed form of a dataset is: at its path when that is packed already, else in {@code dataset_prepared_path} under a name made of
 * all that the tokens depend on (files with size, time and a sample of their content, tokenizer, settings), so that it is found again when nothing has changed.
 */
record DatasetCache(Path directory, Path outputDir, Tokenizer tokenizer, Encoding encoding, int threads) {

    static DatasetCache of(TrainerConfig config, Tokenizer tokenizer) {
        int threads = config.datasetProcesses() == null
                ? Runtime.getRuntime().availableProcessors()
                : config.datasetProcesses();
        return new DatasetCache(
                Path.of(config.datasetPreparedPath()),
                Path.of(config.outputDir()),
                tokenizer,
                DatasetPacker.encoding(tokenizer, config.addBosToken()),
                threads);
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
        return new DatasetPacker(List.of(dataset), List.of(directory, outputDir), tokenizer, encoding, threads);
    }
}
