package dev.skald.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.skald.corpus.LanguageIdentifier;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.text.Collator;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The conversations and preference pairs that come with Skald: their form, and what of their content a program can check. */
class ConversationsTest {

    private record Message(String role, String content) {}

    private record Conversation(String id, String lang, String origin, List<Message> messages) {}

    private record Pair(String id, String lang, List<Message> prompt, String chosen, String rejected, String defect) {}

    /** A question, the system message it is asked under ("" if there is none), and an answer. */
    private record Turn(String id, String lang, String system, String question, String answer) {}

    private static final List<Conversation> TRAINING = read("conversations", Conversation.class);
    private static final List<Conversation> HELD_OUT = read("conversations-held-out", Conversation.class);
    private static final List<Pair> PAIRS = read("preferences", Pair.class);

    private static final Pattern SUM =
            Pattern.compile("(\\d+) (\\+|-|plus|pluss|minus|gånger|gange|ganger|gonger) (\\d+)");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final Pattern SORT = Pattern.compile("(?:Sortera|Sortér|Sorter) .*: (.*)\\.");
    private static final Pattern CAPITALS = Pattern.compile(
            "Skriv ordet (\\p{L}+) med (?:stora bokstäver|store bogstaver|store bokstaver|store bokstavar)\\.");

    private static <T> List<T> read(String name, Class<T> row) {
        JsonMapper mapper = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .build();
        try (InputStream in = ConversationsTest.class.getResourceAsStream(name + ".jsonl")) {
            String text = new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
            assertThat(text).as(name).endsWith("}\n").doesNotContain("\r");
            List<T> rows = new ArrayList<>();
            for (String line : text.lines().toList()) {
                rows.add(mapper.readValue(line, row));
            }
            return rows;
        } catch (IOException e) {
            throw new AssertionError(name, e);
        }
    }

    private static Stream<Conversation> conversations() {
        return Stream.concat(TRAINING.stream(), HELD_OUT.stream());
    }

    /** All messages of a row in turn, the answer of a pair that was chosen last. */
    private static Stream<List<Message>> dialogues() {
        return Stream.concat(
                conversations().map(Conversation::messages),
                PAIRS.stream().map(pair -> answered(pair.prompt(), pair.chosen())));
    }

    private static List<Message> answered(List<Message> prompt, String answer) {
        return Stream.concat(prompt.stream(), Stream.of(new Message("assistant", answer)))
                .toList();
    }

    private static List<Turn> turns(String id, String lang, List<Message> messages) {
        String system = messages.getFirst().role().equals("system")
                ? messages.getFirst().content()
                : "";
        List<Turn> turns = new ArrayList<>();
        for (int i = 1; i < messages.size(); i++) {
            if (messages.get(i).role().equals("assistant")) {
                turns.add(new Turn(
                        id,
                        lang,
                        system,
                        messages.get(i - 1).content(),
                        messages.get(i).content()));
            }
        }
        return turns;
    }

    /** Every question with the answer that is right. */
    private static List<Turn> turns() {
        return Stream.concat(
                        conversations().flatMap(row -> turns(row.id(), row.lang(), row.messages()).stream()),
                        PAIRS.stream()
                                .flatMap(row ->
                                        turns(row.id(), row.lang(), answered(row.prompt(), row.chosen())).stream()))
                .toList();
    }

    @Test
    void countsAreAsTheReadmeSays() {
        assertThat(count(TRAINING.stream().map(Conversation::lang)))
                .isEqualTo(Map.of("sv", 40L, "da", 26L, "nb", 26L, "nn", 20L));
        assertThat(count(HELD_OUT.stream().map(Conversation::lang)))
                .isEqualTo(Map.of("sv", 7L, "da", 7L, "nb", 7L, "nn", 7L));
        assertThat(count(PAIRS.stream().map(Pair::lang))).isEqualTo(Map.of("sv", 14L, "da", 9L, "nb", 9L, "nn", 8L));
        assertThat(count(PAIRS.stream().map(Pair::defect)))
                .isEqualTo(
                        Map.of("wrong language", 10L, "wrong sum", 10L, "ignores format", 10L, "needless length", 10L));
        assertThat(TRAINING).filteredOn(row -> questions(row.messages()) > 1).hasSize(25);
        assertThat(TRAINING)
                .filteredOn(row -> row.messages().getFirst().role().equals("system"))
                .hasSize(25);
        assertThat(conversations()).allMatch(row -> row.origin().equals("hand"));
    }

