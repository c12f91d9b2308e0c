package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.model.BaseWeights;
import dev.skald.model.LlamaConfig;
import dev.skald.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What one rank needs at its peak, in bytes, before anything is allocated.
 *
 * @param parameters of the whole model, and of an adapter beside it
 * @param gradients f32, with stage 2 the two buckets that are filled, and the copy that a reduction of one makes
 * @param optimizer moments and master weights
 * @param activations of one micro-batch
 * @param checkpoint the copy that a checkpoint is written from
 * @param process the JVM, libtorch, and what their allocators keep
 */
record MemoryEstimate(
        long parameters, long gradients, long optimizer, long activations, long checkpoint, long process) {

    /** Measured: a rank of a model that takes next to nothing itself. */
    private static final long PROCESS = 400L << 20;

    /** @param learned how many parameters are learned: all of the model's, or an adapter's */
    static MemoryEstimate of(
            LlamaConfig model,
            long learned,
            DType dtype,
            TrainerConfig config,
            ZeroOptimizer.Options zero,
            int worldSize) {
        long n = learned;
        long frozen = !config.lora().isOn()
                ? 0
                : config.lora()
                        .bits()
                        .map(bits -> BaseWeights.quantisedBytes(model, bits, dtype))
                        .orElse(model.parameterCount() * dtype.bytes());
        long parts = zero.stage() == 0 ? 1 : worldSize;
        boolean divided = zero.stage() == 2 && parts > 1;
        long largest = (long) model.vocab_size() * model.hidden_size();
        long bucket = Math.min(n, Math.max(Math.min(n, largest), zero.reduceBucketSize()));
        long master = switch (dtype) {
            case BF16 -> 2;
            case F16 -> 4;
            case F32 -> 0;
        };
        return new MemoryEstimate(
                n * dtype.bytes() + frozen,
                4 * (divided ? n / parts + 2 * bucket : n) + (worldSize > 1 ? 4 * bucket : 0),
                (8 + master) * n / parts,
                activations(model, dtype, config),
                12 * n / parts + n * dtype.bytes(),
                PROCESS);
    }

    /** What blocks keep for their backward pass, and the more demanding of a block's backward pass and the head's. */
    private static long activations(LlamaConfig model, DType dtype, TrainerConfig config) {
        long rows = (long) config.microBatchSize() * config.sequenceLen();
        long hidden = model.hidden_size();
        long q = (long) model.num_attention_heads() * model.head_dim();
        long kv = (long) model.num_key_value_heads() * model.head_dim();
        long wide = model.intermediate_size();
        long logSumExp = rows * model.num_attention_heads() * Float.BYTES;
        long block = rows * (hidden + 2 * q + 2 * kv + 2 * wide) * dtype.bytes() + logSumExp;
        long inputs = model.num_hidden_layers() * rows * hidden * dtype.bytes();
        long backward = (rows * (7 * hidden + 2 * q + 2 * kv + 2 * wide) + hidden * wide) * dtype.bytes();
        long logits = Math.min(rows, Math.clamp(hidden, 256, 1024)) * model.vocab_size();
        long head = (logits + model.vocab_size() * hidden + 2 * rows * hidden) * dtype.bytes();
        return (config.gradientCheckpointing() ? 1 : model.num_hidden_layers()) * block
                + inputs
                + Math.max(backward, head);
    }

    long total() {
        return parameters + gradients + optimizer + activations + checkpoint + process;
    }

    /**
     * @param ranks how many such ranks share the machine
     * @param available bytes
     * @throws InvalidInputException when they do not fit
     */
    void require(int ranks, long available) {
        if (total() * ranks > available) {
            throw new InvalidInputException(
                    "not enough memory: " + ranks + (ranks == 1 ? " rank" : " ranks")
                            + " on this machine, each " + this + "; available " + gib(available)
                            + "; lower micro_batch_size or sequence_len, set gradient_checkpointing, or divide more by ZeRO stage 2");
        }
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "about %s (parameters %s, gradients %s, optimizer %s, activations %s, copy for checkpoints %s, process %s)",
                gib(total()),
                gib(parameters),
                gib(gradients),
                gib(optimizer),
                gib(activations),
                gib(checkpoint),
                gib(process));
    }

    static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1L << 30));
    }

    /** Resident memory of this process; 0 where it cannot be found out. */
    static long resident() {
        try {
            Path status = Path.of("/proc/self/statm");
            if (Files.isReadable(status)) {
                String pages = Files.readString(status).replaceFirst("^\\d+ (\\d+) .*\\s*", "$1");
                return Long.parseLong(pages) << 12;
            }
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
        return 0;
    }
}
