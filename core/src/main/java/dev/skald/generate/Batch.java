package dev.skald.generate;

import dev.skald.InvalidInputException;
import dev.skald.base.HostMemory;
import dev.skald.model.KeyValueCache;
import dev.skald.model.Llama;
import dev.skald.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * The texts of one call, generated together: prompts are read one after the other, in chunks, so that memory does not grow with the square
 * of their length; then every step gives each unfinished text one token. A text does not depend on the others in its batch.
 */
final class Batch implements AutoCloseable {

    /** Tokens of a prompt that go through the model at once. */
    private static final int PREFILL_CHUNK = Llama.PREFILL_ROWS;

    private final Llama model;
    private final List<Sequence> sequences = new ArrayList<>();
    private final TextListener listener;

    /** Reads the prompts and chooses the first token of each text. */
    Batch(Llama model, Tokenizer tokenizer, GenerationConfig config, List<Prompt> prompts, TextListener listener) {
        this.model = model;
        this.listener = listener;
        int positions = model.config().max_position_embeddings();
        double needed = 0;
        for (Prompt prompt : prompts) {
            long most = config.lengthLimit(prompt.ids().length, positions);
            needed += (double) most * config.num_return_sequences() * model.cacheBytesPerToken();
        }
        requireHeadroom(needed);
        SplittableRandom seeds =
                config.seed().isPresent() ? new SplittableRandom(config.seed().getAsLong()) : new SplittableRandom();
        try {
            for (Prompt prompt : prompts) {
                read(prompt, config, tokenizer, seeds);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * A prompt as ids, and as the text that results begin with.
     *
     * @param ids at least one
     */
    record Prompt(int[] ids, String text) {
        Prompt {
            if (ids.length == 0) {
                throw new InvalidInputException("the prompt has no tokens: give some text, or a begin token's id");
            }
        }
    }

    /** Gives each unfinished text its next token; false if there was none. */
    boolean step() {
        List<Sequence> active =
                sequences.stream().filter(sequence -> !sequence.isFinished()).toList();
        if (active.isEmpty()) {
            return false;
        }
        List<Llama.Segment> segments = active.stream()
                .map(sequence -> new Llama.Segment(new int[] {sequence.lastId()}, sequence.cache()))
                .toList();
        try (PointerScope _ = new PointerScope()) {
            float[][] logits = rows(model.logits(model.hidden(segments)));
            for (int i = 0; i < active.size(); i++) {
                accept(active.get(i), logits[i]);
            }
        }
        return true;
    }

    List<Generation> results() {
        return sequences.stream().map(Sequence::result).toList();
    }

    @Override
    public void close() {
        sequences.forEach(Sequence::close);
    }

    private void read(Prompt prompt, GenerationConfig config, Tokenizer tokenizer, SplittableRandom seeds) {
        long started = System.nanoTime();
        KeyValueCache cache = model.newCache();
        float[] logits;
        try {
            logits = prefill(prompt.ids(), cache);
        } catch (RuntimeException e) {
            cache.close();
            throw e;
        }
        int limit = config.lengthLimit(prompt.ids().length, model.config().max_position_embeddings());
        for (int i = 0; i < config.num_return_sequences(); i++) {
            boolean last = i == config.num_return_sequences() - 1;
            Sequence sequence = new Sequence(
                    sequences.size(),
                    prompt.ids(),
                    prompt.text(),
                    config,
                    tokenizer,
                    last ? cache : cache.fork(),
                    limit,
                    seeds.nextLong(),
                    started);
            sequences.add(sequence);
            accept(sequence, last ? logits : logits.clone());
        }
    }

    /** The logits {@code [vocab]} after the last of the ids. */
    private float[] prefill(int[] ids, KeyValueCache cache) {
        for (int from = 0; ; from += PREFILL_CHUNK) {
            int to = Math.min(ids.length, from + PREFILL_CHUNK);
            try (PointerScope _ = new PointerScope()) {
                int[] chunk = Arrays.copyOfRange(ids, from, to);
                Tensor hidden = model.hidden(List.of(new Llama.Segment(chunk, cache)));
                if (to == ids.length) {
                    return rows(model.logits(hidden.narrow(0, chunk.length - 1, 1)))[0];
                }
            }
        }
    }

    private void accept(Sequence sequence, float[] logits) {
        String text = sequence.accept(logits);
        if (!text.isEmpty()) {
            listener.onText(sequence.index(), text);
        }
    }

    private static float[][] rows(Tensor logits) {
        Tensor onCpu = logits.cpu().contiguous();
        int rows = (int) onCpu.size(0);
        int vocab = (int) onCpu.size(1);
        float[][] copy = new float[rows][vocab];
        for (int row = 0; row < rows; row++) {
            onCpu.narrow(0, row, 1).data_ptr_float().get(copy[row]);
        }
        return copy;
    }

    private static void requireHeadroom(double bytes) {
        long available = HostMemory.available();
        if (bytes > available) {
            throw new InvalidInputException(String.format(
                    "not enough memory: the key-value cache may need %.1f GiB, %.1f GiB are free (lower max_new_tokens or num_return_sequences)",
                    bytes / (1L << 30), available / (double) (1L << 30)));
        }
    }
}
