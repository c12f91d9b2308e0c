package dev.skald.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Blocks against ggml's own, byte by byte: values of all sizes, ties, runs without anything, outliers. */
class BlockQuantiserTest {

    @Test
    void blocksAreThoseOfGgml() throws IOException {
        JsonNode golden;
        try (InputStream in = BlockQuantiserTest.class.getResourceAsStream("block_quantiser.json")) {
            golden = new ObjectMapper().readTree(in);
        }
        assertThat(golden.size()).isEqualTo(15);
        for (JsonNode row : golden) {
            float[] values = floats(row.path("values").asText());
            row.path("blocks").properties().forEach(expected -> {
                Format format = Format.valueOf(expected.getKey());
                byte[] bytes = new byte[(int) format.bytes(values.length)];
                BlockQuantiser.write(format, values, 0, values.length, MemorySegment.ofArray(bytes), 0);
                assertThat(HexFormat.of().formatHex(bytes))
                        .as(format + " of " + row.path("name").asText())
                        .isEqualTo(expected.getValue().asText());
            });
        }
    }

    @Test
    void singleElementsAreRounded() {
        // Halfway between two bf16 values: to the even one.
        float[] values = {1 + 1f / 256, 1 + 3f / 256, -2.5f, 65504};
        byte[] bytes = new byte[16];
        BlockQuantiser.write(Format.BF16, values, 0, 4, MemorySegment.ofArray(bytes), 0);
        assertThat(HexFormat.of().formatHex(bytes, 0, 8)).isEqualTo("803f823f20c08047");
        BlockQuantiser.write(Format.F16, values, 0, 4, MemorySegment.ofArray(bytes), 0);
        assertThat(HexFormat.of().formatHex(bytes, 0, 8)).isEqualTo("043c0c3c00c1ff7b");
        BlockQuantiser.write(Format.F32, values, 1, 3, MemorySegment.ofArray(bytes), 4);
        assertThat(HexFormat.of().formatHex(bytes, 4, 16)).isEqualTo("0080813f000020c000e07f47");
    }

    @Test
    void whatIsNoBlockIsRefused() {
        MemorySegment memory = MemorySegment.ofArray(new byte[1000]);
        assertThatThrownBy(() -> BlockQuantiser.write(Format.Q4_K, new float[512], 0, 300, memory, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BlockQuantiser.write(Format.IQ4_NL, new float[32], 0, 32, memory, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static float[] floats(String hex) {
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(values);
        return values;
    }
}
