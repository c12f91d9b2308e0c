package dev.skald.evaluate;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.config.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Chooses the examples that stand before an item, as samplers.py and task.py of lm-evaluation-harness do: of {@code fewshot_config.split} or {@code
 * fewshot_split}; else {@code fewshot_config.samples}; else {@code training_split}, {@code validation_split} or {@code test_split}, whichever is
 * named first.
 *
 * @param first whether each item has the first ones ({@code first_n}); else each draws its own
 * @param pool that they are of
 * @param withoutItem whether an item is left out where it is among them. As there, only where the split for examples is the {@code test_split}, or
 *     neither is named; where nothing but a test split is named, an item may be its own example
 * @param from the key and name of the pool, for messages
 */
record FewShots(boolean first, List<Row> pool, boolean withoutItem, String from) {

    private static final Set<String> KEYS = Set.of("sampler", "split", "samples", "fewshot_indices");

    /** The splits that a task's file names. */
    record Splits(
            Optional<String> fewshot, Optional<String> training, Optional<String> validation, Optional<String> test) {}

    static FewShots of(Value config, Splits splits, Task.Data data) {
        if (!config.isAbsent()) {
            config.object().node().fieldNames().forEachRemaining(key -> {
                if (!KEYS.contains(key)) {
                    throw new InvalidInputException(
                            config.where() + ": '" + key + "' is not supported, expected one of "
                                    + String.join(", ", KEYS.stream().sorted().toList()));
                }
            });
        }
        Value sampler = config.at("sampler");
        boolean first = !sampler.isAbsent() && sampler.text().equals("first_n");
        if (!first && !sampler.isAbsent() && !sampler.text().equals("default")) {
            throw sampler.wrong("default or first_n");
        }
        Optional<String> split = config.at("split").isAbsent()
                ? splits.fewshot
                : Optional.of(config.at("split").text());
        List<Row> pool;
        String from;
        if (split.isPresent()) {
            pool = data.split(split.get())
                    .orElseThrow(() -> new InvalidInputException(config.where() + ": no split is named '" + split.get()
                            + "', expected one of " + String.join(", ", data.splits())));
            from = "fewshot_split: " + split.get();
        } else if (!config.at("samples").isAbsent()) {
            pool = samples(config.at("samples"));
            from = "fewshot_config.samples";
        } else {
            String named = splits.training
                    .or(() -> splits.validation)
                    .or(() -> splits.test)
                    .orElse("");
            pool = data.split(named).orElse(List.of()); // which is missed when examples are asked for
            from = (splits.training.isPresent()
                            ? "training_split: "
                            : splits.validation.isPresent() ? "validation_split: " : "test_split: ")
                    + named;
        }
        return new FewShots(first, chosen(config.at("fewshot_indices"), pool), split.equals(splits.test), from);
    }

    private static List<Row> samples(Value given) {
        List<Row> rows = new ArrayList<>();
        for (Value each : given.list()) {
            Map<String, Object> fields =
                    StrictJson.mapper().convertValue(each.object().node(), new TypeReference<Map<String, Object>>() {});
            rows.add(new Row(fields, each.where()));
        }
        return rows;
    }

    private static List<Row> chosen(Value indices, List<Row> pool) {
        if (indices.isAbsent()) {
            return pool;
        }
        List<Row> chosen = new ArrayList<>();
        for (Value index : indices.list()) {
            int at = index.integer();
            if (at < 0 || at >= pool.size()) {
                throw index.wrong("0 to " + (pool.size() - 1));
            }
            chosen.add(pool.get(at));
        }
        return chosen;
    }

    /** Draws for one item after the other; from one seed, always the same. */
    final class Draw {

        private final PythonRandom random;

        Draw(long seed) {
            random = new PythonRandom(seed);
        }

        List<Row> of(Row item, int count) {
            if (count == 0) {
                return List.of();
            }
            int asked = Math.min(pool.size(), withoutItem ? count + 1 : count);
            List<Row> drawn = first ? pool : random.sample(pool, asked);
            List<Row> examples = drawn.stream()
                    .filter(row -> !withoutItem || !row.fields().equals(item.fields()))
                    .limit(count)
                    .toList();
            if (examples.size() < count) {
                throw new InvalidInputException(item.place() + ": " + count + " few-shot examples are asked for, "
                        + pool.size() + " are there (" + from + ")" + (withoutItem ? ", the item included" : ""));
            }
            return examples;
        }
    }
}
