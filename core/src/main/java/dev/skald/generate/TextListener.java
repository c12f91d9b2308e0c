package dev.skald.generate;

/** Is told of text while it is generated. */
@FunctionalInterface
public interface TextListener {

    /**
     * Called on the thread that waits for the texts, for each piece of text that is certain: whole characters, special tokens left out.
     *
     * @param sequence which text: prompts in order, each with its sequences
     * @param text what follows what was told before; never empty
     */
    void onText(int sequence, String text);
}
