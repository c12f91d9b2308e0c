package dev.skald.corpus;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;

/**
 * The readable text of an HTML page: blocks of text in their order, a blank line between two of them, without scripts, menus, forms, headers
 * and footers, and without blocks that are mostly links (as boilerplate removers since Kohlschütter et al. 2010 do). An item of a list is a line after "- ", a
 * row of a table a line with " | " between the cells; a table whose cells hold blocks is only there for the layout.
 */
final class HtmlText {

    private static final String UNREAD =
            "script, style, noscript, template, svg, iframe, object, button, select, input, textarea, nav, footer,"
                    + " aside, dialog, [hidden], [aria-hidden=true], [role=navigation], [role=banner], [role=contentinfo]";

    /** What a form around a whole page holds, and one to fill in does not. */
    private static final String READ_IN_FORM = "main, [role=main], article, h1";

    private static final String CONSENT = "[id*=cookie], [class*=cookie], [id*=consent], [class*=consent]";

    /** What makes a cell part of a layout. */
    private static final String BLOCKS_IN_CELL = "p, div, table, ul, ol, h1, h2, h3, h4, h5, h6, article, section";

    /** Characters of a notice about cookies, at most; a page about them has more. */
    private static final int LONGEST_CONSENT = 1500;

    /** Characters of the paragraphs of a form that is read. */
    private static final int SHORTEST_IN_FORM = 200;

    /** Share of the page's text that an element must hold to be all that is read. */
    private static final double LEAST_SHARE = 0.3;

    private static final double MOST_LINKS = 0.5;

    private final StringBuilder text = new StringBuilder();
    private final StringBuilder block = new StringBuilder();
    private int linked;
    private boolean bullet;
    private boolean row;
    private boolean afterRow;

    private HtmlText() {}

    /**
     * @param charset as the HTTP header says, or null: then as the page says
     * @param url of the page
     */
    static String of(byte[] html, String charset, String url) throws IOException {
        String name = Charsets.of(html, charset).name();
        org.jsoup.nodes.Document page = Jsoup.parse(new ByteArrayInputStream(html), name, url);
        page.select(UNREAD).remove();
        page.select("form").stream().filter(form -> !isRead(form)).forEach(Element::remove);
        page.select(CONSENT).stream().filter(HtmlText::isConsent).forEach(Element::remove);
        page.select("body > header").remove();
        HtmlText reader = new HtmlText();
        reader.read(content(page.body()), false);
        reader.endBlock();
        return reader.text.toString();
    }

    private static boolean isRead(Element form) {
        return form.selectFirst(READ_IN_FORM) != null
                || form.select("p").stream().mapToInt(HtmlText::length).sum() >= SHORTEST_IN_FORM;
    }

    private static boolean isConsent(Element element) {
        return !element.is("html, body, main, article") && element.text().length() <= LONGEST_CONSENT;
    }

    /** What holds the page's text: its main part or its only article, if that is not the smallest part of it, or the body. */
    private static Element content(Element body) {
        double least = LEAST_SHARE * length(body);
        Optional<Element> main = body.select("main, [role=main]").stream()
                .max(Comparator.comparingInt(HtmlText::length))
                .filter(element -> length(element) >= least);
        return main.orElseGet(() -> Stream.of(body.select("article"))
                .filter(articles -> articles.size() == 1)
                .map(articles -> articles.getFirst())
                .filter(article -> length(article) >= least)
                .findFirst()
                .orElse(body));
    }

    /** Characters outside links. */
    private static int length(Element element) {
        return element.text().length()
                - element.select("a").stream()
                        .mapToInt(link -> link.text().length())
                        .sum();
    }

    private void read(Node node, boolean inLink) {
        if (node instanceof TextNode piece) {
            String words = piece.getWholeText();
            Element parent = piece.parent();
            boolean pre = parent != null && parent.closest("pre") != null;
            append(pre ? words : words.replaceAll("\\s+", " "), inLink);
            return;
        }
        if (!(node instanceof Element element)) {
            return;
        }
        String name = element.normalName();
        if (name.equals("br")) {
            block.append('\n');
            return;
        }
        if (name.equals("tr") && element.selectFirst(BLOCKS_IN_CELL) == null) {
            readRow(element, inLink);
            return;
        }
        boolean starts = isBlock(element);
        if (starts) {
            endBlock();
            bullet |= name.equals("li");
        }
        for (Node child : element.childNodes()) {
            read(child, inLink || name.equals("a"));
        }
        if (starts) {
            endBlock();
            bullet &= !name.equals("li");
        }
        if (name.equals("table")) {
            afterRow = false;
        }
    }

    /** Links, insertions and deletions may hold paragraphs, and mostly do not. */
    private static boolean isBlock(Element element) {
        return element.isBlock() && !element.is("a, ins, del");
    }

    private void readRow(Element element, boolean inLink) {
        endBlock();
        boolean first = true;
        for (Element cell : element.children()) {
            if (!first) {
                block.append(" | ");
            }
            first = false;
            for (Node child : cell.childNodes()) {
                if (child instanceof Element part && part.normalName().equals("br")) {
                    block.append(' ');
                } else {
                    read(child, inLink);
                }
            }
            block.setLength(block.toString().stripTrailing().length());
        }
        row = true;
        endBlock();
    }

    private void append(String words, boolean inLink) {
        boolean spaced = block.isEmpty() || Character.isWhitespace(block.charAt(block.length() - 1));
        block.append(spaced ? words.stripLeading() : words);
        if (inLink) {
            linked += words.strip().length();
        }
    }

    private void endBlock() {
        String words = block.toString().strip();
        if (words.chars().anyMatch(c -> c != '|' && c != ' ') && linked <= MOST_LINKS * words.length()) {
            if (!text.isEmpty()) {
                text.append(bullet || (row && afterRow) ? "\n" : "\n\n");
            }
            text.append(bullet ? "- " : "").append(words);
            bullet = false;
            afterRow = row;
        }
        row = false;
        block.setLength(0);
        linked = 0;
    }
}
