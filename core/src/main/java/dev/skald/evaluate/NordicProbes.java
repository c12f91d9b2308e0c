package dev.skald.evaluate;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * Tasks that need no data but what is here: sentences and words of our own in Swedish, Danish, Bokmål and Nynorsk (nordic-sentences.txt, nordic-words.json), and
 * what a fixed seed makes of them. Each is multiple choice; names are {@code nordic-KIND-LANGUAGE}. They show whether a model reads and writes a language
 * and learns from its context, cheaply enough to be asked again and again; they do not rank good models.
 */
public final class NordicProbes {

    /** All of them. */
    public static final String GROUP = "nordic-probes";

    private static final List<String> LANGUAGES = List.of("sv", "da", "nb", "nn");
    private final ProbeLanguage words;
    private final List<MarkedSentence> sentences;
    private final Map<String, List<MarkedSentence>> others;
    private final String language;
    private final Random random;

    private NordicProbes(String language, String kind) {
        this.language = language;
        this.random = new Random((kind + "-" + language).hashCode()); // a String's hash is the same everywhere
        this.words = read().get(language);
        Map<String, List<MarkedSentence>> all = sentences();
        this.sentences = all.get(language);
        this.others = all;
    }

    /** What there is, in the order of {@link #names}. */
    enum Kind {
        PAIRS,
        ACCEPTABILITY,
        COPYING,
        LABELS,
        ARITHMETIC,
        ZEBRA,
        TRANSLATION,
        SPELLING;

        String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The names of all tasks. */
    public static List<String> names() {
        List<String> names = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            LANGUAGES.forEach(language -> names.add("nordic-" + kind.key() + "-" + language));
        }
        return names;
    }

    /** The tasks of a name: {@link #GROUP}, the same with a language behind it ({@code nordic-probes-nn}), or one of {@link #names}; empty for any other. */
    public static Optional<List<Task>> named(String name) {
        List<String> wanted = names().stream()
                .filter(each -> name.equals(GROUP)
                        || name.equals(each)
                        || name.equals(GROUP + each.substring(each.lastIndexOf('-'))))
                .toList();
        return wanted.isEmpty()
                ? Optional.empty()
                : Optional.of(wanted.stream().map(NordicProbes::task).toList());
    }

    private static Task task(String name) {
        String language = name.substring(name.lastIndexOf('-') + 1);
        String kind = name.substring("nordic-".length(), name.length() - 3);
        NordicProbes probes = new NordicProbes(language, kind);
        return switch (Kind.valueOf(kind.toUpperCase(Locale.ROOT))) {
            case PAIRS -> probes.task(name, 0, "", "\\n", "{metric: acc}, {metric: acc_norm}", probes.pairs());
            case ACCEPTABILITY ->
                probes.task(
                        name, 6, " ", "\\n\\n", "{metric: mcc}, {metric: f1_macro}, {metric: acc}", probes.judged());
            case COPYING -> probes.task(name, 3, " ", "\\n", "{metric: acc}", probes.copying());
            case LABELS -> probes.task(name, 8, " ", "\\n", "{metric: acc}, {metric: mcc}", probes.labels());
            case ARITHMETIC -> probes.task(name, 3, " ", "\\n", "{metric: acc}", probes.arithmetic());
            case ZEBRA -> probes.task(name, 2, " ", "\\n\\n", "{metric: acc}", probes.zebra());
            case TRANSLATION ->
                probes.task(name, 2, " ", "\\n\\n", "{metric: acc}, {metric: acc_norm}", probes.translations());
            case SPELLING -> probes.task(name, 0, " ", "\\n", "{metric: acc}, {metric: acc_norm}", probes.spelling());
        };
    }

    /** The first rows are the examples. */
    private Task task(String name, int shots, String before, String between, String metrics, List<Row> rows) {
        Task.Data data =
                new Task.Data().put("shots", rows.subList(0, shots)).put("test", rows.subList(shots, rows.size()));
        return TaskFile.parse(name, """
                    task: %s
                    test_split: test
                    fewshot_split: shots
                    fewshot_config: {sampler: first_n}
                    num_fewshot: %d
                    output_type: multiple_choice
                    doc_to_text: text
                    doc_to_choice: choices
                    doc_to_target: answer
                    target_delimiter: "%s"
                    fewshot_delimiter: "%s"
                    metric_list: [%s]
                    metadata: {version: 1.0}
                    """.formatted(name, shots, before, between, metrics), data);
    }

