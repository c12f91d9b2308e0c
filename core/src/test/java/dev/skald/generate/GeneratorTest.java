package dev.skald.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.engine.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole texts of small models: one that says a text byte by byte, one whose distribution is known, and a random one with attention. */
class GeneratorTest {

    /** Characters of one to four bytes, and no byte twice. */
    private static final String SAYS = "abcåxyz😀 Ⅷ.";

    private static final GenerationOptions DEFAULTS = GenerationOptions.modelDefaults();

    @TempDir
    private static Path directory;

    private static Generator saying;
    private static Generator random;

    @BeforeAll
    static void load() throws IOException {
        saying = Generator.load(TinyLlama.saying(SAYS).write(directory.resolve("saying")));
        random = Generator.load(TinyLlama.random(3).write(directory.resolve("random")));
    }

    @AfterAll
    static void close() {
        saying.close();
        random.close();
    }

    @Test
    void saysItsTextToTheEnd() {
        Generation result = saying.generate("abc", DEFAULTS.maxLength(100));
        byte[] bytes = SAYS.getBytes(StandardCharsets.UTF_8);
        assertThat(result.text()).isEqualTo(SAYS);
        assertThat(result.generatedText()).isEqualTo(SAYS.substring(3));
        assertThat(result.promptIds()).containsExactly(TinyLlama.BOS, 'a', 'b', 'c');
        int[] rest = IntStream.range(3, bytes.length).map(i -> bytes[i] & 0xff).toArray();
        assertThat(result.generatedIds())
                .startsWith(rest)
                .endsWith(TinyLlama.EOS)
                .hasSize(rest.length + 1);
        assertThat(result.finishReason()).isEqualTo(FinishReason.EOS);
        assertThat(result.logits()).isEmpty();
        assertThat(result.promptTokensPerSecond()).isPositive();
        assertThat(result.generatedTokensPerSecond()).isPositive();
    }

