import dev.skald.cache.KvBlocks;
import dev.skald.cache.KvSequence;
import dev.skald.model.Llama;
import dev.skald.model.LlamaConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * Speed of a model against the machine's limits, in one run: decoding against the rate at which its memory can be read, prefill against
 * the rate of libtorch's bf16 matmul on the same shapes. Prints each figure as the median of its repetitions, the ratios, and peak memory.
 *
 * <p>{@code java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/GenerateSpeed.java DIR [promptTokens [newTokens]]}
 */
final class GenerateSpeed {

    private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
    /** Positions of all sequences, in blocks of keys and values. */
    private static final int BLOCKS = 4096;

    private static final int THREADS = Runtime.getRuntime().availableProcessors();

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        int promptTokens = args.length > 1 ? Integer.parseInt(args[1]) : 512;
        int newTokens = args.length > 2 ? Integer.parseInt(args[2]) : 32;
        ReadRate memory = new ReadRate();
        long start = System.nanoTime();
        try (Llama model = Llama.load(directory, Optional.empty(), "cpu")) {
            say("load %.2f s", seconds(start));
            double matmul = matmulRate(model.config(), promptTokens);
            try (KvBlocks caches = model.newCaches(BLOCKS);
                    KvSequence cache = caches.newSequence()) {
                int[] prompt = new SplittableRandom(1)
                        .ints(promptTokens, 0, model.config().vocab_size())
                        .toArray();
                long first = System.nanoTime();
                step(model, cache, prompt);
                say(
                        "prefill of %d tokens, first time (weights come from the disk or its cache) %.2f s",
                        promptTokens, seconds(first));
            }
            prefillAndDecode(model, promptTokens, newTokens, memory, matmul);
        }
        say("peak resident memory %.2f GiB", peakResident() / (double) (1L << 30));
    }

    private static void prefillAndDecode(Llama model, int promptTokens, int newTokens, ReadRate memory, double matmul)
            throws InterruptedException {
        int[] prompt = new SplittableRandom(2)
                .ints(promptTokens, 0, model.config().vocab_size())
                .toArray();
        double[] prefills = new double[3];
        double[] decodes = new double[newTokens];
        double[] reads = new double[newTokens];
        for (int run = 0; run < prefills.length; run++) {
            try (KvBlocks caches = model.newCaches(BLOCKS);
                    KvSequence cache = caches.newSequence()) {
                long begin = System.nanoTime();
                int id = step(model, cache, prompt);
                prefills[run] = seconds(begin);
                for (int i = 0; run == prefills.length - 1 && i < newTokens; i++) {
                    reads[i] = memory.measure(); // beside each token, so that both see the same machine
                    long token = System.nanoTime();
                    id = step(model, cache, new int[] {id});
                    decodes[i] = seconds(token);
                }
            }
        }
        LlamaConfig config = model.config();
        long embedding = (long) config.vocab_size() * config.hidden_size();
        long read1 = config.parameterCount() - (config.tie_word_embeddings() ? 0 : embedding);
        long matmulWeights = read1 - embedding;
        double prefill = median(prefills);
        double flops = 2.0 * matmulWeights * promptTokens + 2.0 * embedding;
        say("prefill: %.1f tokens/s, %.0f GFLOPS in the weights alone", promptTokens / prefill, flops / prefill / 1e9);
        say(
                "  libtorch's bf16 matmul on the same shapes: %.0f GFLOPS; ratio %.2f",
                matmul, flops / prefill / 1e9 / matmul);
        double decode = median(decodes);
        double rate = read1 * 2.0 / decode / 1e9;
        say("decode: %.2f tokens/s, %.1f GB/s of weights", 1 / decode, rate);
        double read = median(reads);
        say("  memory read: %.1f GB/s; ratio %.2f", read, rate / read);
        for (int sequences : new int[] {8, 16, 32}) {
            together(model, prompt, sequences);
        }
    }

    /** A step of several sequences against one of one, taken in turns. */
    private static void together(Llama model, int[] prompt, int sequences) {
        List<KvSequence> caches = new ArrayList<>();
        try (KvBlocks pool = model.newCaches(BLOCKS)) {
            for (int i = 0; i < sequences; i++) { // not forks: each reads keys and values of its own
                KvSequence cache = pool.newSequence();
                step(model, cache, prompt);
                caches.add(cache);
            }
            double[] one = new double[9];
            double[] all = new double[9];
            for (int run = 0; run < one.length; run++) {
                one[run] = tokens(model, caches.subList(0, 1));
                all[run] = tokens(model, caches);
            }
            say("step of %d sequences: %.2f times the time of one", sequences, median(all) / median(one));
        }
    }

    private static double tokens(Llama model, List<KvSequence> caches) {
        long begin = System.nanoTime();
        try (PointerScope _ = new PointerScope()) {
            List<Llama.Span> spans = new ArrayList<>();
            for (KvSequence cache : caches) {
                reserve(cache, 1);
                spans.add(new Llama.Span(new int[] {7}, cache, false));
            }
            model.logits(model.hidden(spans));
        }
        return seconds(begin);
    }

    private static int step(Llama model, KvSequence cache, int[] ids) {
        try (PointerScope _ = new PointerScope()) {
            int whole = ids.length / Llama.RUN * Llama.RUN;
            reserve(cache, ids.length);
            List<Llama.Span> spans = new ArrayList<>();
            if (whole > 0) {
                spans.add(new Llama.Span(Arrays.copyOf(ids, whole), cache, true));
            }
            if (whole < ids.length) {
                spans.add(new Llama.Span(Arrays.copyOfRange(ids, whole, ids.length), cache, false));
            }
            Tensor hidden = model.hidden(spans);
            return (int)
                    model.logits(hidden.narrow(0, ids.length - 1, 1)).argmax().item_long();
        }
    }

    private static void reserve(KvSequence cache, int rows) {
        if (!cache.reserve(rows)) {
            throw new IllegalStateException("no room");
        }
    }

    /** GFLOPS of x W^T over the linear layers of one block, bf16. */
    private static double matmulRate(LlamaConfig config, int rows) {
        int hidden = config.hidden_size();
        int kv = config.num_key_value_heads() * config.head_dim();
        int heads = config.num_attention_heads() * config.head_dim();
        int[][] shapes = {
            {hidden, heads},
            {hidden, kv},
            {hidden, kv},
            {heads, hidden},
            {hidden, config.intermediate_size()},
            {hidden, config.intermediate_size()},
            {config.intermediate_size(), hidden}
        };
        double flops =
                Arrays.stream(shapes).mapToDouble(s -> 2.0 * rows * s[0] * s[1]).sum();
        double[] runs = new double[5];
        try (PointerScope _ = new PointerScope()) {
            TensorOptions bf16 = new TensorOptions(torch.ScalarType.BFloat16);
            Tensor[] xs = new Tensor[shapes.length];
            Tensor[] ws = new Tensor[shapes.length];
            for (int i = 0; i < shapes.length; i++) {
                xs[i] = torch.randn(new long[] {rows, shapes[i][0]}, bf16);
                ws[i] = torch.randn(new long[] {shapes[i][1], shapes[i][0]}, bf16);
            }
            for (int run = 0; run < runs.length; run++) {
                long begin = System.nanoTime();
                for (int i = 0; i < shapes.length; i++) {
                    try (PointerScope inner = new PointerScope()) {
                        torch.linear(xs[i], ws[i]);
                    }
                }
                runs[run] = seconds(begin);
            }
        }
        return flops / median(runs) / 1e9;
    }

    /** Plain vector loads by all cores together, over 128 MiB each. */
    private static final class ReadRate {

        private final long[][] blocks = new long[THREADS][16 << 20];

        ReadRate() throws InterruptedException {
            for (long[] block : blocks) {
                Arrays.fill(block, 1);
            }
            for (int i = 0; i < 20; i++) {
                measure();
            }
        }

        /** GB/s, once. */
        double measure() throws InterruptedException {
            CountDownLatch done = new CountDownLatch(THREADS);
            long[] sums = new long[THREADS];
            long begin = System.nanoTime();
            for (int thread = 0; thread < THREADS; thread++) {
                int mine = thread;
                Thread.ofPlatform().start(() -> {
                    sums[mine] = sum(blocks[mine]);
                    done.countDown();
                });
            }
            done.await();
            double time = seconds(begin);
            if (LongStream.of(sums).sum() != (long) THREADS * blocks[0].length) {
                throw new IllegalStateException("wrong sum");
            }
            return THREADS * 8.0 * blocks[0].length / time / 1e9;
        }

        private static long sum(long[] block) {
            LongVector a = LongVector.zero(LONGS);
            LongVector b = LongVector.zero(LONGS);
            LongVector c = LongVector.zero(LONGS);
            LongVector d = LongVector.zero(LONGS);
            int step = LONGS.length();
            for (int i = 0; i < block.length; i += 4 * step) {
                a = a.add(LongVector.fromArray(LONGS, block, i));
                b = b.add(LongVector.fromArray(LONGS, block, i + step));
                c = c.add(LongVector.fromArray(LONGS, block, i + 2 * step));
                d = d.add(LongVector.fromArray(LONGS, block, i + 3 * step));
            }
            return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
        }
    }

    private static long peakResident() throws Exception {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElse(0);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static void say(String format, Object... values) {
        System.out.printf(Locale.ROOT, format + "%n", values);
    }
}
