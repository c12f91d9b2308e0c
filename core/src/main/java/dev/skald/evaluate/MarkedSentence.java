package dev.skald.evaluate;

import java.util.ArrayList;
import java.util.List;

/**
 * A correct sentence, and two ways to spoil it: without the word behind {@code *}, and with the words beside {@code ~} in the other order. As ScaLA
 * (Nielsen 2023) does it, but that the places were chosen by hand: a word that can be left out, or a place where both orders are right, spoils nothing.
 */
record MarkedSentence(String good, String deleted, String swapped) {

    static MarkedSentence parse(String marked) {
        List<String> words = new ArrayList<>();
        int delete = -1;
        int swap = -1;
        for (String part : marked.strip().split(" ", -1)) {
            String[] pair = part.split("~", -1);
            for (int i = 0; i < pair.length; i++) {
                if (i == 1) {
                    swap = words.size() - 1;
                }
                if (pair[i].startsWith("*")) {
                    delete = words.size();
                }
                words.add(pair[i].replace("*", ""));
            }
        }
        if (delete < 0 || swap < 0) {
            throw new IllegalArgumentException("no place to spoil: " + marked);
        }
        List<String> without = new ArrayList<>(words);
        without.remove(delete);
        List<String> turned = new ArrayList<>(words);
        turned.set(swap, core(words.get(swap + 1)) + punctuation(words.get(swap)));
        turned.set(swap + 1, core(words.get(swap)) + punctuation(words.get(swap + 1)));
        return new MarkedSentence(String.join(" ", words), String.join(" ", without), String.join(" ", turned));
    }

    private static String core(String word) {
        return word.replaceAll("[.,]$", "");
    }

    private static String punctuation(String word) {
        return word.substring(core(word).length());
    }
}
