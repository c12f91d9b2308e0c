package dev.skald.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.kernel.LogitLoops;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Against logits_processor_golden.py's values, and against cases of transformers' own tests (tests/generation/test_logits_process.py of
 * huggingface/transformers, Apache-2.0).
 */
class LogitsProcessorTest {

    private static final float NONE = Float.NEGATIVE_INFINITY;

    static List<JsonNode> golden() throws IOException {
        try (InputStream in = LogitsProcessorTest.class.getResourceAsStream("logits_processor_golden.json")) {
            List<JsonNode> cases = new ArrayList<>();
            new ObjectMapper().readTree(Objects.requireNonNull(in)).forEach(cases::add);
            return cases;
        }
    }

    @ParameterizedTest
    @MethodSource("golden")
    void likeTransformers(JsonNode golden) {
        GenerationConfig config = GenerationConfig.resolve(
                GenerationOptions.modelDefaults(), (ObjectNode) golden.get("options"), List.of());
        float[] scores = floats(golden.get("scores"));
        int[] ids = new ObjectMapper().convertValue(golden.get("ids"), int[].class);
        for (LogitsProcessor processor :
                LogitsProcessor.of(config, golden.get("prompt_tokens").intValue())) {
            processor.process(new Tokens(ids), scores, new Scratch(scores.length));
        }
        float[] expected = floats(golden.get("expected"));
        for (int i = 0; i < scores.length; i++) {
            if (expected[i] == NONE) {
                assertThat(scores[i]).as("score %d", i).isEqualTo(NONE);
            } else { // one rounding to f32 more or less, and the decimals of the file
                assertThat(scores[i])
                        .as("score %d", i)
                        .isCloseTo(expected[i], offset(1e-6f + 4e-7f * Math.abs(expected[i])));
            }
        }
    }

    @Test
    void repetitionPenaltyOfTransformersTests() {
        float[] first = tenth();
        first[0] = -0.1f;
        float[] penalized = tenth();
        penalized[0] = -0.2f;
        penalized[1] = 0.05f;
        assertThat(after(new LogitsProcessor.RepetitionPenalty(2), first, 0, 1)).containsExactly(penalized);
        float[] second = tenth();
        second[5] = 0.4f;
        float[] penalizedToo = tenth();
        penalizedToo[0] = 0.05f;
        penalizedToo[5] = 0.2f;
        assertThat(after(new LogitsProcessor.RepetitionPenalty(2), second, 5, 0))
                .containsExactly(penalizedToo);
    }

    @Test
    void topKOfTransformersTests() {
        assertThat(kept(new LogitsProcessor.TopK(3), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
                .containsExactly(7, 8, 9);
        assertThat(kept(new LogitsProcessor.TopK(3), 10, 11, 12, 13, 14, 5, 6, 7, 8, 9))
                .containsExactly(2, 3, 4);
    }

    @Test
    void topPOfTransformersTests() {
        assertThat(kept(new LogitsProcessor.TopP(0.8), logarithms(0.3, 0.1, 0.1, 0.5)))
                .containsExactly(0, 3);
        assertThat(kept(new LogitsProcessor.TopP(0.8), logarithms(0.15, 0.3, 0.3, 0.25)))
                .containsExactly(1, 2, 3);
    }

    @Test
    void minPOfTransformersTests() {
        assertThat(kept(new LogitsProcessor.MinP(0.05), logarithms(0.9, 0.0274, 0.047, 0.0274)))
                .containsExactly(0, 2);
        assertThat(kept(new LogitsProcessor.MinP(0.05), logarithms(0.15, 0.3, 0.3, 0.25)))
                .containsExactly(0, 1, 2, 3);
        assertThat(kept(new LogitsProcessor.MinP(0.05), logarithms(0.97, 0.01, 0.01, 0.01)))
                .containsExactly(0);
    }

    @Test
    void typicalPOfTransformersTests() {
        assertThat(kept(new LogitsProcessor.TypicalP(0.5), logarithms(0.97, 0.01, 0.01, 0.01)))
                .containsExactly(0);
        assertThat(kept(new LogitsProcessor.TypicalP(0.5), logarithms(0.4, 0.2, 0.2, 0.2)))
                .containsExactly(1, 2, 3);
    }

    @Test
    void noRepeatNgramOfTransformersTests() {
        assertThat(banned(new LogitsProcessor.NoRepeatNgram(2), 1, 1, 2, 1)).containsExactly(1, 2);
        assertThat(banned(new LogitsProcessor.NoRepeatNgram(2), 0, 1, 0, 1)).containsExactly(0);
        assertThat(banned(new LogitsProcessor.NoRepeatNgram(3), 1, 1, 2, 1)).isEmpty();
        assertThat(banned(new LogitsProcessor.NoRepeatNgram(3), 0, 1, 0, 1)).containsExactly(0);
    }

    @Test
    void softmaxOfWhatIsRuledOutIsZero() {
        float[] probabilities = new float[4];
        LogitLoops.softmax(new float[] {NONE, 1, NONE, 1}, 4, probabilities);
        assertThat(probabilities).containsExactly(0, 0.5f, 0, 0.5f);
        LogitLoops.softmax(new float[] {3e38f, -3e38f}, 2, probabilities);
        assertThat(probabilities).startsWith(1, 0);
    }

    private static float[] tenth() {
        float[] scores = new float[10];
        Arrays.fill(scores, 0.1f);
        return scores;
    }

    private static float[] after(LogitsProcessor processor, float[] scores, int... ids) {
        processor.process(new Tokens(ids), scores, new Scratch(scores.length));
        return scores;
    }

    private static float[] logarithms(double... probabilities) {
        float[] scores = new float[probabilities.length];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = (float) Math.log(probabilities[i]);
        }
        return scores;
    }

    private static List<Integer> kept(LogitsProcessor processor, float... scores) {
        float[] before = scores.clone();
        processor.process(new Tokens(new int[0]), scores, new Scratch(scores.length));
        List<Integer> kept = new ArrayList<>();
        for (int i = 0; i < scores.length; i++) {
            if (scores[i] != NONE) {
                assertThat(scores[i]).isEqualTo(before[i]);
                kept.add(i);
            }
        }
        return kept;
    }

    private static List<Integer> banned(LogitsProcessor processor, int... ids) {
        float[] scores = new float[3];
        processor.process(new Tokens(ids), scores, new Scratch(scores.length));
        List<Integer> banned = new ArrayList<>();
        for (int i = 0; i < scores.length; i++) {
            if (scores[i] == NONE) {
                banned.add(i);
            }
        }
        return banned;
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).isNull() ? NONE : array.get(i).floatValue();
        }
        return values;
    }
}
