package dev.skald.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlamaConfigTest {

    @TempDir
    private Path directory;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private LlamaConfig read(TinyLlama tiny) {
        return LlamaConfig.read(tiny.write(directory).resolve("config.json"));
    }

    @Test
    void whatIsNotUnderstoodIsCarriedOver() {
        TinyLlama tiny = TinyLlama.random(1);
        tiny.config().put("pad_token_id", 7).put("initializer_range", 0.5).putNull("pretraining_tp");
        tiny.config().putObject("own").put("a", 1).putArray("b").add("å");
        ObjectNode written = read(tiny).withDType(DType.BF16).toJson();
        assertThat(written.get("pad_token_id").asInt()).isEqualTo(7);
        assertThat(written.get("own").toString()).isEqualTo("{\"a\":1,\"b\":[\"å\"]}");
        assertThat(written.get("initializer_range").asDouble()).isEqualTo(0.5);
        assertThat(written.get("torch_dtype").asText()).isEqualTo("bfloat16");
    }

    @Test
    void randomWeightsHaveTheSpreadThatIsAskedFor() {
        TinyLlama tiny = TinyLlama.random(1);
        assertThat(read(tiny).initializerRange()).isEqualTo(0.02);
        tiny.config().put("initializer_range", 0.5);
        try (PointerScope _ = new PointerScope();
                LlamaParameters parameters = new LlamaParameters(read(tiny), DType.F32, DeviceType.CPU)) {
            parameters.initialize(1);
            Tensor embedding = parameters.view(parameters.list().getFirst());
            assertThat(embedding.std().item_float()).isCloseTo(0.5f, within(0.02f));
        }
        tiny.config().put("initializer_range", -1);
        assertThatThrownBy(() -> read(tiny))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("initializer_range");
    }
}
