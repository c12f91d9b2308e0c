package dev.skald.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.cache.KvLayout;
import dev.skald.engine.Handle.End;
import dev.skald.engine.Request.Continuation;
import dev.skald.engine.Request.Generate;
import dev.skald.engine.Request.Score;
import dev.skald.model.Llama;
import dev.skald.tensor.DType;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests that share a model: a small Llama with random weights whose logits NumPy computed (llama_golden.py). */
class EngineTest {

    private static final String MODEL = "llama3";

    private Llama model = load(Optional.empty());
    private Engine engine = engine(64, 16);

    private Engine engine(int sequences, int queue) {
        return new Engine(model, Engine.Limits.of(model, sequences, queue));
    }

    private static Llama load(Optional<DType> dtype) {
        return Llama.load(Path.of("core/src/test/resources/dev/skald/model").resolve(MODEL), dtype, "cpu");
    }

    @AfterEach
    void close() {
        engine.close();
        model.close();
    }

    /** Goes on with the most likely token, and keeps the logits. */
    private static final class Greedy implements Continuation {
        private final int tokens;
        private final List<float[]> logits = new ArrayList<>();
        private final List<Integer> ids = new ArrayList<>();

        Greedy(int tokens) {
            this.tokens = tokens;
        }

        @Override
        public int next(float[] row) {
            logits.add(row.clone());
            int best = 0;
            for (int i = 1; i < row.length; i++) {
                best = row[i] > row[best] ? i : best;
            }
            ids.add(best);
            return ids.size() == tokens ? END : best;
        }
    }

    private static int[] prompt(int seed, int length) {
        return IntStream.range(0, length).map(i -> (7 * i + 13 * seed) % 61).toArray();
    }

    private static Generate generate(int[] prompt, Continuation... continuations) {
        return new Generate(prompt, List.of(continuations), 600, Optional.empty());
    }

    /** Among others that join and leave all the time, and that have long prompts, no bit of a sequence's logits changes. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16"})
    void aSequenceDoesNotDependOnTheOthers(DType dtype) {
        close();
        model = load(Optional.of(dtype));
        engine = engine(64, 100);
        int[] lengths = {1, 5, 40, 63, 64, 100, 130, 500};
        List<Greedy> alone = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Greedy greedy = new Greedy(1 + i % 17);
            engine.submit(generate(prompt(i, lengths[i % lengths.length]), greedy))
                    .await();
            alone.add(greedy);
        }
        List<Greedy> together = new ArrayList<>();
        List<Handle> handles = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Greedy greedy = new Greedy(1 + i % 17);
            together.add(greedy);
            handles.add(engine.submit(generate(prompt(i, lengths[i % lengths.length]), greedy)));
        }
        for (int i = 0; i < 40; i++) {
            assertThat(handles.get(i).await().end()).isEqualTo(End.COMPLETE);
            assertThat(together.get(i).ids).as("sequence %d", i).isEqualTo(alone.get(i).ids);
            for (int step = 0; step < alone.get(i).logits.size(); step++) {
                assertThat(together.get(i).logits.get(step))
                        .as("logits of step %d of sequence %d", step, i)
                        .isEqualTo(alone.get(i).logits.get(step));
            }
        }
    }

    /** The first request ends only when the second has got a token: the second has joined it. */
    @Test
    void requestsJoinWhileOthersRun() {
        CountDownLatch joined = new CountDownLatch(1);
        Handle first = engine.submit(generate(prompt(1, 3), _ -> joined.getCount() == 0 ? Continuation.END : 5));
        Handle second = engine.submit(generate(prompt(2, 3), _ -> {
            joined.countDown();
            return Continuation.END;
        }));
        assertThat(second.await().generatedTokens()).isEqualTo(1);
        assertThat(first.await().end()).isEqualTo(End.COMPLETE);
    }

