package dev.skald.evaluate;

import dev.skald.InvalidInputException;
import dev.skald.engine.Engine;
import dev.skald.engine.Handle;
import dev.skald.engine.Request;
import dev.skald.generate.Generator;
import dev.skald.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Runs a {@link Task} on a model. Context and continuation are encoded as lm-evaluation-harness does (its api/model.py): together, white space at the
 * end of the context belonging to the continuation, with the tokens that the tokenizer puts around a text.
 */
public final class TaskRun {

    /** Items whose requests wait or run at once: the engine makes one batch of them. */
    private static final int AHEAD = 64;

    private final Task task;
    private final Generator model;
    private final Engine engine;
    private final Tokenizer tokenizer;

    private TaskRun(Task task, Generator model) {
        this.task = task;
        this.model = model;
        this.engine = model.engine();
        this.tokenizer = model.tokenizer();
    }

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
     * @param values by metric, what is aggregated
     */
    public record Item(
            int doc,
            Map<String, Object> fields,
            String target,
            List<List<String>> arguments,
            List<Object> responses,
            Map<Metric, double[]> values) {}

    /**
     * A metric over all items.
     *
     * @param stderr empty for fewer than two items
     */
    public record Score(Metric metric, double value, Optional<Double> stderr) {}

    /**
     * What a task came to.
     *
     * @param numFewshot examples that stood before each item
     * @param total items that the task has, of which {@code items} were run
     */
    public record Result(Task task, int numFewshot, int total, List<Item> items, List<Score> scores) {}

    /**
     * Runs a task.
     *
     * @param done told each item when it is done, in order
     * @throws InvalidInputException when an item is not as its task has it, or is longer than the model reads
     */
    public static Result run(Task task, Generator model, Options options, Consumer<Item> done) {
        TaskRun run = new TaskRun(task, model);
        int shots = options.numFewshot().orElse(task.numFewshot());
        List<Row> rows =
                task.rows().subList(0, Math.min(options.limit(), task.rows().size()));
        FewShots.Draw draw = task.shots().new Draw(options.seed());
        List<Item> items = new ArrayList<>();
        Deque<Supplier<Item>> pending = new ArrayDeque<>();
        for (Row row : rows) {
            pending.add(run.begin(items.size() + pending.size(), row, task.context(row, draw.of(row, shots))));
            if (pending.size() == AHEAD) {
                items.add(finished(pending, done));
            }
        }
        while (!pending.isEmpty()) {
            items.add(finished(pending, done));
        }
        List<Score> scores = task.metrics().stream()
                .map(measured -> {
                    List<double[]> values = items.stream()
                            .map(item -> item.values().get(measured.metric()))
                            .toList();
                    return new Score(
                            measured.metric(),
                            measured.aggregation().of(values),
                            measured.aggregation().standardError(values, options.seed()));
                })
                .toList();
        return new Result(task, shots, task.rows().size(), items, scores);
    }

    private static Item finished(Deque<Supplier<Item>> pending, Consumer<Item> done) {
        Item item = pending.remove().get();
        done.accept(item);
        return item;
    }

    /** Sends an item's requests; what is returned waits for them. */
    private Supplier<Item> begin(int doc, Row row, String context) {
        return switch (task.type()) {
            case MULTIPLE_CHOICE -> choices(doc, row, context);
            case LOGLIKELIHOOD -> continuation(doc, row, context);
            case LOGLIKELIHOOD_ROLLING -> text(doc, row);
            case GENERATE_UNTIL -> () -> generated(doc, row, context);
        };
    }

    /**
     * The log-likelihood of a continuation.
     *
     * @param greedy whether each of its tokens is the most likely one
     */
    private record Likelihood(double sum, boolean greedy) {

        /** As lm-evaluation-harness writes it. */
        Object response() {
            return List.of(sum, greedy);
        }
    }

    private Supplier<Item> choices(int doc, Row row, String context) {
        List<String> choices = task.templates().choices(row);
        List<Integer> gold = task.templates().gold(row, choices);
        List<List<String>> arguments = choices.stream()
                .map(choice -> List.of(context, task.targetDelimiter() + choice))
                .toList();
        List<Supplier<Likelihood>> waiting = arguments.stream()
                .map(each -> likelihood(row, each.getFirst(), each.getLast()))
                .toList();
        return () -> {
            List<Likelihood> found = waiting.stream().map(Supplier::get).toList();
            Map<Metric, double[]> values = new LinkedHashMap<>();
            task.metrics().forEach(each -> values.put(each.metric(), ofChoices(each.metric(), choices, gold, found)));
            return new Item(
                    doc,
                    row.fields(),
                    String.valueOf(gold.getFirst()),
                    arguments,
                    found.stream().map(Likelihood::response).toList(),
                    values);
        };
    }

    private static double[] ofChoices(Metric metric, List<String> choices, List<Integer> gold, List<Likelihood> found) {
        double[] sums = found.stream().mapToDouble(Likelihood::sum).toArray();
        int right = gold.getFirst();
        return switch (metric) {
            case ACC -> truth(gold.contains(highest(sums)));
            case ACC_NORM -> truth(gold.contains(highest(over(sums, choices, TaskRun::chars))));
            case ACC_BYTES -> truth(gold.contains(highest(over(sums, choices, TaskRun::bytes))));
            case BITS_PER_CHARACTER -> new double[] {-sums[right] / Math.log(2) / chars(choices.get(right))};
            case MCC, F1, F1_MACRO -> new double[] {right, highest(sums)};
            case EXACT_MATCH -> truth(found.get(right).greedy());
            case CHRF, PERPLEXITY, WORD_PERPLEXITY, BYTE_PERPLEXITY, BITS_PER_BYTE ->
                throw new IllegalStateException(metric + " is none of choices");
        };
    }

