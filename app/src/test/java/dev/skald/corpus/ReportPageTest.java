package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportPageTest {

    @TempDir
    private Path directory;

    @Test
    void showsWhatTheTallyHoldsAndEscapesIt() throws Exception {
        Path file = Files.writeString(
                directory.resolve("r.yaml"),
                "{preset: fineweb2, output: out, sources: [{path: in.jsonl, name: '<script>x</script>'}]}");
        Tally tally = new Tally();
        for (int i = 0; i < 1234; i++) {
            tally.flow(Flow.READ, "<script>x</script>", "sv", 1000, 0);
            tally.value("digits", "sv", i / 5000.0, 1);
            tally.value("mean_word_length", "da", 5, 20);
        }
        tally.flow(Flow.KEPT, "<script>x</script>", "sv", 617_000, 77);
        tally.dropped("digits", "sv", true);
        tally.sample("digits", new Tally.Sample(1, "a&b", "s", "sv", 0.25, "<b>1 2 3"), 10);
        tally.identified("sv", "da");
        tally.count("rejected", 5);
        tally.count("skipped_files", 3);

        Document page = Jsoup.parse(new ReportPage(RecipeReader.read(file, List.of()), tally).html());
        assertThat(page.select("script")).isEmpty();
        assertThat(page.select(".tile b").eachText()).contains("1\u202F234", "1.2 MB", "50.0 %");
        assertThat(page.select(".tile").eachText()).contains("records kept aside5", "files skipped3");
        assertThat(page.select(".step").first().select("i.sv").attr("title")).isEqualTo("sv 1.2 MB");
        assertThat(page.select("td").eachText()).contains("<script>x</script>");
        assertThat(page.select("details summary").text()).contains("digits", "1 (1)", "sv 1");
        assertThat(page.select("details q").text()).isEqualTo("<b>1 2 3");
        assertThat(page.select("td.miss").eachText()).containsExactly("1");
        assertThat(page.select(".plot b").eachText()).containsExactly("mean_word_length", "digits");
        assertThat(page.select(".plot").first().select("text.limit-name").eachText())
                .isEqualTo(List.of("min 3", "max 11"));
    }
}