    @Test
    void sequencesOfOnePromptShareItsReading() {
        Greedy one = new Greedy(10);
        Greedy two = new Greedy(10);
        Greedy alone = new Greedy(10);
        Handle.Outcome outcome =
                engine.submit(generate(prompt(3, 90), one, two)).await();
        engine.submit(generate(prompt(3, 90), alone)).await();
        assertThat(outcome.promptTokens()).isEqualTo(90);
        assertThat(outcome.generatedTokens()).isEqualTo(20);
        assertThat(one.ids).isEqualTo(alone.ids);
        assertThat(two.ids).isEqualTo(alone.ids);
    }

    @Test
    void cancelEndsARequestAndLeavesTheOthers() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        Handle endless = engine.submit(generate(prompt(1, 3), _ -> {
            begun.countDown();
            return 7;
        }));
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
        Greedy other = new Greedy(5);
        Handle second = engine.submit(generate(prompt(2, 3), other));
        endless.cancel();
        assertThat(endless.await().end()).isEqualTo(End.CANCELLED);
        assertThat(second.await().end()).isEqualTo(End.COMPLETE);
        assertThat(other.ids).hasSize(5);
    }

    @Test
    void aTimeLimitEndsARequest() {
        Request request = new Generate(prompt(1, 3), List.of(_ -> 7), 600, Optional.of(Duration.ofMillis(50)));
        assertThat(engine.submit(request).await().end()).isEqualTo(End.TIME_LIMIT);
    }

    /** What one caller's code throws is that caller's matter. */
    @Test
    void aFailingContinuationHarmsNobodyElse() {
        Greedy other = new Greedy(30);
        Handle second = engine.submit(generate(prompt(2, 3), other));
        Handle failing = engine.submit(generate(
                prompt(1, 3),
                _ -> {
                    throw new IllegalArgumentException("no such token");
                },
                _ -> 3));
        assertThatThrownBy(failing::await)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no such token");
        assertThat(second.await().end()).isEqualTo(End.COMPLETE);
        assertThat(other.ids).hasSize(30);
    }

    @Test
    void theQueueHasALimit() throws InterruptedException {
        engine.close();
        engine = engine(1, 2);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Handle busy = engine.submit(generate(prompt(1, 3), _ -> {
            begun.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return Continuation.END;
        }));
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
        Handle second = engine.submit(generate(prompt(2, 3), new Greedy(2)));
        Handle third = engine.submit(generate(prompt(3, 3), new Greedy(2)));
        assertThatThrownBy(() -> engine.submit(generate(prompt(4, 3), new Greedy(2))))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessage("too many requests: 2 are waiting");
        go.countDown();
        for (Handle handle : List.of(busy, second, third)) {
            assertThat(handle.await().end()).isEqualTo(End.COMPLETE);
        }
    }

    @Test
    void closeEndsWhatRunsAndRefusesWhatComes() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        Handle endless = engine.submit(generate(prompt(1, 3), _ -> {
            begun.countDown();
            return 7;
        }));
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
        engine.close();
        assertThatThrownBy(endless::await)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the model was closed");
        assertThatThrownBy(() -> engine.submit(generate(prompt(1, 3), new Greedy(2))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the model is closed");
    }

    @Test
    void refusesWhatTheModelDoesNotHave() {
        assertThatThrownBy(() -> engine.submit(generate(new int[] {61}, new Greedy(2))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("token id 61 is outside the model's vocabulary of 61");
        int positions = model.config().max_position_embeddings();
        assertThatThrownBy(() -> engine.submit(
                        new Generate(prompt(1, 3), List.of(new Greedy(2)), positions + 1, Optional.empty())))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("longer than the model's");
    }

    /** Against NumPy's logits, in double precision. */
    @Test
    void scoresAreLogProbabilities() throws Exception {
        JsonNode golden;
        try (InputStream in = EngineTest.class.getResourceAsStream("/dev/skald/model/llama_golden.json")) {
            golden = new ObjectMapper().readTree(in).get(MODEL).get("prompts");
        }
        int compared = 0;
        for (JsonNode prompt : golden) {
            int[] ids = IntStream.range(0, prompt.get("ids").size())
                    .map(i -> prompt.get("ids").get(i).intValue())
                    .toArray();
            if (ids.length < 2) {
                continue;
            }
            Handle.Outcome outcome =
                    engine.submit(new Score(ids, 1, 3, Optional.empty())).await();
            assertThat(outcome.scores().logProbabilities()).hasSize(ids.length - 1);
            for (int i = 0; i < prompt.get("positions").size(); i++) {
                int position = prompt.get("positions").get(i).intValue();
                if (position + 1 == ids.length) {
                    continue;
                }
                JsonNode logits = prompt.get("logits").get(i);
                double sum = 0;
                int best = 0;
                for (int id = 0; id < logits.size(); id++) {
                    sum += Math.exp(logits.get(id).doubleValue());
                    best = logits.get(id).doubleValue() > logits.get(best).doubleValue() ? id : best;
                }
                double expected = logits.get(ids[position + 1]).doubleValue() - Math.log(sum);
                assertThat((double) outcome.scores().logProbabilities()[position])
                        .isCloseTo(expected, within(1e-4));
                assertThat(outcome.scores().mostLikely()[position]).isEqualTo(best);
                assertThat(outcome.scores().topIds()[position]).hasSize(3).startsWith(best);
                assertThat((double) outcome.scores().topLogProbabilities()[position][0])
                        .isCloseTo(logits.get(best).doubleValue() - Math.log(sum), within(1e-4));
                compared++;
            }
        }
        assertThat(compared).isEqualTo(8);
    }

    /** Blocks for so many positions. */
    private Engine small(int positions) {
        long block = model.cacheLayout().blockBytes();
        return new Engine(model, new Engine.Limits(64, 100, KvLayout.blocks(positions) * block));
    }

    /** Where blocks run out, the youngest are read again later: nobody's logits change by a bit. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16"})
    void preemptedSequencesHaveTheSameBits(DType dtype) {
        close();
        model = load(Optional.of(dtype));
        engine = engine(64, 100);
        List<Greedy> alone = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Greedy greedy = new Greedy(60 + 10 * i);
            engine.submit(generate(prompt(i, 20 + 17 * i), greedy, new Greedy(5 * i + 1)))
                    .await();
            alone.add(greedy);
        }
        assertThat(engine.state().preemptions()).isZero();
        engine.close();
        engine = small(700);
        List<Greedy> together = new ArrayList<>();
        List<Handle> handles = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Greedy greedy = new Greedy(60 + 10 * i);
            together.add(greedy);
            handles.add(engine.submit(generate(prompt(i, 20 + 17 * i), greedy, new Greedy(5 * i + 1))));
        }
        for (int i = 0; i < 12; i++) {
            assertThat(handles.get(i).await().end()).isEqualTo(End.COMPLETE);
            assertSameBits(together.get(i), alone.get(i));
        }
        assertThat(engine.state().preemptions()).isPositive();
    }

    /** What begins like an earlier sequence is not read again, and nobody's logits change by a bit. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16"})
    void aPrefixThatWasReadBeforeHasTheSameBits(DType dtype) {
        close();
        model = load(Optional.of(dtype));
        // The lengths of a first prompt and of a second one that begins with it, and how much of the second is found.
        int[][] cases = {
            {300, 400, 288}, {96, 97, 96}, {96, 96, 0}, {70, 75, 64}, {70, 100, 0}, {200, 192, 96}, {31, 40, 0}
        };
        for (int[] lengths : cases) {
            Engine fresh = engine(64, 100);
            Greedy alone = new Greedy(40);
            Handle.Outcome unshared =
                    fresh.submit(generate(prompt(1, lengths[1]), alone)).await();
            fresh.close();
            assertThat(unshared.cachedTokens()).isZero();
            engine = engine(64, 100);
            engine.submit(generate(prompt(1, lengths[0]), new Greedy(20))).await();
            Greedy second = new Greedy(40);
            Handle.Outcome shared =
                    engine.submit(generate(prompt(1, lengths[1]), second)).await();
            engine.close();
            assertThat(shared.cachedTokens())
                    .as("%d after %d", lengths[1], lengths[0])
                    .isEqualTo(lengths[2]);
            assertThat(shared.promptTokens()).isEqualTo(lengths[1]);
            assertSameBits(second, alone);
        }
        engine = engine(64, 100);
    }

    /** The few-shot examples that many scored texts begin with are read once. */
    @Test
    void scoresShareWhatIsBeforeThem() {
        int[] first = prompt(1, 260);
        int[] second = first.clone();
        Arrays.fill(second, 200, 260, 9);
        float[] alone = score(second, 200);
        engine.submit(new Score(first, 200, 0, Optional.empty())).await();
        Handle.Outcome outcome =
                engine.submit(new Score(second, 200, 0, Optional.empty())).await();
        assertThat(outcome.cachedTokens()).isEqualTo(192);
        assertThat(outcome.scores().logProbabilities()).isEqualTo(alone);
    }

    private float[] score(int[] ids, int from) {
        Engine fresh = engine(64, 100);
        try (fresh) {
            return fresh.submit(new Score(ids, from, 0, Optional.empty()))
                    .await()
                    .scores()
                    .logProbabilities();
        }
    }

    /** More texts than fit: the least recently used blocks make room. */
    @Test
    void unusedBlocksMakeRoom() {
        engine.close();
        engine = small(300);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 10; i++) {
                Handle.Outcome outcome = engine.submit(
                                new Generate(prompt(i, 150), List.of(new Greedy(10)), 160, Optional.empty()))
                        .await();
                assertThat(outcome.end()).isEqualTo(End.COMPLETE);
            }
        }
        assertThat(engine.state().preemptions()).isZero();
        assertThatThrownBy(() ->
                        engine.submit(new Generate(prompt(1, 150), List.of(new Greedy(10)), 400, Optional.empty())))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("not enough memory");
    }

    /** An Error is the caller's matter too, an interrupt that it leaves nobody's; the engine goes on. */
    @Test
    void survivesWhatContinuationsDo() {
        Handle failing = engine.submit(generate(
                prompt(1, 3),
                _ -> {
                    Thread.currentThread().interrupt();
                    throw new StackOverflowError("too deep");
                },
                new Greedy(3)));
        assertThatThrownBy(failing::await).isInstanceOf(StackOverflowError.class);
        Handle unknown = engine.submit(generate(prompt(1, 3), _ -> 61));
        assertThatThrownBy(unknown::await).isInstanceOf(IllegalArgumentException.class);
        Handle closing = engine.submit(generate(prompt(1, 3), _ -> {
            engine.close();
            return 3;
        }));
        assertThatThrownBy(closing::await).isInstanceOf(IllegalStateException.class);
        Greedy after = new Greedy(5);
        assertThat(engine.submit(generate(prompt(1, 3), after)).await().end()).isEqualTo(End.COMPLETE);
        Greedy longest = new Greedy(1000);
        Handle.Outcome outcome = engine.submit(new Generate(prompt(1, 3), List.of(longest), 40, Optional.empty()))
                .await();
        assertThat(outcome.generatedTokens()).isEqualTo(37);
        assertThat(longest.ids.subList(0, 5)).isEqualTo(after.ids);
    }

    private static void assertSameBits(Greedy found, Greedy expected) {
        assertThat(found.ids).isEqualTo(expected.ids);
        for (int step = 0; step < expected.logits.size(); step++) {
            assertThat(found.logits.get(step)).as("logits of step %d", step).isEqualTo(expected.logits.get(step));
        }
    }
}