    private static Map<String, Long> count(Stream<String> names) {
        Map<String, Long> counts = new TreeMap<>();
        names.forEach(name -> counts.merge(name, 1L, Long::sum));
        return counts;
    }

    private static long questions(List<Message> messages) {
        return messages.stream()
                .filter(message -> message.role().equals("user"))
                .count();
    }

    @Test
    void idsAndFirstQuestionsOccurOnce() {
        assertThat(Stream.concat(
                        conversations().map(Conversation::id), PAIRS.stream().map(Pair::id)))
                .doesNotHaveDuplicates()
                .allMatch(id -> id.matches("(sv|da|nb|nn)-[hp]?\\d\\d"));
        assertThat(conversations()).allMatch(row -> row.id().startsWith(row.lang()));
        assertThat(PAIRS).allMatch(row -> row.id().startsWith(row.lang() + "-p"));
        assertThat(dialogues()
                        .map(messages -> messages.stream()
                                .filter(message -> message.role().equals("user"))
                                .findFirst()
                                .orElseThrow()
                                .content()
                                .toLowerCase(Locale.ROOT)))
                .doesNotHaveDuplicates();
    }

    @Test
    void rolesTakeTurnsAndTheLastOneIsTheAssistants() {
        dialogues().forEach(messages -> {
            List<String> roles = messages.stream().map(Message::role).toList();
            List<String> spoken = roles.getFirst().equals("system") ? roles.subList(1, roles.size()) : roles;
            assertThat(spoken).as(messages.toString()).hasSizeBetween(2, 6);
            assertThat(spoken.size() % 2).as(messages.toString()).isZero();
            for (int i = 0; i < spoken.size(); i++) {
                assertThat(spoken.get(i)).as(messages.toString()).isEqualTo(i % 2 == 0 ? "user" : "assistant");
            }
        });
    }

