package dev.skald.generate;

import dev.skald.tokenizer.IncrementalDecoder;
import dev.skald.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;

/**
 * The text of one sequence as its tokens come, and whether it has come to a stop string.
 *
 * <p>In one of two ways. As transformers' {@code StopStringCriteria} has it, a stop string ends in what the last token added, may begin in the prompt or
 * be a special token, and stays in the text. As servers have it, it is looked for in the new text alone and left out, and text that may be the
 * beginning of one is held back until it cannot be.
 */
final class Transcript {

    private final Tokenizer tokenizer;
    private final List<String> stops;
    private final boolean hidden;
    private final IncrementalDecoder decoder;
    /** Prompt and continuation with special tokens; where stop strings stay in the text. */
    private final StringBuilder full = new StringBuilder();

    private final IncrementalDecoder fullDecoder;
    private final StringBuilder generated = new StringBuilder();
    /** How much of what was generated has been told. */
    private int told;

    private Optional<String> stop = Optional.empty();

    /** @param hidden whether stop strings are left out */
    Transcript(Tokenizer tokenizer, int[] prompt, List<String> stops, boolean hidden) {
        this.tokenizer = tokenizer;
        this.stops = stops;
        this.hidden = hidden;
        this.decoder = tokenizer.decoder(true);
        this.fullDecoder = tokenizer.decoder(false);
        for (int id : prompt) {
            text(decoder, id); // the continuation's first characters depend on what is before them
            full.append(text(fullDecoder, id));
        }
    }

    /** Takes the next token; what it finds is in {@link #stop()}. */
    void add(int id) {
        generated.append(text(decoder, id));
        if (hidden) {
            findHidden();
            return;
        }
        int before = full.length();
        full.append(text(fullDecoder, id));
        stop = stops.stream()
                .filter(each -> full.indexOf(each, Math.max(0, before - each.length() + 1)) >= 0)
                .findFirst();
    }

    /** No more tokens come: what was held back of a character is there now. */
    void finish() {
        if (stop.isEmpty() || !hidden) {
            generated.append(decoder.finish());
        }
        if (stop.isEmpty() && hidden) {
            findHidden();
        }
    }

    private void findHidden() {
        int first = -1;
        for (String each : stops) {
            int at = generated.indexOf(each, told);
            if (at >= 0 && (first < 0 || at < first)) {
                first = at;
                stop = Optional.of(each);
            }
        }
        if (first >= 0) {
            generated.setLength(first);
        }
    }

    /**
     * What became certain since the last call.
     *
     * @param all whether the text is complete
     */
    String certain(boolean all) {
        int end = generated.length();
        if (hidden && !all && stop.isEmpty()) {
            end -= held();
        }
        String text = generated.substring(told, Math.max(told, end));
        told = Math.max(told, end);
        return text;
    }

    /** How many chars at the end may be the beginning of a stop string. */
    private int held() {
        int most = 0;
        for (String each : stops) {
            for (int length = Math.min(each.length() - 1, generated.length() - told); length > most; length--) {
                if (generated.indexOf(each.substring(0, length), generated.length() - length) >= 0) {
                    most = length;
                }
            }
        }
        return most;
    }

    /** The stop string that the text has come to. */
    Optional<String> stop() {
        return stop;
    }

    String generated() {
        return generated.toString();
    }

    /** A model may have more rows than its tokenizer has tokens; such an id has no text. */
    private String text(IncrementalDecoder by, int id) {
        return id < tokenizer.vocabSize() ? by.add(id) : "";
    }
}
