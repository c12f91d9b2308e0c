package dev.skald.corpus;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;

/**
 * The readable text of an HTML page: blocks of text in their order, a blank line between two of them, without scripts, menus, forms, headers
 * and footers, and without blocks that are mostly links (as boilerplate removers since Kohlschütter et al. 2010 do).
 */
final class HtmlText {

    private static final String UNREAD =
            "script, style, noscript, template, svg, iframe, object, form, button, select, input, nav, footer,"
                    + " aside, dialog, [hidden], [aria-hidden=true], [role=navigation], [role=banner], [role=contentinfo]";

    private static final double MOST_LINKS = 0.5;

    private final StringBuilder text = new StringBuilder();
    private final StringBuilder block = new StringBuilder();
    private int linked;
    private boolean list;

    private HtmlText() {}

    /**
     * @param charset as the HTTP header says, or null: then as the page says
     * @param url of the page
     */
    static String of(byte[] html, String charset, String url) throws IOException {
        String name = Charsets.of(html, charset).name();
        org.jsoup.nodes.Document page = Jsoup.parse(new ByteArrayInputStream(html), name, url);
        page.select(UNREAD).remove();
        page.select("body > header").remove();
        HtmlText reader = new HtmlText();
        Element main = page.selectFirst("main, [role=main]");
        if (main == null) {
            main = page.select("article").size() == 1 ? page.selectFirst("article") : page.body();
        }
        reader.read(main, false);
        reader.endBlock();
        return reader.text.toString();
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
        boolean starts = element.isBlock() && !name.equals("a");
        if (starts) {
            endBlock();
            list = name.equals("li");
        }
        for (Node child : element.childNodes()) {
            read(child, inLink || name.equals("a"));
        }
        if (name.equals("td") || name.equals("th")) {
            block.append(' ');
        }
        if (starts) {
            endBlock();
        }
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
        if (!words.isEmpty() && linked <= MOST_LINKS * words.length()) {
            if (!text.isEmpty()) {
                text.append(list ? "\n" : "\n\n");
            }
            text.append(list ? "- " : "").append(words);
        }
        block.setLength(0);
        linked = 0;
        list = false;
    }
}
