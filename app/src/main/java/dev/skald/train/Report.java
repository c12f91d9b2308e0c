package dev.skald.train;

import dev.skald.base.AtomicFiles;
import dev.skald.base.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** Draws {@code loss.png} and {@code report.html}, one page that needs nothing else, of what a run has been like so far. */
final class Report {

    private static final int WIDTH = 560;
    private static final int HEIGHT = 280;

    private static final String STYLE = """
            :root { color-scheme: light dark; --ink: #111827; --soft: #6b7280; --page: #f6f7f9; --card: #ffffff; --edge: #e5e7eb; }
            @media (prefers-color-scheme: dark) {
              :root { --ink: #e5e7eb; --soft: #9ca3af; --page: #0b0f17; --card: #131a26; --edge: #263043; } }
            body { margin: 0 auto; max-width: 1200px; padding: 28px 24px 60px; background: var(--page); color: var(--ink);
              font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
            h1 { font-size: 24px; margin: 0; } h2 { font-size: 17px; margin: 32px 0 12px; }
            .soft { color: var(--soft); } .bar { height: 6px; border-radius: 3px; background: var(--edge); margin: 14px 0 22px; }
            .bar div { height: 6px; border-radius: 3px; background: #2563eb; }
            .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; }
            .tile, .chart, .table, details { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; }
            .tile { padding: 10px 14px; } .tile b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; }
            .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 14px; margin-top: 18px; }
            .chart { padding: 6px; } svg { display: block; width: 100%; font-family: inherit; }
            table { border-collapse: separate; border-spacing: 0; width: 100%; font-variant-numeric: tabular-nums; }
            .table { overflow-x: auto; } th, td { white-space: nowrap; padding: 7px 14px; text-align: right; border-bottom: 1px solid var(--edge); } tr:last-child td { border: 0; }
            th { color: var(--soft); font-weight: 500; } th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; }
            details { padding: 10px 14px; margin-top: 20px; } pre { overflow: auto; font-size: 13px; }
            """;

    private final Path outputDir;
    private final TrainerConfig config;
    private final Timetable timetable;
    private boolean pictures = true;

    Report(Path outputDir, TrainerConfig config, Timetable timetable) {
        this.outputDir = outputDir;
        this.config = config;
        this.timetable = timetable;
    }

    void write(List<StepMetrics> steps, List<ValidationMetrics> validations, boolean running) throws IOException {
        if (steps.isEmpty()) {
            return;
        }
        AtomicFiles.write(outputDir.resolve("report.html"), html(steps, validations, running));
        if (pictures) {
            try {
                AtomicFiles.write(outputDir.resolve("loss.png"), png(loss(steps, validations)));
            } catch (LinkageError | InternalError | RuntimeException e) {
                pictures = false; // a Java without fonts, as in a small container
                System.err.println("warning: loss.png is not drawn: " + e.getMessage());
            }
        }
    }

    static byte[] png(Chart chart) throws IOException {
        ChartCanvas.Png canvas = new ChartCanvas.Png(2 * WIDTH, 2 * HEIGHT);
        chart.paint(canvas, 2 * WIDTH, 2 * HEIGHT);
        return canvas.bytes();
    }

    private String html(List<StepMetrics> steps, List<ValidationMetrics> validations, boolean running) {
        StepMetrics last = steps.getLast();
        String name = Path.of(config.outputDir())
                .toAbsolutePath()
                .normalize()
                .getFileName()
                .toString();
        StringBuilder page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
        if (running) {
            page.append("<meta http-equiv=\"refresh\" content=\"30\">\n");
        }
        page.append("<meta name=\"viewport\" content=\"width=device-width\">\n<title>")
                .append(escaped(name))
                .append(" - Skald</title>\n<style>\n")
                .append(STYLE)
                .append("</style></head><body>\n<h1>")
                .append(escaped(name))
                .append("</h1>\n<div class=\"soft\">")
                .append(escaped(Path.of(config.baseModel()).getFileName() + ", " + state(steps, running)))
                .append("</div>\n");
        page.append(String.format(
                Locale.ROOT,
                "<div class=\"bar\"><div style=\"width:%.1f%%\"></div></div>%n<div class=\"tiles\">%n",
                100.0 * last.step() / timetable.totalSteps()));
        tile(page, "Loss, last 20 steps", String.format(Locale.ROOT, "%.4f", recent(steps, StepMetrics::loss)));
        tile(page, "Tokens seen", amount((double) last.tokens()));
        tile(page, "Tokens a second", amount(recent(steps, StepMetrics::tokensPerSecond)));
        if (last.mfu() != null) {
            tile(
                    page,
                    "MFU",
                    String.format(
                            Locale.ROOT, "%.1f %%", 100 * recent(steps, step -> step.mfu() == null ? 0 : step.mfu())));
        }
        tile(page, "Learning rate", String.format(Locale.ROOT, "%.2e", last.learningRate()));
        tile(page, "Gradient norm", String.format(Locale.ROOT, "%.3f", last.gradNorm()));
        tile(page, "Memory of a rank", String.format(Locale.ROOT, "%.2f GiB", last.memoryBytes() / (double) (1 << 30)));
        page.append("</div>\n<div class=\"charts\">\n");
        chart(page, loss(steps, validations));
        if (!validations.isEmpty()) {
            chart(page, byLanguage("Validation perplexity by language", validations, ValidationMetrics::perplexity));
            chart(
                    page,
                    byLanguage("Validation bits per byte by language", validations, ValidationMetrics::bitsPerByte));
        }
        chart(page, of("Learning rate", steps, StepMetrics::learningRate, false));
        chart(page, of("Gradient norm, before clipping", steps, StepMetrics::gradNorm, true));
        chart(page, of("Tokens a second", steps, StepMetrics::tokensPerSecond, true));
        page.append("</div>\n");
        table(page, validations);
        page.append("<details><summary>Configuration</summary><pre>")
                .append(escaped(config.toYaml()))
                .append("</pre></details>\n</body></html>\n");
        return page.toString();
    }

