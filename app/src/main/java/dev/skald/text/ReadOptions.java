package dev.skald.text;

/**
 * How records become documents.
 *
 * @param fields that are wanted
 * @param metadata whether the other fields of a JSON object are wanted too
 * @param maxBytes a longer record is a flaw
 * @param repairUtf8 whether what is not UTF-8 becomes U+FFFD; else it is a flaw
 * @param flaws what becomes of records that are no documents
 */
public record ReadOptions(Fields fields, boolean metadata, int maxBytes, boolean repairUtf8, Flaws flaws) {

    /** A byte array can be about as long. */
    private static final int LONGEST = Integer.MAX_VALUE - 16;

    /** Every record has to be a document. */
    public static ReadOptions strict(Fields fields) {
        return new ReadOptions(fields, false, LONGEST, false, Flaws.REFUSED);
    }
}
