package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.generate.ModelTokenizer;
import dev.skald.nano.SkaldNano;
import dev.skald.tokenizer.TokenIds;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code skald tokenize}: text to token ids, or ids to text. */
@Command(
        name = "tokenize",
        description = "Turns the text on standard input into token ids, or ids into text.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  echo -n 'Sommar och sol' | skald tokenize --model Llama-3-8B --json"})
final class TokenizeCommand implements Callable<Integer> {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "Model directory with a tokenizer.json, the tokenizer.json itself, or a .gguf file (default: skald-nano).")
    private Path model;

    @Option(
            names = "--decode",
            description = "Read ids, separated by blanks, commas or line ends, and print their text.")
    private boolean decode;

    @Option(
            names = "--add-special-tokens",
            description = "Add the special tokens that the post-processor asks for, mostly the begin-of-text token.")
    private boolean addSpecialTokens;

    @Option(names = "--json", description = "Print {\"ids\":[...]} or {\"text\":\"...\"}.")
    private boolean json;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Tokenizer tokenizer = ModelTokenizer.load(model == null ? SkaldNano.directory() : model);
        String input = utf8(System.in.readAllBytes());
        if (decode) {
            String text = tokenizer.decode(ids(input), false);
            out.println(json ? StrictJson.mapper().writeValueAsString(Map.of("text", text)) : text);
        } else {
            out.println(line(tokenizer.encode(input, addSpecialTokens)));
        }
        out.flush();
        return 0;
    }

    private String line(int[] ids) {
        StringJoiner line = json ? new StringJoiner(",", "{\"ids\":[", "]}") : new StringJoiner(" ");
        for (int id : ids) {
            line.add(Integer.toString(id));
        }
        return line.toString();
    }

    private static String utf8(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        try {
            return decoder.decode(buffer).toString();
        } catch (CharacterCodingException e) {
            throw new InvalidInputException("standard input: not UTF-8 at byte " + buffer.position(), e);
        }
    }

    private static int[] ids(String input) {
        TokenIds ids = new TokenIds();
        for (String word : input.strip().split("[\\s,]+", -1)) {
            if (word.isEmpty() && input.isBlank()) {
                continue;
            }
            try {
                ids.add(Integer.parseInt(word));
            } catch (NumberFormatException e) {
                throw new InvalidInputException("standard input: expected a token id, found \"" + word + "\"", e);
            }
        }
        return ids.toArray();
    }
}
