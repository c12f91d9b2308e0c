package dev.skald.evaluate;

import dev.skald.evaluate.Asked.Ask;
import dev.skald.evaluate.Asked.Reply;
import dev.skald.evaluate.Asked.Reply.Likelihood;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Turns the rows of a task into what is asked of a model, and the replies into what is measured. */
record Asking(Task task, Encoding encoding) {

    /** As Python has it. */
    private static final Pattern WHITE_SPACE = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

    /**
     * What an item asks.
     *
     * @param context what stands before its answer
     */
    Asked of(int doc, Row row, String context) {
        return switch (task.type()) {
            case MULTIPLE_CHOICE -> choices(doc, row, context);
            case LOGLIKELIHOOD -> continuation(doc, row, context);
            case LOGLIKELIHOOD_ROLLING -> text(doc, row);
            case GENERATE_UNTIL -> generated(doc, row, context);
        };
    }

    private Asked choices(int doc, Row row, String context) {
        List<String> choices = task.templates().choices(row);
        List<Integer> gold = task.templates().gold(row, choices);
        List<List<String>> arguments = choices.stream()
                .map(choice -> List.of(context, task.targetDelimiter() + choice))
                .toList();
        List<Encoding.Cut<Ask.Score>> asks = arguments.stream()
                .map(each -> encoding.score(row, each.getFirst(), each.getLast()))
                .toList();
        boolean cut = asks.stream().anyMatch(Encoding.Cut::cut);
        return new Asked(doc, asks.stream().map(each -> (Ask) each.ask()).toList(), replies -> {
            List<Likelihood> found =
                    replies.stream().map(Likelihood.class::cast).toList();
            return new TaskRun.Item(
                    doc,
                    row.fields(),
                    String.valueOf(gold.getFirst()),
                    arguments,
                    found.stream().map(Asking::response).toList(),
                    values(metric -> ofChoices(metric, choices, gold, found)),
                    cut);
        });
    }

    private Map<String, Map<Metric, double[]>> values(Function<Metric, double[]> of) {
        return Map.of(Filter.NONE, valuesOf(measured -> of.apply(measured.metric())));
    }

    private Map<Metric, double[]> valuesOf(Function<MeasuredMetric, double[]> of) {
        Map<Metric, double[]> values = new LinkedHashMap<>();
        task.metrics().forEach(each -> values.put(each.metric(), of.apply(each)));
        return values;
    }

    /** As lm-evaluation-harness writes it. */
    private static Object response(Likelihood found) {
        return List.of(found.sum(), found.greedy());
    }

    private static double[] ofChoices(Metric metric, List<String> choices, List<Integer> gold, List<Likelihood> found) {
        double[] sums = found.stream().mapToDouble(Likelihood::sum).toArray();
        int right = gold.getFirst();
        return switch (metric) {
            case ACC -> truth(gold.contains(highest(sums)));
            case ACC_NORM -> truth(gold.contains(highest(over(sums, choices, Asking::chars))));
            case ACC_BYTES -> truth(gold.contains(highest(over(sums, choices, Asking::bytes))));
            case BITS_PER_CHARACTER -> new double[] {-sums[right] / Math.log(2) / chars(choices.get(right))};
            case MCC, F1, F1_MACRO -> new double[] {right, highest(sums)};
            case EXACT_MATCH -> truth(found.get(right).greedy());
            case CHRF, PERPLEXITY, WORD_PERPLEXITY, BYTE_PERPLEXITY, BITS_PER_BYTE ->
                throw new IllegalStateException(metric + " is none of choices");
        };
    }

    private static double[] over(double[] sums, List<String> choices, ToIntFunction<String> length) {
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

    private Asked continuation(int doc, Row row, String context) {
        String target = task.templates().targets(row).getFirst();
        List<String> arguments = List.of(context, target); // no delimiter: a target that needs one begins with it
        Encoding.Cut<Ask.Score> ask = encoding.score(row, arguments.getFirst(), arguments.getLast());
        return new Asked(doc, List.of(ask.ask()), replies -> {
            Likelihood found = (Likelihood) replies.getFirst();
            return new TaskRun.Item(
                    doc,
                    row.fields(),
                    target,
                    List.of(arguments),
                    List.of(response(found)),
                    values(metric -> metric == Metric.ACC ? truth(found.greedy()) : new double[] {found.sum()}),
                    ask.cut());
        });
    }

    private Asked text(int doc, Row row) {
        String text = task.templates().targets(row).getFirst();
        return new Asked(doc, encoding.windows(text), replies -> {
            double sum = replies.stream()
                    .mapToDouble(reply -> ((Likelihood) reply).sum())
                    .sum();
            double words = WHITE_SPACE.split(text, -1).length;
            return new TaskRun.Item(
                    doc,
                    row.fields(),
                    text,
                    List.of(List.of(text)),
                    List.of(sum),
                    values(metric -> new double[] {sum, metric == Metric.WORD_PERPLEXITY ? words : bytes(text)}),
                    false);
        });
    }

    private Asked generated(int doc, Row row, String context) {
        List<String> targets = task.templates().targets(row);
        Encoding.Cut<Ask.Text> ask =
                encoding.text(row, context, task.generating(), task.generating().options(doc));
        return new Asked(doc, List.of(ask.ask()), replies -> {
            String said = ((Reply.Said) replies.getFirst()).text();
            Map<String, Map<Metric, double[]>> values = new LinkedHashMap<>();
            for (Filter filter : task.filters()) {
                String answer = filter.apply(said);
                values.put(filter.name(), valuesOf(measured -> ofText(measured, answer, targets)));
            }
            return new TaskRun.Item(
                    doc, row.fields(), targets.getFirst(), List.of(List.of(context)), List.of(said), values, ask.cut());
        });
    }

    private static double[] ofText(MeasuredMetric measured, String answer, List<String> targets) {
        return switch (measured.metric()) {
            case EXACT_MATCH -> truth(Answers.exactMatch(answer, targets, measured.ignored()));
            case F1 -> new double[] {Answers.f1(answer, targets)};
            case CHRF -> ChrF.counts(answer, targets.getFirst());
            default -> throw new IllegalStateException(measured.metric() + " is none of texts");
        };
    }
}
