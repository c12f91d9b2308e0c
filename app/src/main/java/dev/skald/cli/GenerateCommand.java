package dev.skald.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.generate.Generation;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import dev.skald.generate.TextListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code skald generate}: continues texts. */
@Command(
        name = "generate",
        description = "Continues a text, as transformers' generate does.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "What is not given comes from the model's generation_config.json, then from transformers' defaults.",
            "A sampling option (temperature, top-k, top-p, min-p, seed, several sequences) turns sampling on, --greedy turns it off.",
            "",
            "Example:",
            "  skald generate --model Llama-3-8B --max-length 128 --temperature 0.6 \"Sommar och sol är det bästa jag vet\""
        })
final class GenerateCommand implements Callable<Integer> {

    @Mixin
    private ModelOptions model;

    @Mixin
    private AdapterOption adapter;

    @Parameters(
            paramLabel = "PROMPT",
            arity = "0..*",
            description = "Texts to continue, each by itself; none: standard input is one.")
    private List<String> prompts = List.of();

    @Option(
            names = "--prompt-ids",
            paramLabel = "IDS",
            split = ",",
            description = "Token ids to continue, as they are: 1,2,3.")
    private int[] promptIds;

    @Mixin
    private SamplingOptions sampling;

    @Option(names = "--num-return-sequences", paramLabel = "N", description = "Continuations per prompt.")
    private Integer numReturnSequences;

    @Option(names = "--json", description = "One JSON object per continuation on standard output.")
    private boolean json;

    @Option(
            names = "--logits",
            paramLabel = "FILE",
            description = "Write the raw logits of each generated token to a safetensors file: logits, f32 [n, vocab].")
    private Path logits;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (promptIds != null && !prompts.isEmpty()) {
            throw new InvalidInputException("both --prompt-ids and a PROMPT are given, expected one of them");
        }
        try (Generator generator = model.load(adapter, err)) {
            List<Generation> results = generate(generator, out);
            if (logits != null) {
                LogitsFile.write(logits, results);
            }
            print(results, out);
            summarize(results, err);
        }
        return 0;
    }

    private List<Generation> generate(Generator generator, PrintWriter out) throws IOException {
        if (promptIds != null) {
            Terminal terminal = new Terminal(out, generator.promptText(promptIds), streams(generator, 1));
            List<Generation> results = generator.generate(promptIds, options(), terminal);
            terminal.begin();
            return results;
        }
        List<String> texts = prompts.isEmpty() ? List.of(standardInput()) : prompts;
        Terminal terminal = new Terminal(out, texts.getFirst(), streams(generator, texts.size()));
        List<Generation> results = generator.generate(texts, options(), terminal);
        terminal.begin();
        return results;
    }

    private GenerationOptions options() {
        GenerationOptions options =
                sampling.applyTo(GenerationOptions.modelDefaults()).keepLogits(logits != null);
        if (numReturnSequences == null) {
            return options;
        }
        options = options.numReturnSequences(numReturnSequences);
        return numReturnSequences > 1 && !sampling.isGreedy() ? options.sample(true) : options;
    }

    /** Shows one text while it grows; several come whole, one after the other. Nothing is shown of a call that is refused. */
    private static final class Terminal implements TextListener {

        private final PrintWriter out;
        private final String prompt;
        private final boolean streams;
        private boolean begun;

        Terminal(PrintWriter out, String prompt, boolean streams) {
            this.out = out;
            this.prompt = prompt;
            this.streams = streams;
        }

        /** Shows the prompt, once. */
        void begin() {
            if (streams && !begun) {
                out.print(prompt);
                begun = true;
            }
        }

        @Override
        public void onText(int sequence, String text) {
            begin();
            if (streams) {
                out.print(text);
                out.flush();
            }
        }
    }

    private boolean streams(Generator generator, int promptCount) {
        return !json && promptCount == 1 && generator.sequencesPerPrompt(options()) == 1;
    }

    private void print(List<Generation> results, PrintWriter out) throws IOException {
        if (json) {
            for (Generation result : results) {
                out.println(toJson(result));
            }
        } else if (results.size() == 1) {
            out.println();
        } else {
            for (int i = 0; i < results.size(); i++) {
                out.println((i == 0 ? "" : "\n") + results.get(i).text());
            }
        }
        out.flush();
    }

    private static void summarize(List<Generation> results, PrintWriter err) {
        int prompt = results.stream()
                .mapToInt(result -> result.promptIds().length)
                .max()
                .orElse(0);
        int generated = results.stream()
                .mapToInt(result -> result.generatedIds().length)
                .sum();
        err.printf(
                Locale.ROOT,
                "%d prompt tokens at %.1f/s, %d generated at %.1f/s%n",
                prompt,
                results.getFirst().promptTokensPerSecond(),
                generated,
                results.stream()
                        .mapToDouble(Generation::generatedTokensPerSecond)
                        .sum());
        err.flush();
    }

    private static String toJson(Generation result) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode node = mapper.createObjectNode();
        node.set("prompt_ids", mapper.valueToTree(result.promptIds()));
        node.set("generated_ids", mapper.valueToTree(result.generatedIds()));
        node.put("text", result.text());
        node.put("generated_text", result.generatedText());
        node.put("finish_reason", result.finishReason().label());
        node.put("prompt_tokens_per_second", result.promptTokensPerSecond());
        node.put("generated_tokens_per_second", result.generatedTokensPerSecond());
        return mapper.writeValueAsString(node);
    }

    /** All of standard input, without the line end that closes it. */
    private static String standardInput() throws IOException {
        byte[] bytes = System.in.readAllBytes();
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new InvalidInputException("standard input: not UTF-8", e);
        }
        return text.endsWith("\r\n") ? text.substring(0, text.length() - 2) : text.replaceFirst("\n\\z", "");
    }
}
