package dev.skald.train;

import dev.skald.base.AtomicFiles;
import dev.skald.base.Progress;
import dev.skald.model.AdapterParameters;
import dev.skald.model.LlamaConfig;
import dev.skald.model.ModelFingerprint;
import dev.skald.model.PackedRows;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.train.Examples.Place;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;

/**
 * What the reference gives to the answers of a run, computed once: for each example the sum of its answer's log-probabilities, float64, little-endian. A
 * file lies in the directory of the examples that it is about, which has another name whenever the rows, the tokenizer or the template change; its own
 * name is made of what the reference depends on. The ranks share the work; each has all of the result.
 */
final class References {

    private final TrainerConfig config;
    private final ExampleCache cache;
    private final String name;
    private final Collectives ranks;
    private final Device device;

    /** @param model with the tokens that are added */
    References(TrainerConfig config, LlamaConfig model, Tokenizer tokenizer, Collectives ranks, Device device)
            throws IOException {
        this.config = config;
        this.cache = new ExampleCache(config, tokenizer);
        this.name = "reference-" + fingerprint(config, model).substring(0, 16) + ".bin";
        this.ranks = ranks;
        this.device = device;
    }

    private static String fingerprint(TrainerConfig config, LlamaConfig model) throws IOException {
        StringBuilder key = new StringBuilder();
        key.append(ModelFingerprint.of(Path.of(config.baseModel())));
        key.append(' ')
                .append(config.precision())
                .append(' ')
                .append(config.lora().bits());
        key.append(' ').append(model.vocab_size());
        if (config.lora().loraModelDir() != null) {
            Path adapter = Path.of(config.lora().loraModelDir()).resolve(AdapterParameters.FILE);
            key.append(' ').append(Files.size(adapter)).append(' ').append(ContentSample.of(adapter));
        }
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(key.toString().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /**
     * The numbers of all data sets, read where they are known.
     *
     * @param reference opened where some are not, and closed again
     */
    List<double[]> of(Examples examples, Supplier<Reference> reference) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Examples.Dataset dataset : examples.datasets()) {
            files.add(cache.directory(dataset.config()).resolve(name));
        }
        double there = 0;
        for (int d = 0; d < files.size(); d++) {
            int bytes = Double.BYTES * examples.datasets().get(d).file().examples();
            there += Files.isRegularFile(files.get(d)) && Files.size(files.get(d)) == bytes ? 1 : 0;
        }
        if (ZeroOptimizer.sumOverRanks(ranks, device, there)[0] < (double) files.size() * ranks.size()) {
            try (Reference model = reference.get()) {
                for (int d = 0; d < files.size(); d++) {
                    double[] sums = computed(examples, d, model);
                    if (ranks.rank() == 0) {
                        AtomicFiles.write(files.get(d), bytes(sums));
                    }
                }
            }
            ranks.withoutTimeout(() -> ""); // the files are there
        }
        List<double[]> all = new ArrayList<>();
        for (Path file : files) {
            all.add(read(file));
        }
        return all;
    }

    /** Batches are the same ones on any number of ranks, so that the numbers are the same ones too. */
    private double[] computed(Examples examples, int dataset, Reference model) {
        double[] sums = new double[examples.datasets().get(dataset).file().examples()];
        List<Place> places = examples.places(dataset, dataset + 1);
        int each = config.microBatchSize();
        int batches = Math.ceilDiv(places.size(), each);
        String task =
                "reference of " + examples.datasets().get(dataset).config().name();
        PrintStream out = ranks.rank() == 0 ? System.err : new PrintStream(OutputStream.nullOutputStream());
        try (Progress progress = new Progress(out, ranks.rank() == 0 && Progress.isTerminal(), task, 0, batches)) {
            for (int batch = ranks.rank(); batch < batches; batch += ranks.size()) {
                List<Place> some = places.subList(batch * each, Math.min(places.size(), (batch + 1) * each));
                PackedRows rows = examples.batch(some, List.of()).rows();
                double[] logps = model.logps(rows);
                System.arraycopy(logps, 0, sums, some.getFirst().example(), logps.length);
                progress.to(batch + 1, (batch + 1) + " of " + batches + " batches");
            }
        }
        return ZeroOptimizer.sumOverRanks(ranks, device, sums);
    }

    private static byte[] bytes(double[] numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(numbers.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asDoubleBuffer().put(numbers);
        return bytes.array();
    }

    private static double[] read(Path file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            double[] numbers = new double[bytes.remaining() / Double.BYTES];
            bytes.asDoubleBuffer().get(numbers);
            return numbers;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
