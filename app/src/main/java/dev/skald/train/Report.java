package dev.skald.train;

import dev.skald.base.AtomicFiles;
import dev.skald.base.Progress;
import dev.skald.report.Chart;
import dev.skald.report.HtmlPage;
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
    private static final int REFRESH_SECONDS = 30;

    private static final String STYLE = """
            .bar { height: 6px; border-radius: 3px; background: var(--line); margin: 14px 0 22px }
            .bar div { height: 6px; border-radius: 3px; background: var(--accent) }
            .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 14px; margin-top: 18px }
            .charts section { padding: 6px; margin: 0 }
            th:nth-child(2), td:nth-child(2) { text-align: left }
            pre { overflow: auto; font-size: 13px }
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

    void write(List<StepMetrics> steps, List<ValidationMetrics> validations, List<ProbeMetrics> probes, boolean running)
            throws IOException {
        if (steps.isEmpty()) {
            return;
        }
        AtomicFiles.write(outputDir.resolve("report.html"), html(steps, validations, probes, running));
        if (pictures) {
            try {
                AtomicFiles.write(
                        outputDir.resolve("loss.png"), loss(steps, validations).png(2 * WIDTH, 2 * HEIGHT));
            } catch (LinkageError | InternalError | RuntimeException e) {
                pictures = false; // a Java without fonts, as in a small container
                if (!"Shutdown in progress".equals(e.getMessage())) { // told to end, it loads nothing more
                    System.err.println("warning: loss.png is not drawn: " + e.getMessage());
                }
            }
        }
    }

    private String html(
            List<StepMetrics> steps, List<ValidationMetrics> validations, List<ProbeMetrics> probes, boolean running) {
        StepMetrics last = steps.getLast();
        String name = Path.of(config.outputDir())
                .toAbsolutePath()
                .normalize()
                .getFileName()
                .toString();
        HtmlPage page = new HtmlPage(
                name,
                Path.of(config.baseModel()).getFileName() + ", " + state(steps, running),
                STYLE,
                running ? REFRESH_SECONDS : 0);
        page.add(
                "<div class=bar><div style=\"width:%.1f%%\"></div></div>\n",
                100.0 * last.step() / timetable.totalSteps());
        page.startTiles();
        page.tile("Loss, last 20 steps", String.format(Locale.ROOT, "%.4f", recent(steps, StepMetrics::loss)));
        page.tile("Tokens seen", amount((double) last.tokens()));
        page.tile("Tokens a second", amount(recent(steps, StepMetrics::tokensPerSecond)));
        if (last.mfu() != null) {
            page.tile(
                    "MFU",
                    String.format(
                            Locale.ROOT, "%.1f %%", 100 * recent(steps, step -> step.mfu() == null ? 0 : step.mfu())));
        }
        page.tile("Learning rate", String.format(Locale.ROOT, "%.2e", last.learningRate()));
        page.tile("Gradient norm", String.format(Locale.ROOT, "%.3f", last.gradNorm()));
        page.tile("Memory of a rank", String.format(Locale.ROOT, "%.2f GiB", last.memoryBytes() / (double) (1 << 30)));
        page.endTiles();
        page.add("<div class=charts>\n");
        chart(page, loss(steps, validations));
        if (!validations.isEmpty()) {
            chart(page, byLanguage("Validation perplexity by language", validations, ValidationMetrics::perplexity));
            chart(
                    page,
                    byLanguage("Validation bits per byte by language", validations, ValidationMetrics::bitsPerByte));
        }
        ProbeCharts.of(probes, config).forEach(each -> chart(page, each));
        chart(page, of("Learning rate", steps, StepMetrics::learningRate, false));
        chart(page, of("Gradient norm, before clipping", steps, StepMetrics::gradNorm, true));
        chart(page, of("Tokens a second", steps, StepMetrics::tokensPerSecond, true));
        page.add("</div>\n");
        table(page, validations);
        ProbeCharts.table(page, probes);
        page.add(
                "<section style=\"margin-top:20px\"><details><summary>Configuration</summary><pre>%s</pre></details></section>\n",
                HtmlPage.escape(config.toYaml()));
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

    private static void chart(HtmlPage page, Chart chart) {
        page.add("<section>").add(chart.svg(WIDTH, HEIGHT)).add("</section>\n");
    }

    private static void table(HtmlPage page, List<ValidationMetrics> validations) {
        if (validations.isEmpty()) {
            return;
        }
        Map<String, List<ValidationMetrics>> groups = new LinkedHashMap<>();
        for (ValidationMetrics each : validations) {
            groups.computeIfAbsent(each.dataset() + "\n" + each.language(), name -> new ArrayList<>())
                    .add(each);
        }
        page.heading("Validation");
        page.startTable(
                "Dataset",
                "Language",
                "Documents",
                "Tokens",
                "Perplexity, first",
                "last",
                "Bits per byte, first",
                "last");
        for (List<ValidationMetrics> group : groups.values()) {
            ValidationMetrics first = group.getFirst();
            ValidationMetrics last = group.getLast();
            page.row(
                    HtmlPage.escape(last.dataset()),
                    HtmlPage.escape(last.language()),
                    figure("%,d", last.documents()),
                    figure("%,d", last.tokens()),
                    figure("%.2f", first.perplexity()),
                    figure("%.2f", last.perplexity()),
                    figure("%.4f", first.bitsPerByte()),
                    figure("%.4f", last.bitsPerByte()));
        }
        page.endTable();
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private static String figure(String format, Object value) {
        return String.format(Locale.ROOT, format, value);
    }

    private static String amount(double value) {
        if (value >= 1e9) {
            return String.format(Locale.ROOT, "%.2f G", value / 1e9);
        }
        return value >= 1e6
                ? String.format(Locale.ROOT, "%.2f M", value / 1e6)
                : String.format(Locale.ROOT, "%,.0f", value);
    }
}
