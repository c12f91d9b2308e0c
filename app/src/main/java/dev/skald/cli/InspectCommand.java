package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.generate.ModelTokenizer;
import dev.skald.model.CheckpointSummary;
import dev.skald.model.LlamaConfig;
import dev.skald.tensor.DType;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald inspect}: what a model is, without loading its weights. */
@Command(
        name = "inspect",
        description = "Shows what a model is: its shape, formats and bytes, tokenizer, and the memory that it needs.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  skald inspect Llama-3-8B --context 2048 --json"})
final class InspectCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", description = "A Hugging Face model directory or a .gguf file.")
    private Path model;

    @Option(
            names = "--context",
            paramLabel = "N",
            description = "Positions of the one sequence whose memory is shown (default: the model's most).")
    private Integer context;

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        CheckpointSummary summary = CheckpointSummary.of(model);
        Map<String, Object> facts = facts(summary);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(StrictJson.mapper().writeValueAsString(facts));
        } else {
            print(facts, summary, out);
        }
        out.flush();
        return 0;
    }

    private static void print(Map<String, Object> facts, CheckpointSummary summary, PrintWriter out) {
        facts.forEach((name, value) -> {
            if (value instanceof Long number && name.endsWith("_bytes")) {
                out.printf(Locale.ROOT, "%-24s %,d%n", name, number);
            } else if (!(value instanceof Map)) {
                out.printf("%-24s %s%n", name, value);
            }
        });
        out.printf("%n%-8s %8s %16s %18s %16s%n", "format", "tensors", "elements", "bytes", "bits an element");
        summary.formats()
                .forEach((format, share) -> out.printf(
                        Locale.ROOT,
                        "%-8s %8d %,16d %,18d %16.2f%n",
                        format,
                        share.tensors(),
                        share.elements(),
                        share.bytes(),
                        8.0 * share.bytes() / share.elements()));
    }

    private Map<String, Object> facts(CheckpointSummary summary) throws IOException {
        LlamaConfig config = summary.config();
        int positions = context == null ? config.max_position_embeddings() : context;
        if (positions < 1 || positions > config.max_position_embeddings()) {
            throw new InvalidInputException(
                    "--context " + positions + ", expected 1 to " + config.max_position_embeddings());
        }
        DType loaded = summary.computed();
        long weights = summary.weightBytes();
        long cache = 2L
                * config.num_hidden_layers()
                * config.num_key_value_heads()
                * config.head_dim()
                * loaded.bytes()
                * positions;
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("architecture", "llama");
        facts.put("parameters", config.parameterCount());
        facts.put("hidden_size", config.hidden_size());
        facts.put("intermediate_size", config.intermediate_size());
        facts.put("num_hidden_layers", config.num_hidden_layers());
        facts.put("num_attention_heads", config.num_attention_heads());
        facts.put("num_key_value_heads", config.num_key_value_heads());
        facts.put("head_dim", config.head_dim());
        facts.put("vocab_size", config.vocab_size());
        facts.put("tie_word_embeddings", config.tie_word_embeddings());
        facts.put("max_position_embeddings", config.max_position_embeddings());
        facts.put("formats", summary.formats());
        facts.put("stored_bytes", summary.bytes());
        facts.put("bits_per_weight", Math.round(800.0 * summary.bytes() / summary.elements()) / 100.0);
        Tokenizer tokenizer = ModelTokenizer.load(model);
        facts.put("tokenizer", tokenizer.isByteLevel() ? "byte-level BPE" : "BPE of characters");
        facts.put("tokenizer_tokens", tokenizer.vocabSize());
        facts.put("chat_template", !tokenizer.chatTemplates().isEmpty());
        facts.put("cpu_dtype", loaded.torchName());
        facts.put("weight_bytes", weights);
        facts.put("context", positions);
        facts.put("cache_bytes", cache);
        facts.put("memory_bytes", weights + cache);
        return facts;
    }
}
