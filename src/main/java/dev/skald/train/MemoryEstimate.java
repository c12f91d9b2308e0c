package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.model.LlamaConfig;
import dev.skald.torch.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one rank needs at its peak, in bytes, before anything is allocated.
 *
 * @param parameters of the whole model
 * @param gradients f32, and with stage 2 the two buckets
 * @param optimizer moments and master weights
 * @param activations of one micro-batch
 * @param checkpoint the copy that a checkpoint is written from
 */
record MemoryEstimate(long parameters, long gradients, long optimizer, long activations, long checkpoint) {

    /** Rows of logits that are held at once, at most. */
    private static final long LOGIT_ROWS = 512;

    private static final Path MEMORY_OF_LINUX = Path.of("/proc/meminfo");
    private static final Pattern AVAILABLE = Pattern.compile("MemAvailable:\\s+(\\d+) kB");

    static MemoryEstimate of(
            LlamaConfig model, DType dtype, TrainerConfig config, ZeroOptimizer.Options zero, int worldSize) {
        long n = model.parameterCount();
        long parts = zero.stage() == 0 ? 1 : worldSize;
        boolean divided = zero.stage() == 2 && parts > 1;
        long largest = (long) model.vocab_size() * model.hidden_size();
        long bucket = Math.min(n, Math.max(largest, zero.reduceBucketSize()));
        long master = switch (dtype) {
            case BF16 -> 2;
            case F16 -> 4;
            case F32 -> 0;
        };
        return new MemoryEstimate(
                n * dtype.bytes(),
                divided ? 4 * (n / parts + 2 * bucket) : 4 * n,
                (8 + master) * n / parts,
                activations(model, dtype, config),
                12 * n / parts + n * dtype.bytes());
    }

    /** The tensors that a block keeps for its backward pass, and the rows of logits that are computed at a time. */
    private static long activations(LlamaConfig model, DType dtype, TrainerConfig config) {
        long rows = (long) config.microBatchSize() * config.sequenceLen();
        long hidden = model.hidden_size();
        long q = (long) model.num_attention_heads() * model.head_dim();
        long kv = (long) model.num_key_value_heads() * model.head_dim();
        long block = rows * (3 * hidden + 2 * q + 2 * kv + 3L * model.intermediate_size()) * dtype.bytes();
        long blocks = config.gradientCheckpointing()
                ? block + model.num_hidden_layers() * rows * hidden * dtype.bytes()
                : model.num_hidden_layers() * block;
        long backward = rows * (4 * hidden + 3L * model.intermediate_size()) * dtype.bytes();
        return blocks + backward + Math.min(rows, LOGIT_ROWS) * model.vocab_size() * 8;
    }

    long total() {
        return parameters + gradients + optimizer + activations + checkpoint;
    }

    /**
     * @param ranks how many such ranks share the machine
     * @param available bytes
     * @throws InvalidInputException when they do not fit
     */
    void require(int ranks, long available) {
        if (total() * ranks > available) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "not enough memory: %d rank%s on this machine need %s each (parameters %s, gradients %s, optimizer %s, activations %s,"
                            + " copy for checkpoints %s), available %s; lower micro_batch_size or sequence_len, set gradient_checkpointing,"
                            + " or divide more by ZeRO stage 2",
                    ranks,
                    ranks == 1 ? "" : "s",
                    gib(total()),
                    gib(parameters),
                    gib(gradients),
                    gib(optimizer),
                    gib(activations),
                    gib(checkpoint),
                    gib(available)));
        }
    }

    static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1L << 30));
    }

    /** What the machine can still give; where that cannot be found out, everything. */
    static long available() throws IOException {
        if (!Files.isReadable(MEMORY_OF_LINUX)) {
            return Long.MAX_VALUE;
        }
        Matcher matcher = AVAILABLE.matcher(Files.readString(MEMORY_OF_LINUX));
        return matcher.find() ? Long.parseLong(matcher.group(1)) << 10 : Long.MAX_VALUE;
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
