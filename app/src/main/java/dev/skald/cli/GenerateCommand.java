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

    @Option(names = "--max-length", paramLabel = "N", description = "Tokens of prompt and continuation together.")
    private Integer maxLength;

    @Option(
            names = "--max-new-tokens",
            paramLabel = "N",
            description = "Tokens of the continuation; wins over --max-length.")
    private Integer maxNewTokens;

    @Option(names = "--greedy", description = "Always the most likely token.")
    private boolean greedy;

    @Option(names = "--temperature", paramLabel = "F", description = "Logits are divided by it; 0 for greedy decoding.")
    private Double temperature;

    @Option(names = "--top-k", paramLabel = "N", description = "Draw from the N most likely tokens; 0: from all.")
    private Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "F",
            description = "Draw from the most likely tokens that together have probability F.")
    private Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "F",
            description = "Draw from tokens with at least F times the probability of the most likely one.")
    private Double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "F",
            description = "Above 1: tokens that were there already become less likely.")
    private Double repetitionPenalty;

    @Option(names = "--no-repeat-ngram-size", paramLabel = "N", description = "No sequence of N tokens twice; 0: off.")
    private Integer noRepeatNgramSize;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed gives the same text.")
    private Long seed;

    @Option(names = "--stop", paramLabel = "S", description = "A text that ends the continuation; may be repeated.")
    private List<String> stop = List.of();

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
        try (Generator generator = model.load(err)) {
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
        GenerationOptions options = GenerationOptions.modelDefaults().keepLogits(logits != null);
        options = stop.isEmpty() ? options : options.stopStrings(stop);
        options = maxLength == null ? options : options.maxLength(maxLength);
        options = maxNewTokens == null ? options : options.maxNewTokens(maxNewTokens);
        options = temperature == null ? options : options.temperature(temperature);
        options = topK == null ? options : options.topK(topK);
        options = topP == null ? options : options.topP(topP);
        options = minP == null ? options : options.minP(minP);
        options = repetitionPenalty == null ? options : options.repetitionPenalty(repetitionPenalty);
        options = noRepeatNgramSize == null ? options : options.noRepeatNgramSize(noRepeatNgramSize);
        options = seed == null ? options : options.seed(seed);
        options = numReturnSequences == null ? options : options.numReturnSequences(numReturnSequences);
        boolean samples = temperature != null
                || topK != null
                || topP != null
                || minP != null
                || seed != null
                || (numReturnSequences != null && numReturnSequences > 1);
        return greedy ? options.sample(false) : samples ? options.sample(true) : options;
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
