package dev.skald.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The caller's options win over generation_config.json, which wins over transformers' defaults. */
class GenerationConfigTest {

    private static final GenerationOptions NONE = GenerationOptions.modelDefaults();

    @Test
    void defaultsAreThoseOfTransformers() {
        GenerationConfig config = resolve(NONE, "{}");
        assertThat(config.max_length()).isEmpty();
        assertThat(config.max_new_tokens()).isEmpty();
        assertThat(config.lengthLimit(30, 100)).isEqualTo(50);
        assertThat(config.lengthLimit(90, 100)).isEqualTo(100);
        assertThat(config.do_sample()).isFalse();
        assertThat(config.temperature()).isEqualTo(1);
        assertThat(config.top_k()).isEqualTo(50);
        assertThat(config.top_p()).isEqualTo(1);
        assertThat(config.min_p()).isZero();
        assertThat(config.repetition_penalty()).isEqualTo(1);
        assertThat(config.num_return_sequences()).isEqualTo(1);
        assertThat(config.eos_token_ids()).containsExactly(99);
    }

    @Test
    void theModelsFileWinsOverTheDefaults() {
        GenerationConfig config = resolve(
                NONE,
                "{'max_length':4096,'do_sample':true,'temperature':0.6,'top_p':0.9,'top_k':null,'eos_token_id':[7,8]}");
        assertThat(config.max_length()).hasValue(4096);
        assertThat(config.do_sample()).isTrue();
        assertThat(config.temperature()).isEqualTo(0.6);
        assertThat(config.top_p()).isEqualTo(0.9);
        assertThat(config.top_k()).isEqualTo(50);
        assertThat(config.eos_token_ids()).containsExactly(7, 8);
        assertThat(resolve(NONE, "{'eos_token_id':5}").eos_token_ids()).containsExactly(5);
    }

    @Test
    void theCallerWinsOverTheModelsFile() {
        GenerationConfig config = resolve(
                NONE.maxLength(128)
                        .temperature(0.3)
                        .topK(0)
                        .topP(1)
                        .sample(false)
                        .stopStrings("x"),
                "{'max_length':4096,'do_sample':true,'temperature':0.6,'top_p':0.9,'top_k':20,'stop_strings':'y'}");
        assertThat(config.max_length()).hasValue(128);
        assertThat(config.do_sample()).isFalse();
        assertThat(config.temperature()).isEqualTo(0.3);
        assertThat(config.top_p()).isEqualTo(1);
        assertThat(config.top_k()).isZero();
        assertThat(config.stop_strings()).containsExactly("x");
        assertThat(resolve(NONE, "{'stop_strings':['y','z']}").stop_strings()).containsExactly("y", "z");
    }

    @Test
    void optionsAreImmutable() {
        GenerationOptions first = NONE.topK(3);
        GenerationOptions second = first.topK(4);
        assertThat(resolve(first, "{}").top_k()).isEqualTo(3);
        assertThat(resolve(second, "{}").top_k()).isEqualTo(4);
        assertThat(resolve(NONE, "{}").top_k()).isEqualTo(50);
    }

    @Test
    void lengths() {
        assertThat(resolve(NONE.maxLength(10), "{}").lengthLimit(4, 100)).isEqualTo(10);
        assertThat(resolve(NONE.maxNewTokens(10), "{}").lengthLimit(4, 100)).isEqualTo(14);
        assertThat(resolve(NONE.maxLength(5).maxNewTokens(10), "{}").lengthLimit(7, 100))
                .isEqualTo(17);
        assertThat(resolve(NONE.maxLength(5), "{'max_new_tokens':10}").lengthLimit(7, 100))
                .isEqualTo(17); // as transformers: it is set, so it wins
        assertThat(resolve(NONE.maxNewTokens(Integer.MAX_VALUE), "{}").lengthLimit(7, 100))
                .isEqualTo(100);
        assertThat(resolve(NONE, "{'min_length':9}").minimumLength(4)).isEqualTo(9);
        assertThat(resolve(NONE.minNewTokens(2), "{'min_length':9}").minimumLength(4))
                .isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'max_length':'x'}",
                "{'max_length':1.5}",
                "{'temperature':'hot'}",
                "{'do_sample':1}",
                "{'eos_token_id':'</s>'}",
                "{'eos_token_id':[1,'2']}",
                "{'bad_words_ids':'no'}",
                "{'bad_words_ids':[['a']]}",
                "{'bad_words_ids':[[]]}",
                "{'stop_strings':[1]}",
                "{'seed':'x'}",
                "{'top_k':99999999999}",
                "{'temperature':-1}"
            })
    void valuesOfTheWrongKindAreRefusedByName(String file) {
        String key = file.substring(2, file.indexOf('\'', 2));
        assertThatThrownBy(() -> resolve(NONE, file))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(key);
    }

    @Test
    void whatHasNoEffectIsSaid(@TempDir Path directory) throws IOException {
        TinyLlama tiny = TinyLlama.saying("abc");
        tiny.generation().put("num_beams", 4).put("typical_p", 1).put("max_length", 5);
        tiny.generation()
                .put("penalty_alpha", 0)
                .put("forced_eos_token_id", 3)
                .put("renormalize_logits", 1)
                .put("prompt_lookup_num_tokens", 4)
                .put("token_healing", false)
                .putNull("watermarking_config");
        tiny.generation().put("transformers_version", "4.40.0").put("pad_token_id", 0);
        try (Generator model = Generator.load(tiny.write(directory))) {
            assertThat(model.ignoredDefaults())
                    .containsExactly(
                            "forced_eos_token_id = 3",
                            "num_beams = 4",
                            "prompt_lookup_num_tokens = 4",
                            "renormalize_logits = 1");
            assertThat(model.generate("a").generatedText()).isEqualTo("bc");
        }
    }

    /** A text whose time is up is as it is then. */
    @Test
    void maxTimeEndsAText(@TempDir Path directory) throws IOException {
        TinyLlama tiny = TinyLlama.random(3);
        tiny.generation().put("max_time", 1e-6);
        try (Generator model = Generator.load(tiny.write(directory))) {
            Generation result = model.generate("abc", NONE.maxNewTokens(400));
            assertThat(result.finishReason()).isEqualTo(FinishReason.TIME);
            assertThat(result.generatedIds()).hasSizeLessThan(400);
        }
    }

    @Test
    void temperatureZeroIsGreedy() {
        assertThat(resolve(NONE.sample(true).temperature(0), "{}").do_sample()).isFalse();
        assertThat(resolve(NONE.temperature(0), "{'do_sample':true}").do_sample())
                .isFalse();
        assertThat(resolve(NONE.temperature(0.1), "{'do_sample':true}").do_sample())
                .isTrue();
    }

    private static GenerationConfig resolve(GenerationOptions options, String file) {
        try {
            return GenerationConfig.resolve(
                    options, (ObjectNode) new ObjectMapper().readTree(file.replace('\'', '"')), List.of(99));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
