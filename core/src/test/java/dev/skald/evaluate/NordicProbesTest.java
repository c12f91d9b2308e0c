package dev.skald.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sizes, one right answer for each item, and what somebody who guesses, or always says the same, comes to. */
class NordicProbesTest {

    private static final Map<String, Integer> SIZES = Map.of(
            "pairs",
            72,
            "acceptability",
            66,
            "copying",
            100,
            "labels",
            32,
            "arithmetic",
            100,
            "zebra",
            60,
            "spelling",
            28);

    @TempDir
    private Path directory;

    static List<String> names() {
        return NordicProbes.names();
    }

    @ParameterizedTest
    @MethodSource("names")
    void itemsHaveOneRightAnswer(String name) {
        Task task = NordicProbes.named(name).orElseThrow().getFirst();
        String kind = name.split("-", -1)[1];
        assertThat(task.name()).isEqualTo(name);
        if (kind.equals("translation")) {
            assertThat(task.size()).isBetween(100, 106);
        } else {
            assertThat(task.size()).isEqualTo(SIZES.get(kind));
        }
        Map<Integer, Integer> answers = new HashMap<>();
        Set<String> questions = new HashSet<>();
        int choices = 0;
        for (Row row : task.rows()) {
            List<String> all = task.templates().choices(row);
            choices = all.size();
            assertThat(all)
                    .doesNotHaveDuplicates()
                    .allSatisfy(choice -> assertThat(choice).isNotBlank().doesNotContain("*", "~", "|"));
            List<Integer> gold = task.templates().gold(row, all);
            assertThat(gold).hasSize(1);
            answers.merge(gold.getFirst(), 1, Integer::sum);
            assertThat(questions.add(task.templates().text(row) + all))
                    .as("twice: %s", row)
                    .isTrue();
            assertThat(task.templates().text(row)).doesNotContain("*", "~", "%");
        }
        // Whoever always gives the same answer has about the share of a guess.
        double guess = (double) task.size() / choices;
        double spread = 4 * Math.sqrt(guess * (1 - 1.0 / choices));
        int most = choices;
        assertThat(answers).hasSize(choices).allSatisfy((answer, count) -> {
            assertThat(answer).isBetween(0, most - 1);
            assertThat((double) count).isBetween(guess - spread, guess + spread);
        });
    }

    @Test
    void aSeedGivesTheSameTasksAndNamesGiveTheirs() {
        assertThat(NordicProbes.names()).hasSize(32).contains("nordic-zebra-nn");
        assertThat(NordicProbes.named("nordic-probes").orElseThrow()).hasSize(32);
        assertThat(NordicProbes.named("nordic-probes-da").orElseThrow())
                .extracting(Task::name)
                .hasSize(8)
                .allMatch(name -> name.endsWith("-da"));
        assertThat(NordicProbes.named("nordic-probes-fi")).isEmpty();
        assertThat(NordicProbes.named("nordic-zebra-sv")
                        .orElseThrow()
                        .getFirst()
                        .rows())
                .isEqualTo(NordicProbes.named("nordic-zebra-sv")
                        .orElseThrow()
                        .getFirst()
                        .rows());
    }

    @Test
    void wordsAreDeletedAndSwapped() {
        MarkedSentence sentence = MarkedSentence.parse("Hun *spurgte, om~jeg ville tage med.");
        assertThat(sentence.good()).isEqualTo("Hun spurgte, om jeg ville tage med.");
        assertThat(sentence.deleted()).isEqualTo("Hun om jeg ville tage med.");
        assertThat(sentence.swapped()).isEqualTo("Hun spurgte, jeg om ville tage med.");
        assertThat(MarkedSentence.parse("Det *regner om~høsten.").swapped()).isEqualTo("Det regner høsten om.");
    }

    /** Solved again from their Swedish text. */
    @Test
    void puzzlesHaveOneSolution() {
        Task task = NordicProbes.named("nordic-zebra-sv").orElseThrow().getFirst();
        for (Row row : task.rows()) {
            String text = task.templates().text(row);
            List<String> people = task.templates().choices(row);
            Matcher asked = Pattern.compile("Vem har (en \\w+)\\?", Pattern.UNICODE_CHARACTER_CLASS)
                    .matcher(text);
            assertThat(asked.find()).isTrue();
            Set<String> owners = new HashSet<>();
            int solutions = 0;
            for (List<String> order : orders(people)) {
                for (List<String> owner : orders(people)) {
                    if (holds(text, order, owner)) {
                        solutions++;
                        owners.add(owner.get(pets(text).indexOf(asked.group(1))));
                    }
                }
            }
            assertThat(solutions).as(text).isEqualTo(1);
            assertThat(owners)
                    .containsExactly(
                            people.get(task.templates().gold(row, people).getFirst()));
        }
    }

