package dev.skald.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.base.Progress;
import dev.skald.evaluate.Perplexity;
import dev.skald.generate.Generator;
import dev.skald.text.DocumentReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code skald evaluate}: perplexity of a model on a text. */
@Command(
        name = "evaluate",
        description = "Measures how well a model predicts a text: perplexity and bits per byte.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  skald evaluate --model Llama-3-8B --text held-out.jsonl.gz --sequence-len 2048"})
final class EvaluateCommand implements Callable<Integer> {

    /** Windows are no longer than this unless asked for: the length that Llama 3 was trained on. */
    private static final int LONGEST_DEFAULT = 8192;

    @Mixin
    private ModelOptions model;

    @Option(
            names = "--text",
            required = true,
            paramLabel = "FILE",
            description =
                    ".txt (one document) or .jsonl (field text), either may be .gz or .zst; or .parquet (column text).")
    private Path text;

    @Option(
            names = "--sequence-len",
            paramLabel = "N",
            description = "Tokens in a window (default: the model's positions, at most 8192).")
    private Integer sequenceLen;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        try (Generator generator = model.load(spec.commandLine().getErr())) {
            int window = sequenceLen != null
                    ? sequenceLen
                    : Math.min(generator.config().max_position_embeddings(), LONGEST_DEFAULT);
            Perplexity perplexity = new Perplexity(generator, window);
            try (Progress progress = Progress.ofBytes("evaluate", Files.exists(text) ? Files.size(text) : 0)) {
                DocumentReader.readTexts(text, perplexity::add, progress::toBytes);
            }
            print(perplexity.result(), out);
        }
        return 0;
    }

    private void print(Perplexity.Result result, PrintWriter out) throws IOException {
        if (json) {
            ObjectMapper mapper = new ObjectMapper();
            out.println(mapper.writeValueAsString(mapper.createObjectNode()
                    .put("documents", result.documents())
                    .put("tokens", result.tokens())
                    .put("nll", result.nll())
                    .put("perplexity", result.perplexity())
                    .put("bits_per_byte", result.bitsPerByte())));
        } else {
            out.printf(
                    Locale.ROOT,
                    "documents %d, predicted tokens %d, nll %.4f, perplexity %.3f, bits per byte %.4f%n",
                    result.documents(),
                    result.tokens(),
                    result.nll(),
                    result.perplexity(),
                    result.bitsPerByte());
        }
        out.flush();
    }
}
