import dev.skald.model.LlamaCheckpointWriter;
import dev.skald.model.LlamaConfig;
import dev.skald.model.Parameter;
import dev.skald.tensor.DType;
import dev.skald.tensor.Natives;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;

/**
 * Writes a checkpoint of exactly the shape of Llama-3-8B (16.1 GB) or Llama-3.2-1B (2.5 GB), or of a model of 96 million parameters, with random bf16 weights. All tensors are views of one block of random
 * numbers, each from another offset: enough for speed and memory, which do not depend on the values.
 *
 * <p>{@code java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/WriteRandomLlama3.java DIR [8b|1b|100m [TOKENIZER_DIR]]}
 */
final class WriteRandomLlama3 {

    static final LlamaConfig LLAMA_3_8B = new LlamaConfig(
            4096,
            14336,
            32,
            32,
            8,
            128,
            128256,
            8192,
            1e-5,
            500000,
            Optional.empty(),
            false,
            Optional.of(128000),
            List.of(128001),
            Optional.of(DType.BF16));

    static final LlamaConfig LLAMA_3_1B = new LlamaConfig(
            2048,
            8192,
            16,
            32,
            8,
            64,
            128256,
            8192,
            1e-5,
            500000,
            Optional.empty(),
            true,
            Optional.of(128000),
            List.of(128001),
            Optional.of(DType.BF16));

    /** The vocabulary is that of skald-nano. */
    static final LlamaConfig SMALL = new LlamaConfig(
            768,
            2560,
            12,
            12,
            4,
            64,
            8192,
            8192,
            1e-5,
            500000,
            Optional.empty(),
            true,
            Optional.of(0),
            List.of(1),
            Optional.of(DType.BF16));

    public static void main(String[] args) throws Exception {
        Natives.load();
        LlamaConfig config = switch (args.length > 1 ? args[1] : "8b") {
            case "1b" -> LLAMA_3_1B;
            case "100m" -> SMALL;
            default -> LLAMA_3_8B;
        };
        List<Parameter> parameters = Parameter.of(config);
        long largest = parameters.stream().mapToLong(Parameter::numel).max().orElseThrow();
        long spare = 1 << 20;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment block = arena.allocate((largest + spare) * Short.BYTES, 64);
            fill(block);
            List<Tensor> tensors = new ArrayList<>();
            SplittableRandom offsets = new SplittableRandom(7);
            for (Parameter parameter : parameters) {
                MemorySegment from = block.asSlice(offsets.nextLong(spare / 32) * 32 * Short.BYTES);
                tensors.add(TensorMemory.wrap(from, DType.BF16, parameter.shape()));
            }
            LlamaCheckpointWriter.write(
                    Path.of(args[0]),
                    config,
                    tensors,
                    args.length > 2 ? LlamaCheckpointWriter.companions(Path.of(args[2]), Path.of(args[2])) : Map.of(),
                    LlamaCheckpointWriter.DEFAULT_SHARD_BYTES);
        }
    }

    /** bf16 numbers of the spread that weights have: uniform, standard deviation 0.02. */
    private static void fill(MemorySegment block) {
        SplittableRandom random = new SplittableRandom(42);
        for (long i = 0; i < block.byteSize() / Short.BYTES; i++) {
            float value = (float) ((random.nextDouble() - 0.5) * 2 * 0.02 * Math.sqrt(3));
            block.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
        }
    }
}
