package dev.skald.demo;

import dev.skald.base.AtomicFiles;
import dev.skald.evaluate.Perplexity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;

/** The demo's report.html: one page that needs nothing else. */
final class DemoReport {

    private static final Map<String, String> NAMES =
            Map.of("sv", "Swedish", "da", "Danish", "nb", "Norwegian Bokmål", "nn", "Norwegian Nynorsk");

    private static final String HEAD = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>Skald demo</title>
            <style>
            :root { color-scheme: light dark; --ink: #111827; --soft: #6b7280; --page: #f6f7f9; --card: #fff; --edge: #e5e7eb; --bar: #2563eb; }
            @media (prefers-color-scheme: dark) {
              :root { --ink: #e5e7eb; --soft: #9ca3af; --page: #0b0f17; --card: #131a26; --edge: #263043; --bar: #60a5fa; } }
            body { margin: 0 auto; max-width: 900px; padding: 28px 20px 60px; background: var(--page); color: var(--ink);
              font: 15px/1.55 system-ui, "Segoe UI", Roboto, sans-serif; }
            h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 34px 0 12px; } a { color: var(--bar); }
            .soft { color: var(--soft); } .card { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 12px 16px;
              overflow-x: auto; margin-bottom: 12px; }
            table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
            th, td { padding: 6px 10px 6px 0; text-align: right; } th { color: var(--soft); font-weight: 500; }
            th:first-child, td:first-child { text-align: left; }
            .bar { background: var(--bar); height: 10px; border-radius: 5px; min-width: 2px; } .wide { width: 35%; }
            img { display: block; width: 100%; border-radius: 6px; background: #fff; } p { margin: 4px 0; }
            </style></head><body>
            """;

    private DemoReport() {}

    static void write(Workspace workspace, Funnel funnel, Snapshot before, Snapshot after) throws IOException {
        StringBuilder page = new StringBuilder(HEAD);
        page.append(
                "<h1>Skald demo</h1>\n<div class=\"soft\">skald-nano, before and after it has read about saunas on rafts</div>\n");
        page.append("<h2>The corpus</h2>\n");
        funnel(page, funnel);
        page.append(
                "<p class=\"soft\">What was dropped, and why: <a href=\"corpus/report.html\">corpus/report.html</a></p>\n");
        page.append("<h2>Training</h2>\n");
        loss(page, workspace.model().resolve("loss.png"));
        page.append("<p class=\"soft\">All curves: <a href=\"model/report.html\">model/report.html</a></p>\n");
        page.append("<h2>Texts on the subject that it has not read</h2>\n");
        scores(page, before, after);
        page.append("<h2>Prompts</h2>\n");
        prompts(page, before, after);
        page.append("</body></html>\n");
        AtomicFiles.write(workspace.report(), page.toString());
    }

    private static void funnel(StringBuilder page, Funnel funnel) {
        long most = funnel.steps().getFirst().documents();
        page.append(
                "<div class=\"card\"><table><tr><th></th><th class=\"wide\"></th><th>documents</th><th>kB</th></tr>\n");
        for (Funnel.Step step : funnel.steps()) {
            page.append(String.format(
                    Locale.ROOT,
                    "<tr><td>%s</td><td><div class=\"bar\" style=\"width:%.1f%%\"></div></td><td>%d</td><td>%.1f</td></tr>%n",
                    step.name(),
                    100.0 * step.documents() / most,
                    step.documents(),
                    step.bytes() / 1e3));
        }
        page.append("</table></div>\n");
    }

    /** There is no picture where Java has no fonts. */
    private static void loss(StringBuilder page, Path picture) throws IOException {
        if (Files.exists(picture)) {
            page.append("<div class=\"card\"><img alt=\"Loss by step\" src=\"data:image/png;base64,")
                    .append(Base64.getEncoder().encodeToString(Files.readAllBytes(picture)))
                    .append("\"></div>\n");
        }
    }

    private static void scores(StringBuilder page, Snapshot before, Snapshot after) {
        page.append(
                "<div class=\"card\"><table><tr><th></th><th>perplexity before</th><th>after</th><th>bits per byte before</th><th>after</th></tr>\n");
        before.scores().forEach((language, score) -> {
            Perplexity.Result now = after.scores().get(language);
            page.append(String.format(
                    Locale.ROOT,
                    "<tr><td>%s</td><td>%.1f</td><td>%.1f</td><td>%.3f</td><td>%.3f</td></tr>%n",
                    NAMES.get(language),
                    score.perplexity(),
                    now.perplexity(),
                    score.bitsPerByte(),
                    now.bitsPerByte()));
        });
        page.append("</table></div>\n");
    }

    private static void prompts(StringBuilder page, Snapshot before, Snapshot after) {
        for (int i = 0; i < Snapshot.PROMPTS.size(); i++) {
            page.append("<div class=\"card\"><p><b>")
                    .append(escaped(Snapshot.PROMPTS.get(i)))
                    .append("</b> …</p>\n<p><span class=\"soft\">before:</span> ")
                    .append(escaped(before.continuations().get(i)))
                    .append("</p>\n<p><span class=\"soft\">after:</span> ")
                    .append(escaped(after.continuations().get(i)))
                    .append("</p></div>\n");
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
