package dev.skald.train;

import dev.skald.text.Place;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.tune.Example;
import dev.skald.tune.ExampleCounts;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The rows of a run's data sets as the model learns them, for people to look at. */
public final class LabelledRows {

    /** Around what is learned. */
    private static final String BEGIN = "\u27e6";

    private static final String END = "\u27e7";

    /** First ids that are shown. */
    private static final int FIRST = 12;

    private final TrainerConfig config;
    private final ExampleCache cache;

    /** The rows of a configuration whose data sets are examples. */
    public LabelledRows(TrainerConfig config, Tokenizer tokenizer) {
        this.config = config;
        this.cache = new ExampleCache(config, tokenizer);
    }

    /** Takes rows. */
    public interface Receiver {
        /** @param dataset its name */
        void accept(String dataset, Place place, Example example) throws IOException;
    }

    private static final class Enough extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Enough() {
            super(null, null, false, false);
        }
    }

    /**
     * Reads the rows that are learned from, those that are dropped left out.
     *
     * @param most of each data set
     * @throws dev.skald.InvalidInputException when a row is not as its type has it
     */
    public void read(long most, Receiver receiver) throws IOException {
        for (DatasetConfig dataset : config.datasets()) {
            long[] taken = {0};
            try {
                ExampleCounts counts = cache.reader().read(cache.source(dataset), (place, example) -> {
                    receiver.accept(dataset.name(), place, example);
                    if (++taken[0] >= most) {
                        throw new Enough();
                    }
                });
                System.err.println(dataset.name() + ": " + counts.describe());
            } catch (Enough e) {
                // as many as were asked for
            }
        }
    }

    /** The text of a row, what is learned in ⟦brackets⟧. */
    public static String marked(Example example, Tokenizer tokenizer) {
        StringBuilder text = new StringBuilder();
        int[] ids = example.ids();
        for (int from = 0; from < ids.length; ) {
            boolean learned = example.labels()[from] != Example.NOT_LEARNED;
            int to = from;
            while (to < ids.length && (example.labels()[to] != Example.NOT_LEARNED) == learned) {
                to++;
            }
            String part = tokenizer.decode(Arrays.copyOfRange(ids, from, to), false);
            text.append(learned ? BEGIN + part + END : part);
            from = to;
        }
        return text.toString();
    }

    /** The first ids of a row. */
    public static String first(Example example) {
        return Arrays.stream(example.ids(), 0, Math.min(FIRST, example.ids().length))
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(" "));
    }
}
