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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Against block_values.json, which block_values.py beside it made. */
class BlockValuesTest {

    @ParameterizedTest
    @EnumSource(value = Format.class, mode = EnumSource.Mode.EXCLUDE, names = "F32")
    void valuesAreTheReferencesBitForBit(Format format) throws IOException {
        JsonNode golden = golden().path(format.name());
        byte[] blocks = HexFormat.of().parseHex(golden.path("blocks").asText());
        ByteBuffer expected = ByteBuffer.wrap(
                        HexFormat.of().parseHex(golden.path("values").asText()))
                .order(ByteOrder.LITTLE_ENDIAN);
        int elements = blocks.length / format.blockBytes() * format.blockElements();
        float[] values = new float[elements + 1];
        byte[] unaligned = new byte[blocks.length + 1];
        System.arraycopy(blocks, 0, unaligned, 1, blocks.length);

        BlockValues.read(format, MemorySegment.ofArray(unaligned), 1, elements, values, 1);

        assertThat(expected.capacity()).isEqualTo(4 * elements).isPositive();
        for (int i = 0; i < elements; i++) {
            assertThat(Float.floatToRawIntBits(values[i + 1]))
                    .as("element %d, %s", i, values[i + 1])
                    .isEqualTo(expected.getInt(4 * i));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Format.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"F32", "F16", "BF16"})
    void partsOfBlocksAndShortMemoryAreRefused(Format format) {
        MemorySegment block = MemorySegment.ofArray(new byte[format.blockBytes()]);
        float[] to = new float[2 * format.blockElements()];
        assertThatThrownBy(() -> BlockValues.read(format, block, 0, format.blockElements() - 1, to, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no whole number of blocks");
        assertThatThrownBy(() -> BlockValues.read(format, block, 0, 2 * format.blockElements(), to, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static JsonNode golden() throws IOException {
        try (InputStream in = BlockValuesTest.class.getResourceAsStream("block_values.json")) {
            return new ObjectMapper().readTree(in);
        }
    }
}
