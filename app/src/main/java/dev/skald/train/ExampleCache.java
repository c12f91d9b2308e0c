package dev.skald.train;

import dev.skald.base.AtomicFiles;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.tune.ExampleFile;
import dev.skald.tune.ExampleReader;
import dev.skald.tune.ExampleSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;

/**
 * Where the examples of a data set are: in {@code dataset_prepared_path} under a name made of all that they depend on (files with size, time and a
 * sample of their content, tokenizer, templates, settings), so that they are found again when nothing has changed.
 */
final class ExampleCache {

    /** Raised whenever the same rows become other examples. */
    private static final int VERSION = 2;

    private final TrainerConfig config;
    private final Tokenizer tokenizer;

    ExampleCache(TrainerConfig config, Tokenizer tokenizer) {
        this.config = config;
        this.tokenizer = tokenizer;
    }

    ExampleReader reader() {
        int threads = config.datasetProcesses() == null
                ? Runtime.getRuntime().availableProcessors()
                : config.datasetProcesses();
        return new ExampleReader(config.tuning(), tokenizer, config.sequenceLen(), threads, learned());
    }

    private ExampleReader.Learned learned() {
        PreferenceConfig preferences = config.preferences();
        return preferences.isKto()
                ? ExampleReader.Learned.ANSWERS
                : preferences.hasPairs() ? ExampleReader.Learned.PAIRS : ExampleReader.Learned.TEXTS;
    }

    /** A data set's files and how they are read. */
    ExampleSource source(DatasetConfig dataset) throws IOException {
        List<Path> files = new ArrayList<>();
        if (dataset.dataFiles().isEmpty()) {
            files.addAll(TextFiles.find(
                    dataset.path(),
                    List.of(Path.of(config.datasetPreparedPath()), Path.of(config.outputDir())),
                    TextFiles::hasRows));
        }
        for (String name : dataset.dataFiles()) {
            boolean inside = Files.isDirectory(Path.of(dataset.path()));
            String path = inside ? Path.of(dataset.path()).resolve(name).toString() : name;
            files.addAll(TextFiles.find(path, List.of(), TextFiles::hasRows));
        }
        return new ExampleSource(
                dataset.name(),
                files,
                dataset.type(),
                dataset.textField(),
                dataset.conversation(),
                dataset.split(),
                new ExampleSource.Shard(dataset.shards(), dataset.shardsIdx(), config.seed()));
    }

    void prepare(DatasetConfig dataset) throws IOException {
        ExampleSource source = source(dataset);
        Path directory = directory(source);
        if (!Files.isDirectory(directory)) {
            AtomicFiles.writeFolder(directory, part -> ExampleFile.write(part, reader(), source));
        }
    }

    ExampleFile open(DatasetConfig dataset) throws IOException {
        return ExampleFile.open(directory(source(dataset)));
    }

    /** Where a data set's examples are; what is kept beside them belongs to these examples. */
    Path directory(DatasetConfig dataset) throws IOException {
        return directory(source(dataset));
    }

    private Path directory(ExampleSource source) throws IOException {
        return Path.of(config.datasetPreparedPath())
                .resolve(source.name() + "-examples-" + key(source).substring(0, 16));
    }

    private String key(ExampleSource source) throws IOException {
        StringBuilder key = new StringBuilder();
        key.append(VERSION).append('\n').append(source).append('\n');
        key.append(config.tuning())
                .append('\n')
                .append(config.sequenceLen())
                .append(learned())
                .append('\n');
        key.append(tokenizer.hash())
                .append(' ')
                .append(tokenizer.bosId())
                .append(' ')
                .append(tokenizer.eosId());
        key.append(new TreeMap<>(tokenizer.chatTemplates()));
        key.append(new TreeMap<>(tokenizer.namedTokens())).append('\n');
        for (Path file : source.files()) {
            key.append(file.toAbsolutePath().normalize()).append(' ');
            key.append(Files.size(file))
                    .append(' ')
                    .append(Files.getLastModifiedTime(file))
                    .append(' ');
            key.append(ContentSample.of(file)).append('\n');
        }
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(key.toString().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