    private static double[] over(double[] sums, List<String> choices, java.util.function.ToIntFunction<String> length) {
        return IntStream.range(0, sums.length)
                .mapToDouble(i -> sums[i] / length.applyAsInt(choices.get(i)))
                .toArray();
    }

    /** The first of equals, as NumPy's argmax. */
    private static int highest(double[] values) {
        int highest = 0;
        for (int i = 1; i < values.length; i++) {
            highest = values[i] > values[highest] ? i : highest;
        }
        return highest;
    }

    private static double[] truth(boolean value) {
        return new double[] {value ? 1 : 0};
    }

    private static int chars(String text) {
        return text.codePointCount(0, text.length());
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private Supplier<Item> continuation(int doc, Row row, String context) {
        String target = task.templates().targets(row).getFirst();
        List<String> arguments = List.of(context, task.targetDelimiter() + target);
        Supplier<Likelihood> waiting = likelihood(row, arguments.getFirst(), arguments.getLast());
        return () -> {
            Likelihood found = waiting.get();
            Map<Metric, double[]> values = new LinkedHashMap<>();
            task.metrics()
                    .forEach(each -> values.put(
                            each.metric(),
                            each.metric() == Metric.ACC ? truth(found.greedy()) : new double[] {found.sum()}));
            return new Item(doc, row.fields(), target, List.of(arguments), List.of(found.response()), values);
        };
    }

    private Supplier<Likelihood> likelihood(Row row, String context, String continuation) {
        String before = context.stripTrailing();
        String after = context.substring(before.length()) + continuation;
        int[] ids;
        int from;
        if (before.isEmpty()) {
            int[] said = tokenizer.encode(after);
            ids = IntStream.concat(IntStream.of(beginning()), Arrays.stream(said))
                    .toArray();
            from = 1;
        } else {
            ids = tokenizer.encode(before + after, true);
            from = tokenizer.encode(before, true).length;
        }
        return score(row, ids, from);
    }

    /** The token that stands before a text without a context. */
    private int beginning() {
        return tokenizer
                .bosId()
                .orElseGet(
                        () -> tokenizer
                                .eosId()
                                .orElseThrow(
                                        () -> new InvalidInputException(
                                                "the tokenizer has neither a begin token nor an end token: nothing can stand before a text")));
    }

    private Supplier<Likelihood> score(Row row, int[] ids, int from) {
        if (from >= ids.length) {
            throw new InvalidInputException(
                    row.place() + ": the continuation has no tokens of its own behind its context");
        }
        if (ids.length > model.mostTokens()) {
            throw new InvalidInputException(row.place() + ": context and continuation have " + ids.length
                    + " tokens, the model reads at most " + model.mostTokens());
        }
        Handle handle = engine.submit(new Request.Score(ids, from, 0, Optional.empty()));
        return () -> {
            Handle.TokenScores scores = handle.await().scores();
            double sum = 0;
            boolean greedy = true;
            for (int i = 0; i < scores.logProbabilities().length; i++) {
                sum += scores.logProbabilities()[i];
                greedy &= scores.mostLikely()[i] == ids[from + i];
            }
            return new Likelihood(sum, greedy);
        };
    }

    /** Of a whole text: windows as long as the model reads, each token predicted once, with one token before each window. */
    private Supplier<Item> text(int doc, Row row) {
        String text = task.templates().targets(row).getFirst();
        int[] said = tokenizer.encode(text);
        int[] ids =
                IntStream.concat(IntStream.of(beginning()), Arrays.stream(said)).toArray();
        int most = Math.min(model.mostTokens(), model.config().max_position_embeddings()) - 1;
        List<Supplier<Likelihood>> waiting = new ArrayList<>();
        for (int from = 0; from + 1 < ids.length; from += most) {
            waiting.add(score(row, Arrays.copyOfRange(ids, from, Math.min(ids.length, from + most + 1)), 1));
        }
        return () -> {
            double sum = waiting.stream()
                    .map(Supplier::get)
                    .mapToDouble(Likelihood::sum)
                    .sum();
            double words = text.split("\\s+", -1).length;
            Map<Metric, double[]> values = new LinkedHashMap<>();
            task.metrics()
                    .forEach(each -> values.put(
                            each.metric(),
                            new double[] {sum, each.metric() == Metric.WORD_PERPLEXITY ? words : bytes(text)}));
            return new Item(doc, row.fields(), text, List.of(List.of(text)), List.of(sum), values);
        };
    }

    private Item generated(int doc, Row row, String context) {
        List<String> targets = task.templates().targets(row);
        String said = model.generate(context, task.generating().options(doc)).generatedText();
        String filtered = said;
        for (Filter filter : task.filters()) {
            filtered = filter.apply(filtered);
        }
        String answer = filtered;
        Map<Metric, double[]> values = new LinkedHashMap<>();
        task.metrics()
                .forEach(each -> values.put(
                        each.metric(),
                        switch (each.metric()) {
                            case EXACT_MATCH -> truth(Answers.exactMatch(answer, targets, each.ignored()));
                            case F1 -> new double[] {Answers.f1(answer, targets)};
                            case CHRF -> ChrF.counts(answer, targets.getFirst());
                            default -> throw new IllegalStateException(each.metric() + " is none of texts");
                        }));
        return new Item(doc, row.fields(), targets.getFirst(), List.of(List.of(context)), List.of(said), values);
    }
}