    @Test
    void maxLengthCountsThePromptAndMaxNewTokensWins() {
        assertThat(saying.generate("ab", DEFAULTS.maxLength(7)).generatedIds()).hasSize(7 - 3);
        assertThat(saying.generate("ab", DEFAULTS.maxNewTokens(2)).generatedText())
                .isEqualTo("c\uFFFD"); // half of å
        assertThat(saying.generate("ab", DEFAULTS.maxNewTokens(3)).generatedText())
                .isEqualTo("cå");
        Generation both = saying.generate("ab", DEFAULTS.maxLength(4).maxNewTokens(5));
        assertThat(both.generatedIds()).hasSize(5);
        assertThat(both.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(random.generate("ab", DEFAULTS).generatedIds()).hasSize(20); // transformers' default
    }

    @Test
    void thePositionsOfTheModelEndAText() {
        int[] prompt = new int[1020];
        Arrays.fill(prompt, 'q');
        Generation result = random.generate(prompt, DEFAULTS.maxNewTokens(50), (sequence, text) -> {})
                .getFirst();
        assertThat(result.generatedIds()).hasSize(4);
        assertThat(result.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThatThrownBy(() -> random.generate(new int[1024], DEFAULTS.maxNewTokens(1), (sequence, text) -> {}))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("1024 tokens")
                .hasMessageContaining("1024 positions");
    }

    @Test
    void stopStringsStayInTheText() {
        assertStops("yz", "abcåxyz");
        assertStops("å", "abcå"); // of two tokens
        assertStops("xyz😀", "abcåxyz😀"); // of seven
        assertStops("bcå", "abcå"); // begins in the prompt
        assertStops("</s>", SAYS); // a special token, which is not part of the text
        assertThat(saying.generate("abc", DEFAULTS.maxLength(100).stopStrings("abc", "ab", "nowhere"))
                        .finishReason())
                .as("what the prompt has does not count")
                .isEqualTo(FinishReason.EOS);
        assertThat(saying.generate("abc", DEFAULTS.maxLength(100).stopStrings("Ⅷ", "z", "y"))
                        .text())
                .isEqualTo("abcåxy");
    }

    private static void assertStops(String stop, String text) {
        Generation result = saying.generate("abc", DEFAULTS.maxLength(100).stopStrings(stop));
        assertThat(result.text()).isEqualTo(text);
        assertThat(result.finishReason()).isEqualTo(stop.equals("</s>") ? FinishReason.EOS : FinishReason.STOP);
    }

    @Test
    void stopStringsMayBeSpecialTokensThatAreNotEndTokens() throws IOException {
        TinyLlama tiny = TinyLlama.saying("abc");
        tiny.config().putNull("eos_token_id");
        try (Generator model = Generator.load(tiny.write(directory.resolve("no-eos")))) {
            Generation on = model.generate("a", DEFAULTS.maxLength(8));
            assertThat(on.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(on.text()).isEqualTo("abcabc"); // the end token is none here, and has no text
            Generation stopped = model.generate("a", DEFAULTS.maxLength(8).stopStrings("c</s>"));
            assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(stopped.text()).isEqualTo("abc");
        }
    }

    @Test
    void streamsWholeCharactersThatMakeTheText() {
        List<String> told = new ArrayList<>();
        Generation result = saying.generate(List.of("ab"), DEFAULTS.maxLength(100), (sequence, text) -> told.add(text))
                .getFirst();
        assertThat(told).containsExactly("c", "å", "x", "y", "z", "😀", " ", "Ⅷ", ".");
        assertThat(String.join("", told)).isEqualTo(result.generatedText());
        try (var stream = saying.stream("ab", DEFAULTS.maxLength(100))) {
            assertThat(stream.toList()).isEqualTo(told);
        }
        try (var stream = saying.stream("ab", DEFAULTS.maxLength(100))) {
            assertThat(stream.limit(2).toList()).containsExactly("c", "å");
        }
        List<String> halves = new ArrayList<>();
        Generation cut = saying.generate(List.of("ab"), DEFAULTS.maxNewTokens(9), (sequence, text) -> halves.add(text))
                .getFirst();
        assertThat(String.join("", halves)).isEqualTo(cut.generatedText()).endsWith("z\uFFFD");
    }

    @Test
    void severalPromptsAndSequencesAreToldApart() {
        List<StringBuilder> told =
                IntStream.range(0, 6).mapToObj(i -> new StringBuilder()).toList();
        List<Generation> results = random.generate(
                List.of("en", "en", "Att vara, eller inte vara"),
                DEFAULTS.maxNewTokens(12)
                        .sample(true)
                        .topK(0)
                        .numReturnSequences(2)
                        .seed(5),
                (sequence, text) -> told.get(sequence).append(text));
        assertThat(results).hasSize(6);
        for (int i = 0; i < 6; i++) {
            assertThat(told.get(i).toString()).isEqualTo(results.get(i).generatedText());
            assertThat(results.get(i).text())
                    .startsWith(i < 4 ? "en" : "Att vara")
                    .isEqualTo((i < 4 ? "en" : "Att vara, eller inte vara")
                            + results.get(i).generatedText());
        }
        assertThat(results.stream().map(Generation::generatedText)).doesNotHaveDuplicates();
    }

    @Test
    void aSeedGivesTheSameTextAgain() {
        GenerationOptions options = DEFAULTS.maxNewTokens(30).sample(true).topK(0);
        int[] first = random.generate("ett", options.seed(17)).generatedIds();
        assertThat(random.generate("ett", options.seed(17)).generatedIds()).isEqualTo(first);
        assertThat(random.generate("ett", options.seed(18)).generatedIds()).isNotEqualTo(first);
        assertThat(random.generate("ett", options.seed(-1)).generatedIds()).isNotEqualTo(first);
        assertThat(random.generate("ett", options).generatedIds())
                .isNotEqualTo(random.generate("ett", options).generatedIds());
    }

    @Test
    void aTextDoesNotDependOnItsBatch() {
        GenerationOptions options =
                DEFAULTS.maxNewTokens(20).sample(true).topK(0).temperature(0.8).seed(4);
        String prompt = "Det var en gång";
        int[] alone = random.generate(prompt, options).generatedIds();
        List<Generation> together = random.generate(
                List.of(prompt, "x", "y".repeat(600)), options.numReturnSequences(3), (sequence, text) -> {});
        assertThat(together.getFirst().generatedIds()).isEqualTo(alone);
        int[] greedy = random.generate("x", DEFAULTS.maxNewTokens(20)).generatedIds();
        assertThat(random.generate(List.of("y".repeat(600), "x"), DEFAULTS.maxNewTokens(20), (sequence, text) -> {})
                        .get(1)
                        .generatedIds())
                .isEqualTo(greedy);
    }

    @Test
    void threadsShareAModel() throws Exception {
        GenerationOptions options = DEFAULTS.maxNewTokens(15).sample(true);
        List<Callable> calls = IntStream.range(0, 8)
                .mapToObj(i -> new Callable(random, "tråd " + i, options.seed(i)))
                .toList();
        List<String> oneByOne = calls.stream().map(Callable::call).toList();
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<String>> results =
                    calls.stream().map(call -> pool.submit(call::call)).toList();
            for (int i = 0; i < results.size(); i++) {
                assertThat(results.get(i).get()).isEqualTo(oneByOne.get(i));
            }
        }
    }

    private record Callable(Generator model, String prompt, GenerationOptions options) {
        String call() {
            return model.generate(prompt, options).text();
        }
    }

    @Test
    void keptLogitsAreWhatTheModelGives() {
        GenerationOptions options =
                DEFAULTS.maxNewTokens(5).repetitionPenalty(1.5).keepLogits(true);
        Generation result = random.generate("rad", options);
        assertThat(result.logits()).hasSize(5);
        List<float[]> rows = new ArrayList<>();
        Request.Continuation forced = row -> {
            rows.add(row.clone());
            return rows.size() == 5 ? Request.Continuation.END : result.generatedIds()[rows.size() - 1];
        };
        random.engine()
                .submit(new Request.Generate(result.promptIds(), List.of(forced), 100, Optional.empty()))
                .await();
        assertThat(rows).hasSize(5);
        for (int i = 0; i < 5; i++) {
            assertThat(result.logits().get(i)).as("processors change a copy").isEqualTo(rows.get(i));
        }
    }

    @Test
    void drawsByTheProbabilities() throws IOException {
        double[] probabilities = {0.5, 0.3, 0.15, 0.05};
        float[][] logits = new float[TinyLlama.VOCAB][TinyLlama.VOCAB];
        for (float[] row : logits) {
            Arrays.fill(row, -100);
            for (int i = 0; i < probabilities.length; i++) {
                row['a' + i] = (float) Math.log(probabilities[i]);
            }
        }
        try (Generator model = Generator.load(TinyLlama.bigram(logits).write(directory.resolve("known")))) {
            GenerationOptions options = DEFAULTS.maxNewTokens(250)
                    .sample(true)
                    .topK(0)
                    .numReturnSequences(8)
                    .seed(1);
            assertFrequencies(model, options, probabilities);
            assertFrequencies(model, options.topK(2), 0.625, 0.375, 0, 0);
            assertFrequencies(model, options.topP(0.9), 0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0);
            assertFrequencies(model, options.minP(0.2), 0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0);
            double sum = 0.25 + 0.09 + 0.0225 + 0.0025;
            assertFrequencies(model, options.temperature(0.5), 0.25 / sum, 0.09 / sum, 0.0225 / sum, 0.0025 / sum);
            assertFrequencies(model, options.topP(0), 1, 0, 0, 0);
            assertFrequencies(model, options.minP(1), 1, 0, 0, 0);
            assertFrequencies(model, options.topK(1).temperature(100), 1, 0, 0, 0);
        }
    }

    private static void assertFrequencies(Generator model, GenerationOptions options, double... probabilities) {
        int[] counts = new int[4];
        int draws = 0;
        for (Generation result : model.generate(List.of("a"), options, (sequence, text) -> {})) {
            for (int id : result.generatedIds()) {
                counts[id - 'a']++;
                draws++;
            }
        }
        assertThat(draws).isEqualTo(2000);
        for (int i = 0; i < 4; i++) {
            double deviation = Math.sqrt(draws * probabilities[i] * (1 - probabilities[i]));
            assertThat((double) counts[i])
                    .as("count of %c", (char) ('a' + i))
                    .isCloseTo(draws * probabilities[i], offset(4.5 * deviation));
        }
    }

    @Test
    void aPromptOfIdsMayEndInHalfACharacter() {
        Generation result = saying.generate(
                        new int[] {TinyLlama.BOS, 'c', 0xc3}, DEFAULTS.maxNewTokens(2), (sequence, text) -> {})
                .getFirst();
        assertThat(result.generatedIds()).containsExactly(0xa5, 'x');
        assertThat(result.generatedText()).isEqualTo("åx");
        assertThat(result.text()).isEqualTo("cåx");
    }

    @Test
    void aClosedGeneratorSaysSo() throws Exception {
        Generator closed = Generator.load(directory.resolve("random"));
        closed.generate("abc", DEFAULTS.maxNewTokens(2));
        closed.close();
        assertThatThrownBy(() -> closed.generate("abc", DEFAULTS.maxNewTokens(2)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the model is closed");
    }

    /** Closed while others generate: each of them gets its text or an error with words, and nothing touches freed memory. */
    @Test
    void closeDuringGeneration() throws Exception {
        Generator model = Generator.load(directory.resolve("random"));
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> calls = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                String prompt = "tråd " + i;
                calls.add(pool.submit(() -> {
                    while (true) {
                        model.generate(prompt, DEFAULTS.maxNewTokens(400));
                    }
                }));
            }
            Thread.sleep(200);
            model.close();
            for (Future<?> call : calls) {
                assertThatThrownBy(call::get)
                        .hasCauseInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("closed");
            }
        }
    }

    @Test
    void refusesWhatItCannotDo() {
        assertRefused(DEFAULTS.temperature(-1), "temperature is -1.0");
        assertRefused(DEFAULTS.temperature(Double.NaN), "temperature: found \"NaN\", expected a number");
        assertRefused(DEFAULTS.topP(1.1), "top_p is 1.1");
        assertRefused(DEFAULTS.topK(-1), "top_k is -1");
        assertRefused(DEFAULTS.minP(-0.1), "min_p is -0.1");
        assertRefused(DEFAULTS.repetitionPenalty(0), "repetition_penalty is 0.0");
        assertRefused(DEFAULTS.noRepeatNgramSize(-2), "no_repeat_ngram_size is -2");
        assertRefused(DEFAULTS.maxNewTokens(0), "max_new_tokens is 0");
        assertRefused(DEFAULTS.maxLength(0), "max_length is 0");
        assertRefused(DEFAULTS.maxLength(3), "the prompt has 4 tokens and max_length is 3");
        assertRefused(DEFAULTS.numReturnSequences(0), "num_return_sequences is 0");
        assertRefused(DEFAULTS.numReturnSequences(2), "greedy decoding has one result");
        assertRefused(DEFAULTS.stopStrings(""), "stop_strings has an empty string");
        assertRefused(
                DEFAULTS.sample(true).numReturnSequences(Integer.MAX_VALUE).maxNewTokens(1000), "not enough memory");
        assertThatThrownBy(() -> saying.generate(new int[0], DEFAULTS, (sequence, text) -> {}))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("no tokens");
        for (int id : new int[] {-1, TinyLlama.VOCAB, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> saying.generate(new int[] {1, id}, DEFAULTS, (sequence, text) -> {}))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessage("token id " + id + " is outside the model's vocabulary of 258");
        }
    }

    private static void assertRefused(GenerationOptions options, String message) {
        assertThatThrownBy(() -> saying.generate("abc", options))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(message);
    }

    /** All tokens but the end are bad words, and the end may not come yet: there is nothing to say, and that is an error. */
    @Test
    void nothingLeftToSayIsAnError(@TempDir Path folder) throws IOException {
        TinyLlama tiny = TinyLlama.saying("abc");
        for (int id = 0; id < TinyLlama.EOS; id++) {
            tiny.generation().withArray("bad_words_ids").addArray().add(id);
        }
        try (Generator model = Generator.load(tiny.write(folder))) {
            assertThatThrownBy(() -> model.generate("a", DEFAULTS.minNewTokens(3)))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessage("the options rule out every token that could follow");
            assertThat(model.generate("a").finishReason()).isEqualTo(FinishReason.EOS);
        }
    }

    /** By hand: 10 for the byte that follows, 0 for the others; each time that x was said takes 0.5 off, the first time 2 more. */
    @Test
    void countPenaltiesAndBiasesChangeTheScores() {
        GenerationOptions greedy = DEFAULTS.sample(false).maxNewTokens(1);
        assertThat(saying.generate("ab", greedy.logitBias(Map.of((int) 'q', 11.0)))
                        .generatedText())
                .isEqualTo("q");
        assertThat(saying.generate("ab", greedy.logitBias(Map.of((int) 'q', 9.0)))
                        .generatedText())
                .isEqualTo("c");
        // Every byte after Q is followed by a, the model's first byte, with 10; the prompt's own a does not count.
        GenerationOptions biased =
                DEFAULTS.sample(false).maxNewTokens(6).logitBias(Map.of((int) 'Q', 100.0, (int) 'R', 98.2));
        assertThat(saying.generate("Q", biased.presencePenalty(2)).generatedText())
                .isEqualTo("QRQQQQ");
        assertThat(saying.generate("Q", biased.frequencyPenalty(1)).generatedText())
                .isEqualTo("QQRQRQ");
    }

    @Test
    void scoresAreOfTheModelsOwnLogits() {
        Generation result = saying.generate(
                "ab",
                DEFAULTS.sample(true).temperature(0.1).seed(1).maxNewTokens(1).logProbabilities(2));
        ScoredToken scored = result.scores().getFirst();
        assertThat(scored.id()).isEqualTo('c');
        double expected = 10 - Math.log(Math.exp(10) + TinyLlama.VOCAB - 1);
        assertThat((double) scored.logProbability()).isCloseTo(expected, offset(1e-5));
        assertThat(scored.topIds()).hasSize(2).startsWith('c');
        assertThat(scored.topLogProbabilities()[0]).isEqualTo(scored.logProbability());
    }
}
