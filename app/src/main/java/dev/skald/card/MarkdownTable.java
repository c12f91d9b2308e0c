package dev.skald.card;

import java.util.ArrayList;
import java.util.List;

/** A table of Markdown. Columns of numbers stand to the right. */
final class MarkdownTable {

    private final List<String> head;
    private final List<List<String>> rows = new ArrayList<>();

    MarkdownTable(List<String> head) {
        this.head = List.copyOf(head);
    }

    MarkdownTable(String... head) {
        this(List.of(head));
    }

    MarkdownTable row(List<String> cells) {
        if (cells.size() != head.size()) {
            throw new IllegalArgumentException(cells.size() + " cells in a table of " + head.size() + " columns");
        }
        rows.add(List.copyOf(cells));
        return this;
    }

    MarkdownTable row(String... cells) {
        return row(List.of(cells));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(line(head)).append('|');
        for (int column = 0; column < head.size(); column++) {
            text.append(isNumeric(column) ? "---:|" : "---|");
        }
        text.append('\n');
        rows.forEach(row -> text.append(line(row)));
        return text.toString();
    }

    private boolean isNumeric(int column) {
        return rows.stream().allMatch(row -> row.get(column).matches("-?[.,\\d]*"));
    }

    private static String line(List<String> cells) {
        StringBuilder line = new StringBuilder("|");
        for (String cell : cells) {
            line.append(' ')
                    .append(cell.replaceAll("\\R", " ").replace("|", "\\|").replace("<", "&lt;"))
                    .append(" |");
        }
        return line.append('\n').toString();
    }
}
