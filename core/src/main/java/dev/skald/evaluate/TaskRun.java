package dev.skald.evaluate;

import dev.skald.InvalidInputException;
import dev.skald.evaluate.Asked.Reply;
import dev.skald.generate.Generator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Runs a {@link Task} on a model. */
public final class TaskRun {

    /** Items that are held as token ids at once; among them, who shares something is found, and the longest come first. */
    private static final int WINDOW = 2048;

    private TaskRun() {}

    /**
     * How a task is run.
     *
     * @param numFewshot examples before each item; empty: as the task says
     * @param limit items, at most
     * @param seed of the examples that are drawn, and of a bootstrap
     */
    public record Options(Optional<Integer> numFewshot, int limit, long seed) {}

    /**
     * What became of an item.
     *
     * @param doc its number, from 0 on
     * @param fields of its row
     * @param target the right choice's number, or the text that is right
     * @param arguments context and continuation of each request
     * @param responses log-likelihood and whether each token was the most likely, of each request; or the text
     * @param filtered by the name of a filter ({@code none} where the task has none) and metric, what is aggregated
     * @param cut whether its context was longer than the model reads, and was cut on the left
     */
    public record Item(
            int doc,
            Map<String, Object> fields,
            String target,
            List<List<String>> arguments,
            List<Object> responses,
            Map<String, Map<Metric, double[]>> filtered,
            boolean cut) {

        /** By metric, what is aggregated, behind the task's first filter. */
        public Map<Metric, double[]> values() {
            return filtered.values().iterator().next();
        }
    }

    /**
     * A metric over all items.
     *
     * @param filter the name of the filter that answers went through; {@code none}
     * @param stderr empty for fewer than two items
     */
    public record Score(Metric metric, String filter, double value, Optional<Double> stderr) {

        /** As result files have it: {@code acc,none}. */
        public String key() {
            return metric.key() + "," + filter;
        }
    }

    /**
     * What a task came to.
     *
     * @param numFewshot examples that stood before each item
     * @param total items that the task has, of which {@code items} were run
     */
    public record Result(Task task, int numFewshot, int total, List<Item> items, List<Score> scores) {

        /** How many items were longer than the model reads, and were cut on the left. */
        public long cut() {
            return items.stream().filter(Item::cut).count();
        }
    }

    /**
     * Runs a task.
     *
     * @param done told each item when it is done, in any order
     * @throws InvalidInputException when an item is not as its task has it, or what it asks for alone is longer than the model reads
     */
    public static Result run(Task task, Generator model, Options options, Consumer<Item> done) {
        return run(task, model, options, Optional.empty(), done);
    }

    /**
     * As {@link #run(Task, Generator, Options, Consumer)}.
     *
     * @param log whose replies are taken, and which is told of new ones
     */
    public static Result run(
            Task task, Generator model, Options options, Optional<AnswerLog> log, Consumer<Item> done) {
        int shots = options.numFewshot().orElse(task.numFewshot());
        List<Row> rows =
                task.rows().subList(0, Math.min(options.limit(), task.rows().size()));
        Asking asking = new Asking(task, Encoding.of(model));
        FewShots.Draw draw = task.shots().new Draw(options.seed());
        Item[] items = new Item[rows.size()];
        Answering answering = new Answering(model, (asked, replies) -> {
            log.ifPresent(each -> each.add(asked.doc(), replies));
            items[asked.doc()] = asked.item().apply(replies);
            done.accept(items[asked.doc()]);
        });
        for (int from = 0; from < rows.size(); from += WINDOW) {
            List<Asked> window = new ArrayList<>();
            for (int doc = from; doc < Math.min(rows.size(), from + WINDOW); doc++) {
                Row row = rows.get(doc);
                Asked asked = asking.of(doc, row, task.context(row, draw.of(row, shots)));
                Optional<List<Reply>> known = log.flatMap(each -> each.of(asked.doc()));
                if (known.isPresent() && known.get().size() == asked.asks().size()) {
                    items[doc] = asked.item().apply(known.get());
                    done.accept(items[doc]);
                } else {
                    window.add(asked);
                }
            }
            answering.put(window);
        }
        return result(task, shots, List.copyOf(Arrays.asList(items)), options.seed());
    }

    /** What items come to. */
    static Result result(Task task, int shots, List<Item> items, long seed) {
        List<Score> scores = new ArrayList<>();
        for (String filter : items.getFirst().filtered().keySet()) {
            task.metrics().forEach(measured -> scores.add(score(measured, filter, items, seed)));
        }
        return new Result(task, shots, task.rows().size(), items, scores);
    }

    private static Score score(MeasuredMetric measured, String filter, List<Item> items, long seed) {
        List<double[]> values = items.stream()
                .map(item -> item.filtered().get(filter).get(measured.metric()))
                .toList();
        return new Score(
                measured.metric(),
                filter,
                measured.aggregation().of(values),
                measured.aggregation().standardError(values, seed));
    }
}