    private String state(List<StepMetrics> steps, boolean running) {
        StepMetrics last = steps.getLast();
        String step = String.format(
                Locale.ROOT, "step %,d of %,d, epoch %.2f", last.step(), timetable.totalSteps(), last.epoch());
        if (!running) {
            return step + (last.step() == timetable.totalSteps() ? ", finished" : ", stopped");
        }
        double left = recent(steps, StepMetrics::seconds) * (timetable.totalSteps() - last.step());
        return step + ", " + Progress.duration(left) + " left";
    }

    /** The mean of the last steps. */
    private static double recent(List<StepMetrics> steps, ToDoubleFunction<StepMetrics> value) {
        return steps.subList(Math.max(0, steps.size() - 20), steps.size()).stream()
                .mapToDouble(value)
                .average()
                .orElse(0);
    }

    static Chart loss(List<StepMetrics> steps, List<ValidationMetrics> validations) {
        double[] x = values(steps, StepMetrics::step);
        double[] y = values(steps, StepMetrics::loss);
        List<Chart.Line> lines = new ArrayList<>();
        lines.add(Chart.line("", x, y, true));
        lines.add(Chart.line("training", x, Chart.smoothed(y), false));
        if (!validations.isEmpty()) {
            lines.add(line("validation", validations, ValidationMetrics::loss));
        }
        return new Chart("Loss", "step", lines);
    }

    private static Chart byLanguage(
            String title, List<ValidationMetrics> validations, ToDoubleFunction<ValidationMetrics> value) {
        Map<String, List<ValidationMetrics>> languages = new TreeMap<>();
        for (ValidationMetrics each : validations) {
            String name = each.language().isEmpty() ? each.dataset() : each.language();
            languages.computeIfAbsent(name, language -> new ArrayList<>()).add(each);
        }
        List<Chart.Line> lines = new ArrayList<>();
        languages.forEach((language, entries) -> lines.add(line(language, entries, value)));
        return new Chart(title, "step", lines);
    }

    /** A figure of each validation, over all entries that it has. */
    private static Chart.Line line(
            String name, List<ValidationMetrics> entries, ToDoubleFunction<ValidationMetrics> value) {
        Map<Long, ValidationMetrics> sums = new TreeMap<>();
        for (ValidationMetrics each : entries) {
            sums.merge(each.step(), each, ValidationMetrics::plus);
        }
        return Chart.line(
                name,
                sums.keySet().stream().mapToDouble(step -> step).toArray(),
                sums.values().stream().mapToDouble(value).toArray(),
                false);
    }

    private static Chart of(String title, List<StepMetrics> steps, ToDoubleFunction<StepMetrics> value, boolean noisy) {
        double[] x = values(steps, StepMetrics::step);
        double[] y = values(steps, value);
        return new Chart(
                title,
                "step",
                noisy
                        ? List.of(Chart.line("", x, y, true), Chart.line("", x, Chart.smoothed(y), false))
                        : List.of(Chart.line("", x, y, false)));
    }

    private static double[] values(List<StepMetrics> steps, ToDoubleFunction<StepMetrics> value) {
        return steps.stream().mapToDouble(value).toArray();
    }

    private static void chart(StringBuilder page, Chart chart) {
        ChartCanvas.Svg canvas = new ChartCanvas.Svg(WIDTH, HEIGHT);
        chart.paint(canvas, WIDTH, HEIGHT);
        page.append("<div class=\"chart\">").append(canvas).append("</div>\n");
    }

    private static void tile(StringBuilder page, String name, String value) {
        page.append("<div class=\"tile\"><span class=\"soft\">")
                .append(name)
                .append("</span><b>")
                .append(escaped(value))
                .append("</b></div>\n");
    }

    private static void table(StringBuilder page, List<ValidationMetrics> validations) {
        if (validations.isEmpty()) {
            return;
        }
        Map<String, List<ValidationMetrics>> groups = new LinkedHashMap<>();
        for (ValidationMetrics each : validations) {
            groups.computeIfAbsent(each.dataset() + "\n" + each.language(), name -> new ArrayList<>())
                    .add(each);
        }
        page.append(
                        "<h2>Validation</h2>\n<div class=\"table\"><table><tr><th>Dataset</th><th>Language</th><th>Documents</th><th>Tokens</th>")
                .append("<th>Perplexity, first</th><th>last</th><th>Bits per byte, first</th><th>last</th></tr>\n");
        for (List<ValidationMetrics> group : groups.values()) {
            ValidationMetrics first = group.getFirst();
            ValidationMetrics last = group.getLast();
            page.append(String.format(
                    Locale.ROOT,
                    "<tr><td>%s</td><td>%s</td><td>%,d</td><td>%,d</td><td>%.2f</td><td>%.2f</td><td>%.4f</td><td>%.4f</td></tr>%n",
                    escaped(last.dataset()),
                    escaped(last.language()),
                    last.documents(),
                    last.tokens(),
                    first.perplexity(),
                    last.perplexity(),
                    first.bitsPerByte(),
                    last.bitsPerByte()));
        }
        page.append("</table></div>\n");
    }

    private static String amount(double value) {
        if (value >= 1e9) {
            return String.format(Locale.ROOT, "%.2f G", value / 1e9);
        }
        return value >= 1e6
                ? String.format(Locale.ROOT, "%.2f M", value / 1e6)
                : String.format(Locale.ROOT, "%,.0f", value);
    }

    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
