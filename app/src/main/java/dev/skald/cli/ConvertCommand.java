package dev.skald.cli;

import dev.skald.base.Progress;
import dev.skald.convert.Conversion;
import dev.skald.convert.Preset;
import dev.skald.tensor.Format;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald convert}: a model's files as other files, quantised or not. */
@Command(
        name = "convert",
        description = "Writes a model as a GGUF file or a Hugging Face directory, quantised or not.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  skald convert Llama-3-8B --type q4_k_m --out llama-3-8b-q4_k_m.gguf",
            "  skald convert llama-3-8b-q4_k_m.gguf --to hf --out Llama-3-8B-again"
        })
final class ConvertCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "MODEL",
            description =
                    "A Hugging Face model directory, the output_dir of a training run, or a .gguf file (the first of a split one).")
    private Path model;

    @Option(names = "--out", required = true, paramLabel = "OUT", description = "The new file or directory.")
    private Path out;

    @Option(
            names = "--to",
            paramLabel = "gguf|hf",
            defaultValue = "gguf",
            description = "What to write: a GGUF file (default), or a Hugging Face directory.")
    private Conversion.Target target;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description =
                    "f32, f16, bf16; for GGUF also q8_0, q6_k, q5_k_m, q4_k_m, q4_0 (default: as the model has it).")
    private String type;

    @Option(names = "--overwrite", description = "Replace OUT where it is there.")
    private boolean overwrite;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Optional<Preset> preset = Optional.ofNullable(type).map(name -> Preset.parse(name, "--type"));
        try (Conversion conversion = Conversion.open(model, out, new Conversion.Options(target, preset, overwrite))) {
            PrintWriter err = spec.commandLine().getErr();
            conversion.warnings().forEach(warning -> err.println("warning: " + warning));
            err.flush();
            try (Progress progress = Progress.ofBytes("converting", conversion.bytes())) {
                conversion.write(progress::addBytes);
            }
            print(conversion, spec.commandLine().getOut());
        }
        return 0;
    }

    private void print(Conversion conversion, PrintWriter print) {
        List<String> formats = new ArrayList<>();
        long parameters = conversion.config().parameterCount();
        for (Map.Entry<Format, Long> each : conversion.elements().entrySet()) {
            formats.add(String.format(Locale.ROOT, "%s %.1f %%", each.getKey(), 100.0 * each.getValue() / parameters));
        }
        print.printf(
                Locale.ROOT,
                "%s: %,d parameters (%s), %.1f MB, %.2f bits a parameter%n",
                out,
                parameters,
                String.join(", ", formats),
                conversion.bytes() / 1e6,
                8.0 * conversion.bytes() / parameters);
        print.flush();
    }
}
