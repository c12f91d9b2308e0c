package dev.skald.corpus;

import java.util.Locale;

/** The HTML of a page while it is being written: escaping, numbers and the pieces that its sections are made of. */
final class Markup {

    private final StringBuilder page = new StringBuilder(1 << 16);

    /** Adds a piece of HTML as it stands. */
    Markup add(String html) {
        page.append(html);
        return this;
    }

    /** Adds a piece of HTML with values, which have to be escaped already. */
    @SuppressWarnings("AnnotateFormatMethod")
    Markup add(String format, Object... values) {
        return add(String.format(Locale.ROOT, format, values));
    }

    void heading(String title, String explanation) {
        add("<h2>%s</h2><p>%s</p>", title, explanation);
    }

    void startTable(String... header) {
        add("<section><table><tr>");
        for (String cell : header) {
            add("<th>").add(cell).add("</th>");
        }
        add("</tr>");
    }

    void row(String... cells) {
        add("<tr>");
        for (String cell : cells) {
            add("<td>").add(cell).add("</td>");
        }
        add("</tr>");
    }

    void endTable() {
        add("</table></section>");
    }

    /** What the colours of the languages mean. */
    void legend() {
        add("<div class=legend>");
        for (String language : LanguageIdentifier.KNOWN) {
            add("<span><span class=\"key %s\"></span>%s</span>", language, language);
        }
        add("</div>");
    }

    static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value).replace(',', '\u202F');
    }

    static String megabytes(long bytes) {
        return bytes < 50_000
                ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
                : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }

    static String percent(long part, long of) {
        return of == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * part / of);
    }

    /** Without digits that say nothing: 0.25, 2, 1000. */
    static String brief(double value) {
        String text = String.format(Locale.ROOT, "%.4f", value);
        return text.replaceFirst("\\.?0+$", "");
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    @Override
    public String toString() {
        return page.toString();
    }
}