    @Test
    void textsAreInNormalFormCWithoutBlanksAroundThem() {
        Stream.concat(
                        dialogues().flatMap(List::stream).map(Message::content),
                        PAIRS.stream().map(Pair::rejected))
                .forEach(text -> assertThat(text)
                        .isNotEmpty()
                        .isEqualTo(text.strip())
                        .isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFC))
                        .doesNotContain("  ")
                        .matches("[\\p{L}\\d .,:?!+=-]+"));
    }

    @Test
    void answersAreShort() {
        assertThat(turns())
                .allSatisfy(turn -> assertThat(turn.answer().split(" ")).hasSizeBetween(1, 15));
    }

    @Test
    void sumsAreRight() {
        int sums = 0;
        for (Turn turn : turns()) {
            if (SUM.matcher(turn.question()).find()) {
                sums++;
                assertThat(last(turn.answer())).as(turn.toString()).isEqualTo(result(turn.question()));
            }
            if (SUM.matcher(turn.answer()).find()) {
                assertThat(last(turn.answer())).as(turn.toString()).isEqualTo(result(turn.answer()));
            }
        }
        assertThat(sums).isEqualTo(48);
        for (Pair pair : PAIRS) {
            if (pair.defect().equals("wrong sum")) {
                String question = pair.prompt().getLast().content();
                assertThat(last(pair.rejected())).as(pair.toString()).isNotEqualTo(result(question));
            }
        }
    }

    private static int result(String text) {
        Matcher sum = SUM.matcher(text);
        assertThat(sum.find()).as(text).isTrue();
        int a = Integer.parseInt(sum.group(1));
        int b = Integer.parseInt(sum.group(3));
        return switch (sum.group(2)) {
            case "+", "plus", "pluss" -> a + b;
            case "-", "minus" -> a - b;
            default -> a * b;
        };
    }

    private static int last(String text) {
        return NUMBER.matcher(text)
                .results()
                .mapToInt(number -> Integer.parseInt(number.group()))
                .reduce((first, second) -> second)
                .orElseThrow(() -> new AssertionError("no number in: " + text));
    }

    @Test
    void wordsAreSortedAndWrittenInCapitals() {
        int rewritten = 0;
        for (Turn turn : turns()) {
            Matcher sort = SORT.matcher(turn.question());
            Matcher capitals = CAPITALS.matcher(turn.question());
            Locale locale = Locale.of(turn.lang());
            if (sort.matches()) {
                rewritten++;
                assertThat(Stream.of(sort.group(1).split(", "))
                                .sorted(Collator.getInstance(locale))
                                .toList())
                        .as(turn.toString())
                        .hasSize(3)
                        .containsExactly(turn.answer().split(", "));
            } else if (capitals.matches()) {
                rewritten++;
                assertThat(turn.answer())
                        .as(turn.toString())
                        .isEqualTo(capitals.group(1).toUpperCase(locale));
            }
        }
        assertThat(rewritten).isEqualTo(19);
    }

    /** What a system message asks for is done: one word, a number alone, capital letters. */
    @Test
    void systemMessagesAreObeyed() {
        Set<String> known = new HashSet<>();
        for (Turn turn : turns()) {
            String wanted = switch (turn.system()) {
                case "Svara med ett enda ord.", "Svar med ét ord.", "Svar med ett ord.", "Svar med eitt ord." ->
                    "\\p{Lu}\\p{Ll}+\\.";
                case "Svara bara med ett tal.",
                        "Svar kun med et tal.",
                        "Svar bare med et tall.",
                        "Svar berre med eit tal.",
                        "Svara med siffror, inte med bokstäver.",
                        "Svar med sifre, ikke med bokstaver." -> "\\d+";
                case "Skriv alltid med stora bokstäver.",
                        "Skriv altid med store bogstaver.",
                        "Svar med store bogstaver.",
                        "Skriv alltid med store bokstaver.",
                        "Skriv alltid med store bokstavar." -> "\\p{Lu}+!";
                case "Svara med en hel mening.",
                        "Svar med en hel sætning.",
                        "Svar med en hel setning.",
                        "Svar med ei heil setning." -> "\\p{Lu}.* .* .*\\.";
                default -> ".*";
            };
            if (!wanted.equals(".*")) {
                known.add(turn.system());
            }
            assertThat(turn.answer()).as(turn.toString()).matches(wanted);
        }
        assertThat(known).hasSize(19);
    }

    @Test
    void rejectedAnswersDifferInTheirDefectAlone() {
        for (Pair pair : PAIRS) {
            assertThat(pair.rejected()).as(pair.id()).isNotEqualTo(pair.chosen());
            int longer = pair.rejected().length() - pair.chosen().length();
            if (pair.defect().equals("needless length")) {
                assertThat(longer).as(pair.id()).isGreaterThan(50);
            } else {
                assertThat(Math.abs(longer)).as(pair.id()).isLessThanOrEqualTo(7);
            }
        }
    }

    /** All rows of a language together are recognised; one row has few words, which in Danish and Bokmål are often the same. */
    @Test
    void theLanguageIsTheOneThatTheRowSays() {
        LanguageIdentifier identifier = new LanguageIdentifier();
        Map<String, String> texts = new TreeMap<>();
        int longer = 0;
        List<String> mistaken = new ArrayList<>();
        for (Conversation row : conversations().toList()) {
            String text = String.join(
                    " ", row.messages().stream().map(Message::content).toList());
            texts.merge(row.lang(), text, (all, one) -> all + "\n" + one);
            if (text.length() > 60) {
                longer++;
                String found = identifier.identify(text).language();
                if (!found.equals(row.lang())) {
                    mistaken.add(row.id() + ", taken for " + found + ": " + text);
                }
            }
        }
        texts.forEach(
                (lang, text) -> assertThat(identifier.identify(text).language()).isEqualTo(lang));
        assertThat(longer).isGreaterThan(60);
        assertThat(mistaken).hasSizeLessThan(longer / 4);
    }
}