    private static Row row(List<Row> rows, String text, List<String> choices, int answer) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("text", text);
        fields.put("choices", choices);
        fields.put("answer", answer);
        return new Row(fields, "item " + (rows.size() + 1));
    }

    /** Adds an item whose choices stand in a drawn order. */
    private void add(List<Row> rows, String text, String right, List<String> wrong) {
        List<String> choices = new ArrayList<>(wrong);
        choices.add(right);
        Collections.shuffle(choices, random);
        rows.add(row(rows, text, choices, choices.indexOf(right)));
    }

    private List<Row> pairs() {
        List<Row> rows = new ArrayList<>();
        for (MarkedSentence each : sentences) {
            add(rows, "", each.good(), List.of(each.deleted()));
            add(rows, "", each.good(), List.of(each.swapped()));
        }
        return rows;
    }

    private List<Row> judged() {
        List<Row> rows = new ArrayList<>();
        boolean delete = true;
        for (MarkedSentence each : sentences) {
            boolean goodFirst = rows.size() % 4 == 0;
            judge(rows, goodFirst ? each.good() : delete ? each.deleted() : each.swapped(), goodFirst);
            judge(rows, goodFirst ? delete ? each.deleted() : each.swapped() : each.good(), !goodFirst);
            delete = !delete;
        }
        return rows;
    }

    private void judge(List<Row> rows, String sentence, boolean good) {
        String text = words.sentence() + ": " + sentence + "\n" + words.correct() + ":";
        rows.add(row(rows, text, List.of(words.no(), words.yes()), good ? 1 : 0));
    }

    private List<Row> copying() {
        List<String> nouns = ProbeLanguage.words(words.nouns());
        Set<String> texts = new HashSet<>();
        List<Row> rows = new ArrayList<>();
        while (rows.size() < 103) {
            List<String> four = new ArrayList<>(nouns);
            Collections.shuffle(four, random);
            four = new ArrayList<>(four.subList(0, 4));
            String right = String.join(" ", four);
            if (texts.add(right)) {
                Set<String> wrong = new LinkedHashSet<>();
                while (wrong.size() < 3) {
                    Collections.shuffle(four, random);
                    String other = String.join(" ", four);
                    if (!other.equals(right)) {
                        wrong.add(other);
                    }
                }
                add(rows, words.repeat() + ": " + right + "\n" + words.repeated() + ":", right, List.copyOf(wrong));
            }
        }
        return rows;
    }

    /** A is an animal, B is food: nothing but the examples says so. */
    private List<Row> labels() {
        List<String> animals = new ArrayList<>(ProbeLanguage.words(words.animals()));
        List<String> food = new ArrayList<>(ProbeLanguage.words(words.food()));
        Collections.shuffle(animals, random);
        Collections.shuffle(food, random);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < animals.size(); i++) {
            boolean animalFirst = random.nextBoolean();
            label(rows, animalFirst ? animals.get(i) : food.get(i), animalFirst ? 0 : 1);
            label(rows, animalFirst ? food.get(i) : animals.get(i), animalFirst ? 1 : 0);
        }
        return rows;
    }

    private static void label(List<Row> rows, String word, int label) {
        rows.add(row(rows, word + ":", List.of("A", "B"), label));
    }

    private List<Row> arithmetic() {
        Set<String> texts = new HashSet<>();
        List<Row> rows = new ArrayList<>();
        while (rows.size() < 103) {
            int a = 2 + random.nextInt(18);
            int b = 2 + random.nextInt(18);
            int kind = random.nextInt(3);
            int x = kind == 2 ? 2 + a % 9 : kind == 1 ? Math.max(a, b) : a;
            int y = kind == 2 ? 2 + b % 9 : kind == 1 ? Math.min(a, b) : b;
            int right = kind == 0 ? x + y : kind == 1 ? x - y : x * y;
            String sum = x + " " + "+-*".charAt(kind) + " " + y;
            if (texts.add(sum)) {
                List<String> wrong = new ArrayList<>();
                List<Integer> steps = new ArrayList<>(List.of(-10, -2, -1, 1, 2, 10));
                Collections.shuffle(steps, random);
                for (int step : steps) {
                    if (wrong.size() < 3 && right + step >= 0) {
                        wrong.add(Integer.toString(right + step));
                    }
                }
                add(
                        rows,
                        words.sum() + " " + sum.replace('*', '×') + "? " + words.answer() + ":",
                        Integer.toString(right),
                        wrong);
            }
        }
        return rows;
    }

    private List<Row> zebra() {
        Set<String> texts = new HashSet<>();
        List<Row> rows = new ArrayList<>();
        while (rows.size() < 62) {
            Zebra zebra = Zebra.of(words, random);
            if (texts.add(zebra.text())) {
                rows.add(row(rows, zebra.text() + " " + words.answer() + ":", zebra.people(), zebra.right()));
            }
        }
        return rows;
    }

    /** Into this language from the three others; what is the same in both is left out. */
    private List<Row> translations() {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < sentences.size(); i++) {
            for (String from : LANGUAGES) {
                String source = others.get(from).get(i).good();
                String right = sentences.get(i).good();
                if (from.equals(language) || source.equals(right)) {
                    continue;
                }
                Set<String> wrong = new LinkedHashSet<>();
                while (wrong.size() < 3) {
                    int other = random.nextInt(sentences.size());
                    if (other != i) {
                        wrong.add(sentences.get(other).good());
                    }
                }
                add(
                        rows,
                        words.languages().get(from) + ": " + source + "\n" + words.name() + ":",
                        right,
                        List.copyOf(wrong));
            }
        }
        return rows;
    }

    private List<Row> spelling() {
        List<Row> rows = new ArrayList<>();
        for (String pair : ProbeLanguage.words(words.spelling())) {
            int bar = pair.indexOf('|');
            add(rows, words.spelled() + ":", pair.substring(0, bar), List.of(pair.substring(bar + 1)));
        }
        return rows;
    }

    private static Map<String, ProbeLanguage> read() {
        try (InputStream in = NordicProbes.class.getResourceAsStream("nordic-words.json")) {
            return StrictJson.mapper().readValue(in, new TypeReference<>() {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** By language, in the same order. */
    private static Map<String, List<MarkedSentence>> sentences() {
        Map<String, List<MarkedSentence>> all = new LinkedHashMap<>();
        LANGUAGES.forEach(language -> all.put(language, new ArrayList<>()));
        try (InputStream in = NordicProbes.class.getResourceAsStream("nordic-sentences.txt")) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                if (!line.startsWith("#")) {
                    String[] columns = line.split(" \\| ", -1);
                    for (int i = 0; i < columns.length; i++) {
                        all.get(LANGUAGES.get(i)).add(MarkedSentence.parse(columns[i]));
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return all;
    }
}
