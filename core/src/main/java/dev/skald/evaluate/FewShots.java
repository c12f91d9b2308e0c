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
 * Chooses the examples that stand before an item, as samplers.py of lm-evaluation-harness does.
 *
 * @param first whether each item has the first ones ({@code first_n}); else each draws its own
 * @param pool that they are of
 * @param ofTheSameSplit whether an item may be among them, which then is left out
 */
record FewShots(boolean first, List<Row> pool, boolean ofTheSameSplit) {

    private static final Set<String> KEYS = Set.of("sampler", "split", "samples", "fewshot_indices");

    static FewShots of(Value config, Optional<String> splitKey, Optional<String> evaluated, Task.Data data) {
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
                ? splitKey
                : Optional.of(config.at("split").text());
        boolean same = split.isPresent() && split.equals(evaluated);
        List<Row> pool;
        if (split.isPresent()) {
            pool = data.split(split.get())
                    .orElseThrow(() -> new InvalidInputException(config.where() + ": no split is named '" + split.get()
                            + "', expected one of " + String.join(", ", data.splits())));
        } else if (!config.at("samples").isAbsent()) {
            pool = samples(config.at("samples"));
        } else {
            pool = data.split("train")
                    .or(() -> data.split("validation"))
                    .or(() -> evaluated.flatMap(data::split))
                    .orElse(List.of());
        }
        return new FewShots(first, chosen(config.at("fewshot_indices"), pool), same);
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
            if (count > pool.size() || (ofTheSameSplit && count >= pool.size())) {
                throw new InvalidInputException(item.place() + ": " + count + " few-shot examples are asked for, "
                        + pool.size() + " are there" + (ofTheSameSplit ? ", the item included" : ""));
            }
            List<Row> drawn = first ? pool : random.sample(pool, ofTheSameSplit ? count + 1 : count);
            return drawn.stream()
                    .filter(row -> !ofTheSameSplit || !row.fields().equals(item.fields()))
                    .limit(count)
                    .toList();
        }
    }
}
