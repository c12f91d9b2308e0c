package dev.skald.evaluate;

import dev.skald.InvalidInputException;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import dev.skald.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Texts as the ids that a model is asked about, as lm-evaluation-harness makes them (its api/model.py and models/huggingface.py): context and
 * continuation are encoded together, white space at the end of the context belonging to the continuation, with the tokens that the tokenizer puts
 * around a text; what is longer than the model reads is cut on the left.
 *
 * @param most tokens that the model reads
 */
record Encoding(Tokenizer tokenizer, int most) {

    static Encoding of(Generator model) {
        return new Encoding(model.tokenizer(), model.mostTokens());
    }

    /** An ask, and whether its context was cut. */
    record Cut<T extends Asked.Ask>(T ask, boolean cut) {}

    /**
     * Asks for the likelihood of {@code continuation} after {@code context}.
     *
     * @throws InvalidInputException when the continuation alone is longer than the model reads, or has no tokens of its own
     */
    Cut<Asked.Ask.Score> score(Row row, String context, String continuation) {
        String before = stripped(context);
        String after = context.substring(before.length()) + continuation;
        int[] ids;
        int from;
        if (before.isEmpty()) {
            ids = behind(beginning(), tokenizer.encode(after));
            from = 1;
        } else {
            ids = tokenizer.encode(before + after, true);
            from = tokenizer.encode(before, true).length;
        }
        if (from >= ids.length) {
            throw new InvalidInputException(
                    row.place() + ": the continuation has no tokens of its own behind its context");
        }
        if (ids.length - from > most) {
            throw new InvalidInputException(row.place() + ": the continuation has " + (ids.length - from)
                    + " tokens, the model reads at most " + most);
        }
        int over = Math.max(0, ids.length - most - 1); // the last token is predicted, not read
        return new Cut<>(new Asked.Ask.Score(Arrays.copyOfRange(ids, over, ids.length), from - over), over > 0);
    }

    /** Without the white space at its end that Python's {@code rstrip} takes. */
    private static String stripped(String text) {
        int end = text.length();
        while (end > 0) {
            char last = text.charAt(end - 1);
            if (!Character.isWhitespace(last) && !Character.isSpaceChar(last) && last != '\u0085') {
                break;
            }
            end--;
        }
        return text.substring(0, end);
    }

    /**
     * Asks for the likelihood of a whole text, each token once: windows as long as the model reads, the first behind the begin token, those after it
     * behind one token of the window before, and the last behind as many as the model reads.
     */
    List<Asked.Ask> windows(String text) {
        int[] ids = behind(beginning(), tokenizer.encode(text));
        List<Asked.Ask> windows = new ArrayList<>();
        for (int said = 1; said < ids.length; said += most) {
            int end = Math.min(ids.length, said + most);
            int start = Math.max(0, end - most - 1);
            windows.add(new Asked.Ask.Score(Arrays.copyOfRange(ids, start, end), said - start));
        }
        return windows;
    }

    /**
     * Asks for a text after {@code context}, of which is kept what leaves room for the new tokens.
     *
     * @throws InvalidInputException when the new tokens alone are as many as the model reads
     */
    Cut<Asked.Ask.Text> text(Row row, String context, Generating generating, GenerationOptions options) {
        int room = most - generating.maxTokens();
        if (room < 1) {
            throw new InvalidInputException(row.place() + ": max_gen_toks is " + generating.maxTokens()
                    + ", expected fewer than the model reads, " + most);
        }
        int[] ids = tokenizer.encode(context, true);
        if (ids.length == 0) {
            ids = new int[] {beginning()};
        }
        int over = Math.max(0, ids.length - room);
        return new Cut<>(new Asked.Ask.Text(Arrays.copyOfRange(ids, over, ids.length), options), over > 0);
    }

    /** The token that stands before a text without a context. */
    private int beginning() {
        return tokenizer
                .bosId()
                .orElseGet(
                        () -> tokenizer
                                .eosId()
                                .orElseThrow(
                                        () -> new InvalidInputException(
                                                "the tokenizer has neither a begin token nor an end token: nothing can stand before a text")));
    }

    private static int[] behind(int first, int[] ids) {
        return IntStream.concat(IntStream.of(first), Arrays.stream(ids)).toArray();
    }
}
