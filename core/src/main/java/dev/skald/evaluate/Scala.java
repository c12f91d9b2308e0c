package dev.skald.evaluate;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Makes pairs of a correct and a spoiled sentence of a treebank in CoNLL-U (Universal Dependencies), by the rule of ScaLA (Nielsen, ScandEval, 2023; its
 * create_scala.py): of sentences of more than 5 words and more than 5 kinds of words, with quotation marks in pairs, that do not begin with punctuation,
 * a word is deleted that is none of ADJ, ADV, PUNCT, SYM, DET, NUM and PART, and a noun only where no other stands beside it; or two neighbours of
 * different kinds change places, none of them punctuation, and not a pronoun and an auxiliary.
 */
final class Scala {

    private static final Set<String> NEVER_DELETED = Set.of("ADJ", "ADV", "PUNCT", "SYM", "DET", "NUM", "PART");
    private static final Set<String> NOUNS = Set.of("NOUN", "PROPN");
    private static final Set<String> MARKS = Set.of("PUNCT", "SYM");
    private static final int FEWEST = 5;

    private Scala() {}

    /**
     * A word, and whether a blank follows it.
     *
     * @param tag universal part of speech
     */
    private record Word(String form, String tag, boolean space) {}

    /**
     * The rows of a file: {@code good} and {@code bad}, what was done ({@code delete} or {@code swap}), and for yes or no {@code text}, every second time
     * the good sentence, with {@code label} 1, else the bad one with 0. Always the same for the same file.
     */
    static List<Row> read(Path file) throws IOException {
        List<Row> rows = new ArrayList<>();
        Random random = new Random(4242);
        List<Word> words = new ArrayList<>();
        int number = 0;
        int start = 1;
        int whole = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            if (line.isBlank()) {
                add(rows, words, file.getFileName() + ":" + start, random);
                words = new ArrayList<>();
                start = number + 1;
                whole = 0;
            } else if (!line.startsWith("#")) {
                String[] columns = line.split("\t", -1);
                if (columns.length != 10) {
                    throw new InvalidInputException(file + ":" + number + ": found " + columns.length
                            + " columns, expected the 10 of CoNLL-U, with tabs between them");
                }
                boolean space = !columns[9].contains("SpaceAfter=No");
                if (columns[0].contains("-")) { // several words that are written as one: it is taken, they are not
                    words.add(new Word(columns[1], "X", space));
                    whole = Integer.parseInt(columns[0].substring(columns[0].indexOf('-') + 1));
                } else if (!columns[0].contains(".") && Integer.parseInt(columns[0]) > whole) {
                    words.add(new Word(columns[1], columns[3], space));
                }
            }
        }
        add(rows, words, file.getFileName() + ":" + start, random);
        return rows;
    }

    private static void add(List<Row> rows, List<Word> words, String place, Random random) {
        if (!isFit(words)) {
            return;
        }
        boolean delete = random.nextBoolean();
        List<Integer> places = delete ? deletable(words) : swappable(words);
        if (places.isEmpty()) {
            return;
        }
        int at = places.get(random.nextInt(places.size()));
        List<Word> spoiled = new ArrayList<>(words);
        if (delete) {
            Word gone = spoiled.remove(at);
            if (at > 0 && !gone.space) {
                Word before = spoiled.get(at - 1);
                spoiled.set(at - 1, new Word(before.form, before.tag, false));
            }
        } else {
            Word one = words.get(at);
            Word other = words.get(at + 1);
            spoiled.set(at, new Word(other.form, other.tag, one.space));
            spoiled.set(at + 1, new Word(one.form, one.tag, other.space));
        }
        String good = text(words);
        String bad = text(at == 0 ? cased(spoiled) : spoiled);
        boolean label = rows.size() % 2 == 0;
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("good", good);
        fields.put("bad", bad);
        fields.put("corruption", delete ? "delete" : "swap");
        fields.put("text", label ? good : bad);
        fields.put("label", label ? 1 : 0);
        rows.add(new Row(fields, place));
    }

    private static boolean isFit(List<Word> words) {
        Set<String> tags = new HashSet<>();
        words.forEach(word -> tags.add(word.tag));
        long quotes = words.stream().filter(word -> word.form.equals("\"")).count();
        return words.size() > FEWEST
                && tags.size() > FEWEST
                && quotes % 2 == 0
                && !MARKS.contains(words.getFirst().tag);
    }

    private static List<Integer> deletable(List<Word> words) {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            String tag = words.get(i).tag;
            boolean besideNoun = (i > 0 && NOUNS.contains(words.get(i - 1).tag))
                    || (i + 1 < words.size() && NOUNS.contains(words.get(i + 1).tag));
            if (!NEVER_DELETED.contains(tag) && !(NOUNS.contains(tag) && besideNoun)) {
                places.add(i);
            }
        }
        return places;
    }

    private static List<Integer> swappable(List<Word> words) {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i + 1 < words.size(); i++) {
            String one = words.get(i).tag;
            String other = words.get(i + 1).tag;
            boolean pronounAndAuxiliary = Set.of("PRON", "AUX").equals(new HashSet<>(List.of(one, other)));
            if (!MARKS.contains(one) && !MARKS.contains(other) && !one.equals(other) && !pronounAndAuxiliary) {
                places.add(i);
            }
        }
        return places;
    }

    /** A new first word gets the capital letter, which the old one loses unless it is a name. */
    private static List<Word> cased(List<Word> words) {
        List<Word> cased = new ArrayList<>(words);
        Word first = words.getFirst();
        int end = first.form.offsetByCodePoints(0, 1);
        String capital = first.form.substring(0, end).toUpperCase(Locale.ROOT) + first.form.substring(end);
        cased.set(0, new Word(capital, first.tag, first.space));
        Word second = words.get(1);
        if (!second.tag.equals("PROPN")) {
            cased.set(1, new Word(second.form.toLowerCase(Locale.ROOT), second.tag, second.space));
        }
        return cased;
    }

    private static String text(List<Word> words) {
        StringBuilder text = new StringBuilder();
        for (Word word : words) {
            text.append(word.form).append(word.space ? " " : "");
        }
        return text.toString().strip();
    }
}
