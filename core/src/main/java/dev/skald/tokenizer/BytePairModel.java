package dev.skald.tokenizer;

import dev.skald.InvalidInputException;

/** The model of tokenizer.json: vocabulary, merges, and what becomes of a character that is no token. Immutable. */
final class BytePairModel {

    private final Vocabulary vocabulary;
    private final Merges merges;
    private final boolean ignoreMerges;
    private final boolean fuseUnknown;
    private final int unknownId;
    private final int[] byteIds = new int[256];
    /** The tokens {@code <0x00>} to {@code <0xFF>}, -1 where there is none; null without byte_fallback. */
    private final int[] fallbackIds;

    /**
     * @param unknown unk_token, or null
     */
    BytePairModel(
            Vocabulary vocabulary,
            Merges merges,
            boolean ignoreMerges,
            boolean byteFallback,
            String unknown,
            boolean fuseUnknown) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.ignoreMerges = ignoreMerges;
        this.fuseUnknown = fuseUnknown;
        unknownId = unknown == null ? -1 : vocabulary.find(unknown);
        if (unknown != null && unknownId < 0) {
            throw new InvalidInputException("model.unk_token: " + Quoted.of(unknown) + " is not in model.vocab");
        }
        byte[] one = new byte[1];
        for (int b = 0; b < 256; b++) {
            one[0] = (byte) b;
            byteIds[b] = vocabulary.byteLevel() || b < 0x80 ? vocabulary.find(one, 0, 1) : -1;
        }
        fallbackIds = byteFallback ? new int[256] : null;
        for (int b = 0; byteFallback && b < 256; b++) {
            fallbackIds[b] = vocabulary.find(String.format("<0x%02X>", b));
        }
    }

    Vocabulary vocabulary() {
        return vocabulary;
    }

    Merges merges() {
        return merges;
    }

    boolean ignoreMerges() {
        return ignoreMerges;
    }

    boolean fuseUnknown() {
        return fuseUnknown;
    }

    /** The id of unk_token, or -1. */
    int unknownId() {
        return unknownId;
    }

    /** The token of this single byte, or -1. */
    int byteId(byte b) {
        return byteIds[b & 0xFF];
    }

    /** Whether each of these bytes has a token that stands for it. */
    boolean fallback(byte[] utf8, int from, int to) {
        if (fallbackIds == null) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (fallbackIds[utf8[i] & 0xFF] < 0) {
                return false;
            }
        }
        return true;
    }

    int fallbackId(byte b) {
        return fallbackIds[b & 0xFF];
    }
}
