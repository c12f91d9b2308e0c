package dev.skald.demo;

import dev.skald.base.AtomicFiles;
import dev.skald.evaluate.Perplexity;
import dev.skald.report.HtmlPage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;

/** The demo's report.html: one page that needs nothing else. */
final class DemoReport {

    private static final Map<String, String> NAMES =
            Map.of("sv", "Swedish", "da", "Danish", "nb", "Norwegian Bokmål", "nn", "Norwegian Nynorsk");

    private static final String STYLE = """
            main { max-width: 900px }
            .bar { background: var(--accent); height: 10px; border-radius: 5px; min-width: 2px } .wide { width: 35% }
            .words th, .words td { text-align: left; white-space: normal }
            img { display: block; width: 100%; border-radius: 6px; background: #fff }
            """;

    private DemoReport() {}

    static void write(
            Workspace workspace, Funnel funnel, Snapshot before, Snapshot after, Answers untuned, Answers tuned)
            throws IOException {
        HtmlPage page =
                new HtmlPage("Demo", "skald-nano, before and after it has read about saunas on rafts", STYLE, 0);
        page.heading("The corpus");
        funnel(page, funnel);
        page.add(
                "<p class=soft>What was dropped, and why: <a href=\"corpus/report.html\">corpus/report.html</a></p>\n");
        page.heading("Training");
        loss(page, workspace.model().resolve("loss.png"));
        page.add("<p class=soft>All curves: <a href=\"model/report.html\">model/report.html</a></p>\n");
        page.heading("Texts on the subject that it has not read");
        scores(page, before, after);
        page.heading("Prompts");
        prompts(page, before, after);
        page.heading("Questions, after instruction tuning");
        answers(page, untuned, tuned);
        AtomicFiles.write(workspace.report(), page.toString());
    }

    private static void funnel(HtmlPage page, Funnel funnel) {
        long most = funnel.steps().getFirst().documents();
        page.add("<section><table><tr><th></th><th class=wide></th><th>documents</th><th>kB</th></tr>\n");
        for (Funnel.Step step : funnel.steps()) {
            page.add(
                    "<tr><td>%s</td><td><div class=bar style=\"width:%.1f%%\"></div></td><td>%d</td><td>%.1f</td></tr>\n",
                    step.name(), 100.0 * step.documents() / most, step.documents(), step.bytes() / 1e3);
        }
        page.endTable();
    }

    /** There is no picture where Java has no fonts. */
    private static void loss(HtmlPage page, Path picture) throws IOException {
        if (Files.exists(picture)) {
            page.add("<section><img alt=\"Loss by step\" src=\"data:image/png;base64,")
                    .add(Base64.getEncoder().encodeToString(Files.readAllBytes(picture)))
                    .add("\"></section>\n");
        }
    }

    private static void scores(HtmlPage page, Snapshot before, Snapshot after) {
        page.startTable("", "perplexity before", "after", "bits per byte before", "after");
        before.scores().forEach((language, score) -> {
            Perplexity.Result now = after.scores().get(language);
            page.add(
                    "<tr><td>%s</td><td>%.1f</td><td>%.1f</td><td>%.3f</td><td>%.3f</td></tr>\n",
                    NAMES.get(language), score.perplexity(), now.perplexity(), score.bitsPerByte(), now.bitsPerByte());
        });
        page.endTable();
    }

    private static void answers(HtmlPage page, Answers before, Answers after) {
        page.add(
                "<p class=soft>%d questions that it has not read, %d answered right to the letter. The run: <a href=\"adapter/report.html\">adapter/report.html</a></p>\n",
                after.all().size(), after.right());
        page.add(
                "<section><table class=words><tr><th>question</th><th>expected</th><th>before</th><th>after</th></tr>\n");
        for (int i = 0; i < after.all().size(); i++) {
            Answers.Answer now = after.all().get(i);
            page.add(
                    "<tr><td>%s</td><td>%s</td><td class=soft>%s</td><td>%s</td></tr>\n",
                    HtmlPage.escape(now.question()),
                    HtmlPage.escape(now.expected()),
                    HtmlPage.escape(before.all().get(i).given()),
                    HtmlPage.escape(now.given()));
        }
        page.endTable();
    }

    private static void prompts(HtmlPage page, Snapshot before, Snapshot after) {
        for (int i = 0; i < Snapshot.PROMPTS.size(); i++) {
            page.add(
                    "<section><p><b>%s</b> …</p>\n<p><span class=soft>before:</span> %s</p>\n<p><span class=soft>after:</span> %s</p></section>\n",
                    HtmlPage.escape(Snapshot.PROMPTS.get(i)),
                    HtmlPage.escape(before.continuations().get(i)),
                    HtmlPage.escape(after.continuations().get(i)));
        }
    }
}
