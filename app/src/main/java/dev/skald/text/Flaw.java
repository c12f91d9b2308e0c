package dev.skald.text;

import java.util.List;

/**
 * Why a record is no document.
 *
 * @param reason what is wrong, without the details of this record, so that reasons can be counted
 * @param detail of this record, or the empty string
 * @param refusal all of it as the one line that a user sees where flaws are refused
 * @param record its bytes, or as many as there are
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once
public record Flaw(Place place, Kind kind, String reason, String detail, String refusal, byte[] record) {

    /** The kinds of flaws. */
    public enum Kind {
        /** Longer than the reader may hold. */
        TOO_LONG("too long"),
        /** The file is damaged, or ends too early: nothing comes after it. */
        UNREADABLE("unreadable from here on"),
        /** The record is damaged; those after it can be read. */
        DAMAGED("damaged"),
        /** Not UTF-8, and not to be repaired. */
        NOT_UTF8("not UTF-8"),
        /** Not JSON, or more than one object in a line. */
        NOT_JSON("not JSON"),
        /** JSON, but not an object. */
        NOT_AN_OBJECT("not a JSON object"),
        /** No field for the text, or not a string in it. */
        NO_TEXT("no text"),
        /** A row without a value where the text would be. */
        NULL_TEXT("no text");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    /** A flaw of a record, or of what could be read of it. */
    public static Flaw of(Place place, Kind kind, String detail, byte[] record) {
        String refusal = place + ": " + kind.words + (detail.isEmpty() ? "" : ": " + detail);
        return new Flaw(place, kind, kind.words, detail, refusal, record);
    }

    /**
     * Damage, after which nothing can be read.
     *
     * @param refusal says it with the file's name
     */
    public static Flaw damage(Place place, String detail, String refusal, byte[] record) {
        return new Flaw(place, Kind.UNREADABLE, Kind.UNREADABLE.words, detail, refusal, record);
    }

    /**
     * A record without a text.
     *
     * @param found the fields that it has, if that is what is wrong
     */
    static Flaw noText(Place place, Kind kind, String field, String detail, List<String> found, byte[] record) {
        String reason = "no text in field '" + field + "'";
        String refusal =
                place + ": " + reason + ": " + detail + (found.isEmpty() ? "" : "; found " + String.join(", ", found));
        return new Flaw(place, kind, reason, detail, refusal, record);
    }
}
