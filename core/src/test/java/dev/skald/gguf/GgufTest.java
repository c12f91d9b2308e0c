package dev.skald.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.GgufBytes;
import dev.skald.InvalidInputException;
import dev.skald.tensor.Format;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufTest {

    private static final int MUTATIONS = 10_000;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void keysAndTensorsOfBothVersionsAreRead(int version) throws IOException {
        Path file = valid(version).write(folder.resolve("model.gguf"));
        try (Gguf gguf = Gguf.open(file)) {
            GgufKeys keys = gguf.keys();
            assertThat(keys.requiredText("general.architecture")).isEqualTo("llama");
            assertThat(keys.integer("u8")).contains(200);
            assertThat(keys.integer("i16")).contains(-2);
            assertThat(keys.integer("u64")).contains(7);
            assertThat(keys.number("real")).contains(0.5);
            assertThat(keys.flag("flag")).contains(true);
            assertThat(keys.texts("texts")).contains(List.of("ä", ""));
            assertThat(keys.numbers("numbers").orElseThrow()).containsExactly(1, -1);
            assertThat(keys.integer("none")).isEmpty();
            GgufTensor first = gguf.tensors().get("a");
            assertThat(first.shape()).containsExactly(2L, 3L);
            assertThat(first.format()).isEqualTo(Format.F32);
            assertThat(first.bytes().byteSize()).isEqualTo(24);
            GgufTensor second = gguf.tensors().get("b");
            assertThat(second.format()).isEqualTo(Format.Q4_K);
            assertThat(second.bytes().byteSize()).isEqualTo(288);
            assertThatThrownBy(() -> keys.integer("real"))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessage(file + ": real: is 0.5, expected a whole number of at most 2147483647");
            assertThatThrownBy(() -> keys.requiredInteger("none")).hasMessage(file + ": none: is missing");
        }
    }

    @Test
    void partsAreReadTogether() throws IOException {
        split(0, "a", "m-00001-of-00002.gguf");
        split(1, "b", "m-00002-of-00002.gguf");
        try (Gguf gguf = Gguf.open(folder.resolve("m-00001-of-00002.gguf"))) {
            assertThat(gguf.tensors().keySet()).containsExactly("a", "b");
        }
        refused(folder.resolve("m-00002-of-00002.gguf"), "is not the first part of 2");
        split(1, "a", "m-00002-of-00002.gguf");
        refused(folder.resolve("m-00001-of-00002.gguf"), "tensor 'a' is in another part, too");
        Files.delete(folder.resolve("m-00002-of-00002.gguf"));
        refused(folder.resolve("m-00001-of-00002.gguf"), "m-00002-of-00002.gguf: no such file");
    }

    private void split(int number, String tensor, String name) throws IOException {
        new GgufBytes(3)
                .number("split.no", 2, 2, number)
                .number("split.count", 2, 2, 2)
                .number("split.tensors.count", 2)
                .tensor(tensor, new float[2], 2)
                .write(folder.resolve(name));
    }

    @Test
    void whatIsWrongIsSaidInOneLine() throws IOException {
        refused(new byte[10], "10 bytes, a GGUF file has at least 24");
        refused(new byte[64], "does not begin with GGUF");
        refused(new GgufBytes(1).bytes(), "is of version 1, expected 2 or 3");
        refused(new GgufBytes(3 << 24).bytes(), "is big-endian");
        refused(head(1L << 40, 0), "the number of tensors is 1099511627776, more than the");
        refused(head(0, -1), "the number of keys is 18446744073709551615, more than the");
        refused(
                new GgufBytes(3).promise("k", 8, 1_000_000_000).bytes(),
                "the number of elements of key 'k' is 1000000000");
        refused(new GgufBytes(3).promise("k", 9, 1).bytes(), "key 'k' is an array of arrays");
        refused(new GgufBytes(3).number("k", 13, 4, 1).bytes(), "key 'k' has a value of type 13");
        refused(new GgufBytes(3).number("k", 1).number("k", 1).bytes(), "key 'k' is there twice");
        refused(one("a", 0, 4, 0).tensor("a", 0, new byte[4], 32, 1).bytes(), "tensor 'a' is there twice");
        refused(
                one("a", 0, 4, 0).tensor("b", 0, new byte[4], 0, 1).bytes(),
                "inside the tensor before it, which ends at 4");
        refused(one("a", 0, 4, 1 << 20).bytes(), "begins at byte 1048576 of the data, which has 32");
        refused(one("a", 0, 4, -32).bytes(), "of the data, which has 32");
        refused(one("a", 0, 4, 8).bytes(), "no multiple of 32");
        refused(one("a", 18, 4, 0).bytes(), "tensor 'a' is of type IQ3_XXS, which is not read");
        refused(one("a", 99, 4, 0).bytes(), "tensor 'a' is of type 99, which is not read");
        refused(one("a", 2, 4, 0).bytes(), "tensor 'a' has rows of 1 elements, expected a multiple of 32 for Q4_0");
        refused(
                new GgufBytes(3)
                        .tensor("a", 0, new byte[4], 0, 1L << 40, 1L << 40)
                        .bytes(),
                "a number of elements that");
        refused(new GgufBytes(3).tensor("a", 0, new byte[4], 0, 1, 1, 1, 1, 1).bytes(), "has 5 dimensions");
        refused(one("a", 0, 4, 0).number("general.alignment", 12).bytes(), "is 12, expected a power of two");
    }

    /** Bytes changed, lengths and offsets replaced, ends cut off: each opens or is refused. */
    @Test
    void mutatedFilesOpenOrAreRefused() throws IOException {
        byte[] good = valid(3).bytes();
        int headBytes = good.length - 400;
        Random random = new Random(12);
        long[] extremes = {0, 1, -1, 9, 255, 1 << 16, Integer.MAX_VALUE, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE};
        Path file = folder.resolve("mutated.gguf");
        int refused = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] bytes = good.clone();
            for (int n = random.nextInt(3); n >= 0; n--) {
                int at = random.nextInt(headBytes - 8);
                switch (random.nextInt(4)) {
                    case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                    case 1 -> bytes[at] = (byte) random.nextInt();
                    case 2 ->
                        ByteBuffer.wrap(bytes)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .putLong(at, extremes[random.nextInt(extremes.length)]);
                    default -> bytes = Arrays.copyOf(bytes, Math.max(headBytes, random.nextInt(bytes.length)));
                }
            }
            Files.write(file, bytes);
            try (Gguf gguf = Gguf.open(file)) {
                gguf.tensors()
                        .values()
                        .forEach(tensor -> assertThat(tensor.bytes().byteSize())
                                .isEqualTo(tensor.format().bytes(tensor.elements())));
            } catch (InvalidInputException e) {
                assertThat(e.getMessage()).startsWith(file.toString());
                refused++;
            }
        }
        assertThat(refused).isBetween(MUTATIONS / 4, MUTATIONS - 1);
    }

    private static GgufBytes valid(int version) {
        return new GgufBytes(version)
                .text("general.architecture", "llama")
                .number("u8", 0, 1, 200)
                .number("i16", 3, 2, -2)
                .number("u64", 10, 8, 7)
                .real("real", 0.5f)
                .flag("flag", true)
                .texts("texts", List.of("ä", ""))
                .numbers("numbers", 1, -1)
                .tensor("a", new float[6], 2, 3)
                .zeros("b", 12, Format.Q4_K, 2, 256);
    }

    private static GgufBytes one(String name, int type, int bytes, long offset) {
        return new GgufBytes(3).tensor(name, type, new byte[bytes], offset, 1);
    }

    private static byte[] head(long tensors, long keys) {
        return ByteBuffer.wrap(new GgufBytes(3).bytes())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(8, tensors)
                .putLong(16, keys)
                .array();
    }

    private void refused(byte[] bytes, String message) throws IOException {
        refused(Files.write(folder.resolve("bad.gguf"), bytes), message);
    }

    private static void refused(Path file, String message) {
        assertThatThrownBy(() -> Gguf.open(file).close())
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }
}
