package dev.skald.tune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Rows with an instruction, perhaps an input, and an output: {@code type: alpaca}, and formats of a configuration's own. Prompt and output are encoded
 * apart, as Axolotl does (prompt_tokenizers.py).
 */
final class InstructionRows implements ExampleFormat {

    private static final String WITH_INPUT =
            "Below is an instruction that describes a task, paired with an input that provides further context."
                    + " Write a response that appropriately completes the request.\n\n";
    private static final String WITHOUT_INPUT =
            "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n";

    private final Keys keys;
    private final Tokenizer tokenizer;
    private final boolean trainOnInputs;
    private final int sequenceLen;

    /**
     * What the prompt is made of.
     *
     * @param prompt with {@code {instruction}} and {@code {input}}
     * @param promptWithoutInput for rows whose input is empty or missing
     * @param systemFormat what is before it, with {@code {system}}
     */
    private record Keys(
            String instruction,
            String input,
            String output,
            String system,
            String systemPrompt,
            String systemFormat,
            String prompt,
            String promptWithoutInput) {}

    private InstructionRows(Keys keys, Tokenizer tokenizer, boolean trainOnInputs, int sequenceLen) {
        this.keys = keys;
        this.tokenizer = tokenizer;
        this.trainOnInputs = trainOnInputs;
        this.sequenceLen = sequenceLen;
    }

    /**
     * Stanford Alpaca's way.
     *
     * @param style {@code instruct}, {@code chat} or {@code chatml}
     */
    static InstructionRows alpaca(String style, Tokenizer tokenizer, boolean trainOnInputs, int sequenceLen) {
        String instruction = "{instruction}";
        String both = "{instruction}\n{input}";
        Keys keys = switch (style) {
            case "instruct" ->
                alpaca(
                        WITH_INPUT + "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n",
                        WITHOUT_INPUT + "### Instruction:\n{instruction}\n\n### Response:\n");
            case "chat" ->
                alpaca(
                        WITH_INPUT + "USER: " + both + "\nASSISTANT:",
                        WITHOUT_INPUT + "USER: " + instruction + "\nASSISTANT:");
            case "chatml" -> alpaca(chatMl(WITH_INPUT, both), chatMl(WITHOUT_INPUT, instruction));
            default ->
                throw new InvalidInputException(
                        "datasets: type: found 'alpaca:" + style + "', expected alpaca, alpaca:chat or alpaca:chatml");
        };
        return new InstructionRows(keys, tokenizer, trainOnInputs, sequenceLen);
    }

    private static Keys alpaca(String prompt, String promptWithoutInput) {
        return new Keys("instruction", "input", "output", "", "", "", prompt, promptWithoutInput);
    }

    private static String chatMl(String system, String user) {
        return "<|im_start|>system\n" + system.strip() + "<|im_end|>\n<|im_start|>user\n" + user
                + "<|im_end|>\n<|im_start|>assistant\n";
    }

    /** Of the keys of a {@code type} that is an object. */
    static InstructionRows userDefined(
            Map<String, String> type, Tokenizer tokenizer, boolean trainOnInputs, int sequenceLen) {
        List<String> known = List.of(
                "system_prompt",
                "system_format",
                "field_system",
                "field_instruction",
                "field_input",
                "field_output",
                "format",
                "no_input_format",
                "field");
        type.keySet().stream()
                .filter(key -> !known.contains(key))
                .sorted()
                .findFirst()
                .ifPresent(key -> {
                    throw new InvalidInputException(
                            "datasets: type: unknown key '" + key + "', expected some of " + String.join(", ", known));
                });
        String format = type.getOrDefault("format", "{instruction} {input}");
        return new InstructionRows(
                new Keys(
                        type.getOrDefault("field_instruction", "instruction"),
                        type.getOrDefault("field_input", "input"),
                        type.getOrDefault("field_output", "output"),
                        type.getOrDefault("field_system", ""),
                        type.getOrDefault("system_prompt", ""),
                        type.getOrDefault("system_format", "{system}"),
                        format,
                        type.getOrDefault("no_input_format", format)),
                tokenizer,
                trainOnInputs,
                sequenceLen);
    }

    @Override
    public List<Example> examples(ObjectNode row) {
        String instruction = ExampleFormat.text(row, keys.instruction());
        String input = row.path(keys.input()).asText("");
        String system = row.path(keys.system()).asText(keys.systemPrompt());
        String before = system.isEmpty() ? "" : keys.systemFormat().replace("{system}", system);
        String prompt =
                before + filled(input.isEmpty() ? keys.promptWithoutInput() : keys.prompt(), instruction, input);
        int[] prompted = cut(tokenizer.encode(prompt, true));
        if (tokenizer.eosId().isPresent()
                && prompted.length > 0
                && prompted[prompted.length - 1] == tokenizer.eosId().getAsInt()) {
            prompted = Arrays.copyOf(prompted, prompted.length - 1);
        }
        int[] answer = cut(tokenizer.encode(ExampleFormat.text(row, keys.output())));
        if (tokenizer.eosId().isPresent() && answer.length < sequenceLen) {
            answer = IntStream.concat(
                            Arrays.stream(answer),
                            IntStream.of(tokenizer.eosId().getAsInt()))
                    .toArray();
        }
        int[] ids =
                IntStream.concat(Arrays.stream(prompted), Arrays.stream(answer)).toArray();
        int[] labels = ids.clone();
        if (!trainOnInputs) {
            Arrays.fill(labels, 0, prompted.length, Example.NOT_LEARNED);
        }
        return List.of(new Example(ids, labels));
    }

    /** In one go, so that what is filled in is not filled again. */
    private static String filled(String format, String instruction, String input) {
        StringBuilder text = new StringBuilder();
        int at = 0;
        while (at < format.length()) {
            if (format.startsWith("{instruction}", at)) {
                text.append(instruction);
                at += "{instruction}".length();
            } else if (format.startsWith("{input}", at)) {
                text.append(input);
                at += "{input}".length();
            } else {
                text.append(format.charAt(at++));
            }
        }
        return text.toString();
    }

    private int[] cut(int[] ids) {
        return ids.length <= sequenceLen ? ids : Arrays.copyOf(ids, sequenceLen);
    }
}