    private static List<String> pets(String text) {
        Matcher matcher = Pattern.compile("djur: (.*?), (.*?) och (.*?)\\.").matcher(text);
        assertThat(matcher.find()).isTrue();
        return List.of(matcher.group(1), matcher.group(2), matcher.group(3));
    }

    private static List<List<String>> orders(List<String> three) {
        List<List<String>> orders = new ArrayList<>();
        for (int[] o : new int[][] {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
            orders.add(List.of(three.get(o[0]), three.get(o[1]), three.get(o[2])));
        }
        return orders;
    }

    /** Whether all hints hold: {@code owner} has the animals in the order of the text. */
    private static boolean holds(String text, List<String> order, List<String> owner) {
        List<String> places = List.of("längst till vänster", "i mitten", "längst till höger");
        List<String> pets = pets(text);
        String[] parts = text.split("(?<=\\.) ", -1);
        for (String hint : parts) {
            boolean holds = true;
            Matcher left = Pattern.compile("(\\w+) står direkt till vänster om (\\w+)\\.")
                    .matcher(hint);
            Matcher stands =
                    Pattern.compile("(\\w+) står (längst.*|i mitten)\\.").matcher(hint);
            Matcher who = Pattern.compile("Den som har (.*) står (.*)\\.").matcher(hint);
            Matcher has = Pattern.compile("(\\w+) har (inte )?(.*)\\.").matcher(hint);
            if (left.matches()) {
                holds = order.indexOf(left.group(1)) + 1 == order.indexOf(left.group(2));
            } else if (who.matches()) {
                holds = order.indexOf(owner.get(pets.indexOf(who.group(1)))) == places.indexOf(who.group(2));
            } else if (stands.matches()) {
                holds = order.indexOf(stands.group(1)) == places.indexOf(stands.group(2));
            } else if (has.matches() && pets.contains(has.group(3))) {
                holds = owner.get(pets.indexOf(has.group(3))).equals(has.group(1)) == (has.group(2) == null);
            }
            if (!holds) {
                return false;
            }
        }
        return true;
    }

    private static String word(int id, String form, String tag, String misc) {
        return String.join("\t", Integer.toString(id), form, "_", tag, "_", "_", "0", "_", "_", misc) + "\n";
    }

    @Test
    void aTreebankMakesPairs() throws IOException {
        String sentence = "# text = Anna läser ofta en lång bok.\n" + word(1, "Anna", "PROPN", "_")
                + word(2, "läser", "VERB", "_") + word(3, "ofta", "ADV", "_") + word(4, "en", "DET", "_")
                + word(5, "lång", "ADJ", "_") + word(6, "bok", "NOUN", "SpaceAfter=No") + word(7, ".", "PUNCT", "_");
        String shorter = word(1, "Nej", "INTJ", "SpaceAfter=No") + word(2, ".", "PUNCT", "_");
        Files.writeString(directory.resolve("a.conllu"), (sentence + "\n").repeat(40) + shorter + "\n");
        Path file = Files.writeString(directory.resolve("scala.yaml"), """
                task: scala_sv
                dataset_path: scala
                dataset_kwargs: {data_files: {test: a.conllu}}
                test_split: test
                output_type: multiple_choice
                doc_to_text: ""
                doc_to_choice: "{{[good, bad]}}"
                doc_to_target: 0
                target_delimiter: ""
                """);
        Task task = TaskFile.read(file, _ -> List.of()).getFirst();
        assertThat(task.size()).isEqualTo(40);
        Set<String> bad = new HashSet<>();
        task.rows().forEach(row -> {
            assertThat(row.fields()).containsEntry("good", "Anna läser ofta en lång bok.");
            bad.add((String) row.fields().get("bad"));
        });
        assertThat(bad)
                .isSubsetOf(
                        "Läser ofta en lång bok.",
                        "Anna ofta en lång bok.",
                        "Anna läser ofta en lång.",
                        "Läser Anna ofta en lång bok.",
                        "Anna ofta läser en lång bok.",
                        "Anna läser en ofta lång bok.",
                        "Anna läser ofta lång en bok.",
                        "Anna läser ofta en bok lång.")
                .hasSizeGreaterThan(5);
        assertThat(task.rows().getFirst().place()).isEqualTo("a.conllu:1");
        Files.writeString(directory.resolve("a.conllu"), "1\tAnna\n");
        assertThatThrownBy(() -> TaskFile.read(file, _ -> List.of()))
                .hasMessageContaining("a.conllu:1: found 2 columns, expected the 10 of CoNLL-U");
    }
}
