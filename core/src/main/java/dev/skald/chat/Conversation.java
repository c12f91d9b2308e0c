package dev.skald.chat;

import dev.skald.InvalidInputException;
import dev.skald.jinja.Rendered;
import dev.skald.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Messages as a model reads them, and what each token says.
 *
 * @param text as the template wrote it
 * @param ids its tokens
 * @param tokens by token, what of the messages it says
 * @param begins by message of the assistant, the token at which it begins: those before it are the prompt that it answers; -1 where there is no such
 *     token, and for other messages
 */
@SuppressWarnings("ArrayRecordComponent") // read only, and as long as a conversation
public record Conversation(String text, int[] ids, List<Said> tokens, int[] begins) {

    /**
     * What a token says of the messages.
     *
     * @param message its number; -1: the token is the template's alone
     * @param from the first char of the message's content that it has; the content's length where it is of another field, such as a call of a tool
     * @param to after the last
     */
    public record Said(int message, int from, int to) {}

    private static final Said NOTHING = new Said(-1, 0, 0);

    /** A part of the text that is encoded by itself, chars {@code from} to {@code to}. */
    record Part(int from, int to, int[] ids) {}

    static int[] ids(List<Part> parts) {
        return parts.stream().flatMapToInt(part -> Arrays.stream(part.ids)).toArray();
    }

    static Conversation of(
            Tokenizer tokenizer, Rendered rendered, List<Part> parts, NumberedMessages messages, int[] begins) {
        int[] ids = ids(parts);
        Said[] tokens = new Said[ids.length];
        int[] starts = new int[begins.length];
        Arrays.fill(starts, -1);
        int token = 0;
        for (Part part : parts) {
            for (int i = 0; i < begins.length; i++) {
                if (begins[i] == part.from) {
                    starts[i] = token;
                }
            }
            int[] chars = chars(tokenizer, rendered.text().substring(part.from, part.to), part.ids);
            for (int i = 0; i < part.ids.length; i++) {
                tokens[token++] = said(rendered, part.from + chars[2 * i], part.from + chars[2 * i + 1], messages);
            }
        }
        for (int i = 0; i < begins.length; i++) {
            if (begins[i] == rendered.text().length()) {
                starts[i] = ids.length;
            }
        }
        return new Conversation(rendered.text(), ids, List.of(tokens), starts);
    }

    /** What the chars {@code from} to {@code to} of the text say: of one message, the first that they touch. */
    private static Said said(Rendered rendered, int from, int to, NumberedMessages messages) {
        int[] first = messages.first();
        int message = -1;
        int least = Integer.MAX_VALUE;
        int most = -1;
        for (int at = from; at < to; at++) {
            int number = rendered.number(at);
            if (number >= 0) {
                int found = Arrays.binarySearch(first, number);
                int of = found >= 0 ? found : -found - 2;
                message = message < 0 ? of : message;
                if (of == message) {
                    least = Math.min(least, number - first[of]);
                    most = Math.max(most, number - first[of]);
                }
            }
        }
        return message < 0 ? NOTHING : new Said(message, least, most + 1);
    }

    /** The chars of each token, from and to: a token that is a part of a char has the whole of it. */
    private static int[] chars(Tokenizer tokenizer, String text, int[] ids) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int[] charOf = new int[utf8.length + 1];
        int at = 0;
        for (int i = 0; i < text.length(); ) {
            int length = Character.charCount(text.codePointAt(i));
            int bytes = text.substring(i, i + length).getBytes(StandardCharsets.UTF_8).length;
            Arrays.fill(charOf, at, at + bytes, i);
            at += bytes;
            i += length;
        }
        charOf[at] = text.length();
        int[] chars = new int[2 * ids.length];
        int start = 0;
        for (int i = 0; i < ids.length; i++) {
            byte[] token = tokenizer.tokenBytes(ids[i]);
            int skipped = begins(utf8, start, token, 0) ? 0 : 1; // the space that some tokenizers put before a text
            if (!begins(utf8, start, token, skipped)) {
                throw new InvalidInputException("the tokenizer writes '" + tokenizer.token(ids[i])
                        + "' for other chars than it read, so that labels cannot be placed");
            }
            int end = start + token.length - skipped;
            chars[2 * i] = charOf[start];
            chars[2 * i + 1] = end == start
                    ? charOf[start]
                    : charOf[end - 1] + Character.charCount(text.codePointAt(charOf[end - 1]));
            start = end;
        }
        return chars;
    }

    private static boolean begins(byte[] text, int at, byte[] token, int skipped) {
        int length = token.length - skipped;
        return length >= 0
                && at + length <= text.length
                && (skipped == 0 || token[0] == ' ')
                && Arrays.equals(text, at, at + length, token, skipped, token.length);
    }
}
