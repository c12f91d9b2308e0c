package dev.skald.compare;

import java.util.List;

/**
 * Something that a reader has to know of a comparison.
 *
 * @param run that it is about
 * @param kind a stable name: {@code setting}, {@code items}, {@code prompts}: the two were not asked the same; {@code pairing}, {@code unpaired},
 *     {@code missing}
 * @param text what it is
 * @param tasks in which
 */
public record Notice(String run, String kind, String text, List<String> tasks) {

    static final String SETTING = "setting";
    static final String ITEMS = "items";
    static final String PROMPTS = "prompts";
    static final String PAIRING = "pairing";
    static final String UNPAIRED = "unpaired";
    static final String MISSING = "missing";

    private static final int NAMED_TASKS = 3;

    /** One line of text. */
    String line() {
        int more = tasks.size() - NAMED_TASKS;
        String where = String.join(", ", tasks.subList(0, Math.min(NAMED_TASKS, tasks.size())))
                + (more > 0 ? " and " + more + " more" : "");
        return run + ": " + (where.isEmpty() ? "" : where + ": ") + text;
    }
}
