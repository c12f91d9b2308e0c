package dev.skald.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.Test;

class HtmlPageTest {

    /** As a browser's parser reads it. */
    @Test
    void textsStayTexts() {
        HtmlPage page = new HtmlPage("<b>a & \"b\"", "<script>", "h1 { margin: 1px }", 30);
        page.startTiles();
        page.tile("<i>", "1 & 2");
        page.endTiles();
        page.startTable("x", "y");
        page.row(HtmlPage.escape("<script>x</script>"), "2");
        page.endTable();
        Document read = Jsoup.parse(page.toString());
        assertThat(read.title()).isEqualTo("<b>a & \"b\" - Skald");
        assertThat(read.select("h1").text()).isEqualTo("<b>a & \"b\"");
        assertThat(read.select("h1 + .soft").text()).isEqualTo("<script>");
        assertThat(read.select("main > .tiles > .tile > *").eachText()).containsExactly("<i>", "1 & 2");
        assertThat(read.select("main > section tr").eachText()).containsExactly("x y", "<script>x</script> 2");
        assertThat(read.select("script, i")).isEmpty();
        assertThat(read.select("style").html()).contains("prefers-color-scheme: dark", "h1 { margin: 1px }");
        assertThat(read.select("meta[http-equiv=refresh]").attr("content")).isEqualTo("30");
        assertThat(Jsoup.parse(new HtmlPage("a", "", "", 0).toString()).select("meta[http-equiv]"))
                .isEmpty();
    }
}
