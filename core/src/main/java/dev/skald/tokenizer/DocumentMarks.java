package dev.skald.tokenizer;

import dev.skald.InvalidInputException;
import java.util.OptionalInt;

/**
 * The tokens around a document in a stream of token ids: who packs documents and who measures a model on them decide here what begins and ends
 * one.
 *
 * @param bos put before each document, if present
 * @param eos put after each document, if present
 */
public record DocumentMarks(OptionalInt bos, OptionalInt eos) {

    /** Whether documents have a mark. */
    public enum Mark {
        /** Yes, and a tokenizer without the token cannot be used. */
        REQUIRED,
        /** Yes, where the tokenizer has the token. */
        IF_KNOWN,
        /** No. */
        ABSENT
    }

    /**
     * The marks of a tokenizer, which its tokenizer_config.json names.
     *
     * @throws InvalidInputException if a mark is required that the tokenizer does not have
     */
    public static DocumentMarks of(Tokenizer tokenizer, Mark bos, Mark eos) {
        return new DocumentMarks(
                id(tokenizer.bosId(), bos, "bos_token", "begin"), id(tokenizer.eosId(), eos, "eos_token", "end"));
    }

    private static OptionalInt id(OptionalInt known, Mark mark, String key, String verb) {
        return switch (mark) {
            case REQUIRED -> {
                if (known.isEmpty()) {
                    throw new InvalidInputException("tokenizer_config.json: " + key
                            + " is missing, or not in the vocabulary, and documents " + verb + " with it");
                }
                yield known;
            }
            case IF_KNOWN -> known;
            case ABSENT -> OptionalInt.empty();
        };
    }

    /** The same with another token before each document. */
    public DocumentMarks withBos(int id) {
        return new DocumentMarks(OptionalInt.of(id), eos);
    }

    /** A document: {@code ids} with the marks around them. */
    public int[] around(int[] ids) {
        int before = bos.isPresent() ? 1 : 0;
        int after = eos.isPresent() ? 1 : 0;
        int[] all = new int[before + ids.length + after];
        bos.ifPresent(id -> all[0] = id);
        System.arraycopy(ids, 0, all, before, ids.length);
        eos.ifPresent(id -> all[all.length - 1] = id);
        return all;
    }
}
