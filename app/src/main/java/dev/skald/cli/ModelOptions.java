package dev.skald.cli;

import dev.skald.generate.Generator;
import dev.skald.model.LatestCheckpoint;
import dev.skald.model.ModelFingerprint;
import dev.skald.nano.SkaldNano;
import dev.skald.tensor.DType;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options of every verb that runs a model. */
final class ModelOptions {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "A Hugging Face model directory: config.json, safetensors, tokenizer.json; a .gguf file of llama.cpp; or the output_dir"
                            + " of a training run: its latest checkpoint (default: skald-nano, the small Nordic model that Skald ships).")
    private Path model;

    @Option(
            names = "--dtype",
            paramLabel = "DTYPE",
            defaultValue = "auto",
            description = "bf16, f32, or auto: as the checkpoint has it (default).")
    private String dtype;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "cpu, cuda, or auto: the GPU if there is one (default).")
    private String device;

    /** Loads the model; what its generation_config.json asks for without effect is said on {@code err}. */
    Generator load(AdapterOption adapter, PrintWriter err) throws IOException {
        Path directory = directory();
        Optional<Path> beside = adapter.directory();
        Generator generator = Generator.load(directory, beside, dtype(), device);
        warnOfAnother(beside, directory, err);
        return warned(generator, directory, err);
    }

    /** Loads another model in the same dtype on the same device. */
    Generator loadBeside(Path other) throws IOException {
        return Generator.load(other, dtype(), device);
    }

    /**
     * The same for a stated load with several adapters, see {@link Generator#load(Path, Optional, List, Optional, String, int, int)}.
     *
     * @param first beside the model itself
     */
    List<Generator> load(Optional<Path> first, List<Path> others, int sequences, int waiting, PrintWriter err)
            throws IOException {
        Path directory = directory();
        List<Generator> all = Generator.load(directory, first, others, dtype(), device, sequences, waiting);
        warnOfAnother(first, directory, err);
        for (Path other : others) {
            warnOfAnother(Optional.of(other), directory, err);
        }
        all.forEach(each -> warned(each, directory, err));
        return all;
    }

    private static void warnOfAnother(Optional<Path> adapter, Path model, PrintWriter err) throws IOException {
        if (adapter.isPresent()) {
            Path directory = AdapterOption.latest(adapter.get());
            Path base = Files.isRegularFile(model) || Files.exists(model.resolve("config.json"))
                    ? model
                    : LatestCheckpoint.in(model).orElse(model);
            ModelFingerprint.difference(directory, base).ifPresent(line -> err.println("warning: " + line));
            err.flush();
        }
    }

    /** What the model is called where nobody says it: its directory's name. */
    String name() {
        Path name = model == null ? null : model.toAbsolutePath().normalize().getFileName();
        return name == null ? "skald-nano" : name.toString();
    }

    /** Of the files that the model is loaded from, by their names, sizes and times, and how it is loaded. */
    String fingerprint(AdapterOption adapter) throws IOException {
        Fingerprint fingerprint = new Fingerprint().add(dtype).add(device).add(directory());
        if (adapter.directory().isPresent()) {
            fingerprint.add("adapter").add(adapter.directory().get());
        }
        return fingerprint.hex();
    }

    private Optional<DType> dtype() {
        return dtype.equals("auto") ? Optional.empty() : Optional.of(DType.parse(dtype, "--dtype"));
    }

    private Path directory() throws IOException {
        return model == null ? SkaldNano.directory() : model;
    }

    private static Generator warned(Generator generator, Path directory, PrintWriter err) {
        generator
                .ignoredDefaults()
                .forEach(key -> err.println("warning: " + directory.resolve("generation_config.json") + ": " + key
                        + " is not supported and is ignored"));
        err.flush();
        return generator;
    }
}
