package dev.skald.compare;

import java.util.Map;

/**
 * What a run made of one item.
 *
 * @param doc its number in its file
 * @param key what tells which item it is: a hash of its document, "" where the file has none
 * @param prompt a hash of what the model was asked, "" where the file has none
 * @param question the end of that, for readers
 * @param target what is right
 * @param answer what the model said, or the choice that it found the most likely; "" where the file does not say
 * @param values by metric, as {@link TaskResult#figures}
 */
record Item(
        long doc,
        String key,
        String prompt,
        String question,
        String target,
        String answer,
        Map<String, double[]> values) {}
