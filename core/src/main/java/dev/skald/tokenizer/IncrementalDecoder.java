package dev.skald.tokenizer;

/**
 * Decodes ids as they come, and gives out no half character: all texts that {@link #add} and {@link #finish} return, one after the other, are what
 * {@link Tokenizer#decode} returns for all the ids. Not thread-safe.
 */
public final class IncrementalDecoder {

    private final Tokenizer tokenizer;
    private final boolean skipSpecialTokens;
    private final Decoder.Stage stage;

    IncrementalDecoder(Tokenizer tokenizer, Decoder decoder, boolean skipSpecialTokens) {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
        stage = decoder.begin();
    }

    /**
     * Takes the next id.
     *
     * @return the text that became certain, often the empty string
     * @throws dev.skald.InvalidInputException if the id is not in the vocabulary
     */
    public String add(int id) {
        String token = tokenizer.token(id);
        if (skipSpecialTokens && tokenizer.isSpecial(id)) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        stage.accept(token, text::append);
        return text.toString();
    }

    /** Ends the text: what was held back, with U+FFFD for a character that never became whole. */
    public String finish() {
        StringBuilder text = new StringBuilder();
        stage.finish(text::append);
        return text.toString();
    }
}
