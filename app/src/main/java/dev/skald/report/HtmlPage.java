package dev.skald.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A page that needs nothing else, neither scripts nor other files, while it is being written: frame, escaping, and the pieces of its sections. */
public final class HtmlPage {

    private final StringBuilder page = new StringBuilder(1 << 16);

    /**
     * Begins a page.
     *
     * @param title its heading, as text
     * @param subtitle what stands below, as text
     * @param style CSS of its own, beside that of all pages (page.css)
     * @param refreshSeconds after which a browser reads it again; 0 for never
     */
    public HtmlPage(String title, String subtitle, String style, int refreshSeconds) {
        add("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
        add("<meta name=\"viewport\" content=\"width=device-width\">\n");
        if (refreshSeconds > 0) {
            add("<meta http-equiv=\"refresh\" content=\"%d\">\n", refreshSeconds);
        }
        add("<title>%s - Skald</title>\n<style>\n", escape(title));
        add(css()).add(style);
        add("</style></head><body><main>\n<h1>%s</h1>\n<div class=soft>%s</div>\n", escape(title), escape(subtitle));
    }

    private static String css() {
        try (InputStream in = HtmlPage.class.getResourceAsStream("page.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds a piece of HTML as it stands. */
    public HtmlPage add(String html) {
        page.append(html);
        return this;
    }

    /** Adds a piece of HTML with values, which have to be escaped already. */
    @SuppressWarnings("AnnotateFormatMethod")
    public HtmlPage add(String format, Object... values) {
        return add(String.format(Locale.ROOT, format, values));
    }

    /** A text of the page, so that nothing of it is taken for HTML. */
    public static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** A heading. */
    public void heading(String title) {
        add("<h2>%s</h2>\n", title);
    }

    /** A heading, and what is to be seen below it. */
    public void heading(String title, String explanation) {
        heading(title);
        add("<p class=soft>%s</p>", explanation);
    }

    /** Begins a row of tiles: {@link #tile}. */
    public void startTiles() {
        add("<div class=tiles>\n");
    }

    /** One figure, and what it means. */
    public void tile(String meaning, String figure) {
        add("<div class=tile><span class=soft>%s</span><b>%s</b></div>\n", escape(meaning), escape(figure));
    }

    /** Ends a row of tiles. */
    public void endTiles() {
        add("</div>\n");
    }

    /** Begins a table, in a section of its own. */
    public void startTable(String... header) {
        add("<section><table><tr>");
        for (String cell : header) {
            add("<th>").add(cell).add("</th>");
        }
        add("</tr>\n");
    }

    /** A row of a table, of cells that have been escaped. */
    public void row(String... cells) {
        add("<tr>");
        for (String cell : cells) {
            add("<td>").add(cell).add("</td>");
        }
        add("</tr>\n");
    }

    /** Ends a table. */
    public void endTable() {
        add("</table></section>\n");
    }

    /** The page, whole. */
    @Override
    public String toString() {
        return page + "</main></body></html>\n";
    }
}
