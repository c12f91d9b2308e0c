package dev.skald.card;

import dev.skald.corpus.Amount;
import dev.skald.corpus.CorpusSummary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a corpus gave to training, by source and by language, as Markdown. */
final class CorpusTables {

    private CorpusTables() {}

    static String of(CorpusSummary corpus) {
        return "What the model saw in one epoch; documents that the mix repeats are counted each time.\n\n"
                + sources(corpus)
                + "\n"
                + languages(corpus);
    }

    private static MarkdownTable sources(CorpusSummary corpus) {
        boolean licences =
                corpus.sources().stream().anyMatch(source -> !source.licence().isEmpty());
        List<String> head = new ArrayList<>(List.of("Source", "Category", "Documents", "MB of text", "Tokens"));
        if (licences) {
            head.add("Licence");
        }
        MarkdownTable table = new MarkdownTable(head);
        for (CorpusSummary.Source source : corpus.sources()) {
            List<String> cells = new ArrayList<>(List.of(source.name(), source.category()));
            cells.addAll(cells(source.amount()));
            if (licences) {
                cells.add(source.licence());
            }
            table.row(cells);
        }
        return table;
    }

    /** The one with most tokens first, all of them last. */
    private static MarkdownTable languages(CorpusSummary corpus) {
        MarkdownTable table = new MarkdownTable("Language", "Documents", "MB of text", "Tokens");
        corpus.languages().entrySet().stream()
                .sorted(Comparator.comparingLong(
                        (Map.Entry<String, Amount> entry) -> -entry.getValue().tokens()))
                .forEach(entry -> table.row(row(entry.getKey(), entry.getValue())));
        corpus.languages().values().stream().reduce(Amount::plus).ifPresent(sum -> table.row(row("all", sum)));
        return table;
    }

    private static List<String> row(String name, Amount amount) {
        List<String> cells = new ArrayList<>(List.of(name));
        cells.addAll(cells(amount));
        return cells;
    }

    private static List<String> cells(Amount amount) {
        return List.of(
                String.format(Locale.ROOT, "%,d", amount.documents()),
                String.format(Locale.ROOT, "%,.1f", amount.bytes() / 1e6),
                String.format(Locale.ROOT, "%,d", amount.tokens()));
    }
}
