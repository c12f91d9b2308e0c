package dev.skald.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bigram models say given probabilities; the divergences are computed by hand. Logits in f32 are off by 1e-6. */
class DivergenceTest {

    private static final double TOLERANCE = 1e-5;

    @TempDir
    private Path folder;

    /** After z, a has 1/2 and b and c have 1/4; in the other model b has 1/2: 1/2 ln 2 + 1/4 ln(1/2) = ln 2 / 4. After every other token they agree. */
    @Test
    void divergencesAreTheDefinitions() throws IOException {
        try (Generator reference = model("reference", 0.5, 0.25);
                Generator other = model("other", 0.25, 0.5)) {
            Divergence divergence = new Divergence(other, reference, 100);
            divergence.add("zaza");
            Divergence.Result result = divergence.result();
            // z after the begin token, a after z, z after a, a after z
            assertThat(result.tokens()).isEqualTo(4);
            assertThat(result.kl_mean()).isCloseTo(Math.log(2) / 8, offset(TOLERANCE));
            assertThat(result.kl_median()).isCloseTo(0, offset(TOLERANCE));
            assertThat(result.kl_99()).isCloseTo(Math.log(2) / 4, offset(TOLERANCE));
            assertThat(result.kl_max()).isCloseTo(Math.log(2) / 4, offset(TOLERANCE));
            assertThat(result.same_top()).isEqualTo(0.5);
            // 1/4 after the begin token and after a, 1/2 or 1/4 after z
            assertThat(result.reference_perplexity()).isCloseTo(Math.sqrt(8), offset(TOLERANCE));
            assertThat(result.perplexity()).isCloseTo(4, offset(TOLERANCE));
        }
    }

    @Test
    void aModelIsNotFarFromItself() throws IOException {
        try (Generator a = load(TinyLlama.random(1), "a");
                Generator b = load(TinyLlama.random(1), "b")) {
            Divergence divergence = new Divergence(a, b, 16);
            divergence.add("Skogen är stor och grön, sa hon.");
            assertThat(divergence.result().kl_max()).isZero();
            assertThat(divergence.result().same_top()).isEqualTo(1);
            assertThatThrownBy(() -> new Divergence(a, b, 4096)).isInstanceOf(InvalidInputException.class);
            assertThatThrownBy(() -> new Divergence(a, b, 16).result()).hasMessageContaining("nothing to predict");
        }
        try (Generator a = load(TinyLlama.random(1), "c");
                Generator b = load(TinyLlama.random(1).withSpecialTokens(List.of("<|x|>")), "d")) {
            assertThatThrownBy(() -> new Divergence(a, b, 16))
                    .hasMessage("the model has 258 tokens, the reference 259, expected the same ones");
        }
    }

    private Generator model(String name, double a, double b) throws IOException {
        float[][] logits = new float[TinyLlama.VOCAB][TinyLlama.VOCAB];
        for (int last = 0; last < TinyLlama.VOCAB; last++) {
            Arrays.fill(logits[last], -1000);
            logits[last]['a'] = (float) Math.log(last == 'z' ? a : 0.5);
            logits[last]['b'] = (float) Math.log(last == 'z' ? b : 0.25);
            logits[last][last == 'z' ? 'c' : 'z'] = (float) Math.log(0.25);
        }
        return load(TinyLlama.bigram(logits), name);
    }

    private Generator load(TinyLlama tiny, String name) throws IOException {
        return Generator.load(tiny.write(folder.resolve(name)));
    }
}
