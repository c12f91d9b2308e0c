package dev.skald.corpus;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The report as one HTML page without scripts: tables, and pictures in SVG. */
final class ReportPage {

    /** Stage in the tally, and what the page calls it. */
    private static final List<Map.Entry<String, String>> STAGES = List.of(
            Map.entry("read", "read"),
            Map.entry("filtered", "after the filters"),
            Map.entry("exact_dedup", "after exact deduplication"),
            Map.entry("fuzzy_dedup", "after near deduplication (kept)"),
            Map.entry("train", "packed for training (mixed)"),
            Map.entry("validation", "packed for validation"));

    private static final Map<String, String> COLORS = Map.of(
            "sv", "#2f6db3", "da", "#c8452f", "nb", "#2f9e6e", "nn", "#8a5cc2", "is", "#c9921c", "fo", "#5b8f99", "en",
            "#7d7d7d", "other", "#b9b9b9");

    private static final String STYLE = """
            :root{--ink:#1c2430;--soft:#5d6878;--line:#dfe4ea;--paper:#fff;--tint:#f5f7fa}
            *{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;color:var(--ink);background:var(--tint)}
            main{max-width:1180px;margin:0 auto;padding:28px 24px 80px}h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 10px}
            p{margin:4px 0 10px;color:var(--soft);max-width:75ch}section{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:16px 20px;margin:0 0 16px}
            table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{padding:5px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
            th{color:var(--soft);font-weight:600;font-size:13px}td:first-child,th:first-child{text-align:left}tr:last-child td{border-bottom:0}
            .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin:18px 0}.card{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:12px 16px}
            .card b{display:block;font-size:23px}.card span{color:var(--soft);font-size:13px}
            details{border-bottom:1px solid var(--line);padding:4px 0}details:last-child{border:0}summary{cursor:pointer;padding:3px 0}summary .n{float:right;color:var(--soft)}
            .sample{border-left:3px solid var(--line);margin:8px 0;padding:2px 12px;font-size:13.5px}.sample q{quotes:none;white-space:pre-wrap;overflow-wrap:anywhere;display:block;max-height:9em;overflow:hidden}
            .sample small{color:var(--soft)}.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(350px,1fr));gap:14px}.plot{border:1px solid var(--line);border-radius:6px;padding:8px 10px}
            .plot b{font-size:14px}.plot div{color:var(--soft);font-size:12.5px}svg{display:block;width:100%;height:auto}svg text{font:11px system-ui,"DejaVu Sans",sans-serif;fill:#5d6878}
            .key{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 5px 0 14px;vertical-align:-1px}td.hit{background:#e3f2ea}td.miss{background:#fbe9e5}
            """;

    private final Recipe recipe;
    private final Tally tally;
    private final StringBuilder page = new StringBuilder(1 << 16);

    ReportPage(Recipe recipe, Tally tally) {
        this.recipe = recipe;
        this.tally = tally;
    }

    String html() {
        page.append(
                        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">")
                .append("<title>Corpus report</title><style>")
                .append(STYLE)
                .append("</style><main><h1>Corpus report</h1><p>Preset ")
                .append(escape(recipe.preset()))
                .append(", seed ")
                .append(recipe.seed())
                .append("; every setting is in recipe.yaml beside this page.</p>");
        cards();
        funnel();
        languages();
        sources();
        rules();
        distributions();
        clusters();
        confusion();
        rejected();
        return page.append("</main></html>\n").toString();
    }

    private Tally.Flow sum(String stage) {
        return tally.total(stage).values().stream().reduce(Tally.Flow.NONE, Tally.Flow::plus);
    }

    private void cards() {
        Tally.Flow read = sum("read");
        Tally.Flow kept = sum("fuzzy_dedup");
        Tally.Flow packed = sum("train");
        page.append("<div class=cards>");
        card(number(read.documents()), "documents read");
        card(megabytes(read.bytes()), "of text read");
        card(percent(kept.bytes(), read.bytes()), "of the bytes kept");
        card(number(kept.documents()), "documents kept");
        card(number(packed.tokens()), "training tokens packed");
        card(number(tally.counter("rejected")), "records kept aside");
        page.append("</div>");
    }

    private void card(String value, String meaning) {
        page.append("<div class=card><b>")
                .append(value)
                .append("</b><span>")
                .append(meaning)
                .append("</span></div>");
    }

    private void funnel() {
        heading(
                "Funnel",
                "What each step left. Bars show bytes of text, by language; packed sets count repeated documents as often as they are repeated.");
        long widest = 1;
        for (var stage : STAGES) {
            widest = Math.max(widest, sum(stage.getKey()).bytes());
        }
        page.append("<section><svg viewBox=\"0 0 1100 ")
                .append(STAGES.size() * 34)
                .append("\" role=img>");
        int y = 4;
        for (var stage : STAGES) {
            page.append(
                    tag("<text x=0 y=%d style=\"font-size:13px;fill:#1c2430\">%s</text>", y + 17, stage.getValue()));
            double x = 225;
            for (var language : tally.total(stage.getKey()).entrySet()) {
                double width = 600.0 * language.getValue().bytes() / widest;
                page.append(tag(
                        "<rect x=%.1f y=%d width=%.1f height=24 fill=\"%s\"><title>%s %s</title></rect>",
                        x,
                        y,
                        width,
                        COLORS.get(language.getKey()),
                        language.getKey(),
                        megabytes(language.getValue().bytes())));
                x += width;
            }
            Tally.Flow flow = sum(stage.getKey());
            String tokens = flow.tokens() == 0 ? "" : ", " + number(flow.tokens()) + " tokens";
            page.append(tag(
                    "<text x=%.1f y=%d>%s documents, %s%s</text>",
                    x + 8, y + 16, number(flow.documents()), megabytes(flow.bytes()), tokens));
            y += 34;
        }
        page.append("</svg>");
        legend();
        page.append("</section>");
    }

    private void legend() {
        page.append("<div style=\"font-size:13px;color:#5d6878;margin-left:-14px\">");
        for (String language : LanguageIdentifier.KNOWN) {
            page.append("<span class=key style=\"background:")
                    .append(COLORS.get(language))
                    .append("\"></span>")
                    .append(language);
        }
        page.append("</div>");
    }

    private void languages() {
        heading(
                "Languages",
                "As identified. Tokens are counted where documents are tokenised: what is kept, and what is packed.");
        startTable(
                "language",
                "read",
                "",
                "after filters",
                "kept",
                "",
                "tokens kept",
                "training tokens",
                "validation tokens");
        for (String language : LanguageIdentifier.KNOWN) {
            if (tally.total("read").containsKey(language)) {
                Tally.Flow read = of("read", language);
                Tally.Flow kept = of("fuzzy_dedup", language);
                row(
                        language,
                        number(read.documents()),
                        megabytes(read.bytes()),
                        number(of("filtered", language).documents()),
                        number(kept.documents()),
                        megabytes(kept.bytes()),
                        number(kept.tokens()),
                        number(of("train", language).tokens()),
                        number(of("validation", language).tokens()));
            }
        }
        endTable();
    }

    private Tally.Flow of(String stage, String language) {
        return tally.total(stage).getOrDefault(language, Tally.Flow.NONE);
    }

    private void sources() {
        heading("Sources", "Documents and bytes, step by step, all languages together.");
        startTable(
                "source",
                "category",
                "read",
                "",
                "after filters",
                "after exact",
                "kept",
                "",
                "kept of read",
                "training tokens");
        for (Recipe.Source source : recipe.sources()) {
            Tally.Flow read = ofSource("read", source.name());
            if (read.documents() == 0) {
                continue;
            }
            Tally.Flow kept = ofSource("fuzzy_dedup", source.name());
            row(
                    escape(source.name()),
                    escape(source.category()),
                    number(read.documents()),
                    megabytes(read.bytes()),
                    number(ofSource("filtered", source.name()).documents()),
                    number(ofSource("exact_dedup", source.name()).documents()),
                    number(kept.documents()),
                    megabytes(kept.bytes()),
                    percent(kept.bytes(), read.bytes()),
                    number(ofSource("train", source.name()).tokens()));
        }
        endTable();
    }

    private Tally.Flow ofSource(String stage, String source) {
        return tally
                .flows()
                .getOrDefault(stage, new TreeMap<>())
                .getOrDefault(source, new TreeMap<>())
                .values()
                .stream()
                .reduce(Tally.Flow.NONE, Tally.Flow::plus);
    }

    private void rules() {
        heading(
                "Rules",
                "Documents that each rule dropped, and in brackets those that no other rule would have dropped. A dropped document names all rules that it failed. Open a rule for samples, chosen at random.");
        page.append("<section>");
        List<Map.Entry<String, SortedMap<String, Long>>> rules =
                new ArrayList<>(tally.dropped().entrySet());
        rules.sort((a, b) -> Long.compare(total(b.getValue()), total(a.getValue())));
        for (var rule : rules) {
            page.append("<details><summary><b>")
                    .append(escape(rule.getKey()))
                    .append("</b> ")
                    .append(meaning(rule.getKey()))
                    .append("<span class=n>")
                    .append(number(total(rule.getValue())))
                    .append(" (")
                    .append(number(tally.droppedAlone().getOrDefault(rule.getKey(), 0L)))
                    .append(") &nbsp; ")
                    .append(escape(
                            rule.getValue().toString().replaceAll("[{}]", "").replace("=", " ")))
                    .append("</span></summary>");
            for (Tally.Sample sample : tally.samples().getOrDefault(rule.getKey(), List.of())) {
                page.append("<div class=sample><small>")
                        .append(tag(
                                "<b>%.3f</b> %s, %s, %s",
                                sample.value(), sample.language(), escape(sample.source()), escape(sample.id())))
                        .append("</small><q>")
                        .append(escape(sample.start()))
                        .append("</q></div>");
            }
            page.append("</details>");
        }
        if (rules.isEmpty()) {
            page.append("<p>No document was dropped.</p>");
        }
        page.append("</section>");
    }

    private static long total(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    private static String meaning(String rule) {
        return rule.equals("language")
                ? "a language that is not kept; the value is its score"
                : Rule.named(rule, "report").meaning();
    }

    private void distributions() {
        heading(
                "Distributions",
                "Every measured value of all documents read, by language, each language on a scale of its own, heights as square roots so that few documents are to be seen beside many. The dashed lines are the thresholds: what lies in the shaded part is dropped.");
        page.append("<section>");
        legend();
        page.append("<div class=grid style=\"margin-top:10px\">");
        for (Rule rule : Rule.values()) {
            SortedMap<String, long[]> bins = tally.histograms().get(rule.key());
            if (bins != null) {
                new Histogram(rule.key(), rule.meaning(), rule.scale(), bins).draw();
            }
        }
        page.append("</div></section>");
    }

    /** One picture: a line for each language. */
    private final class Histogram {

        private static final int WIDTH = 340;
        private static final int HEIGHT = 110;

        private final String name;
        private final String meaning;
        private final double scale;
        private final SortedMap<String, long[]> bins;
        private int shown = Tally.BINS;

        Histogram(String name, String meaning, double scale, SortedMap<String, long[]> bins) {
            this.name = name;
            this.meaning = meaning;
            this.scale = scale;
            this.bins = bins;
        }

        void draw() {
            page.append("<div class=plot><b>")
                    .append(name)
                    .append("</b><div>")
                    .append(meaning)
                    .append("</div>");
            zoom();
            page.append(tag("<svg viewBox=\"0 0 %d %d\" role=img>", WIDTH, HEIGHT + 18));
            thresholds();
            bins.forEach(this::line);
            page.append(tag("<line x1=0 y1=%d x2=%d y2=%d stroke=\"#aab3bf\"/>", HEIGHT, WIDTH, HEIGHT));
            for (int tick = 0; tick <= 4; tick++) {
                double value = scale * shown / (Tally.BINS - 1) * tick / 4;
                String anchor = tick == 0 ? "start" : tick == 4 ? "end" : "middle";
                page.append(tag(
                        "<text x=%d y=%d text-anchor=%s>%s</text>",
                        WIDTH * tick / 4, HEIGHT + 14, anchor, brief(value)));
            }
            page.append("</svg></div>");
        }

        /** Leaves out the right part if nothing is there and no threshold. */
        private void zoom() {
            int last = 8;
            for (long[] counts : bins.values()) {
                for (int i = 0; i < counts.length; i++) {
                    last = counts[i] > 0 ? Math.max(last, i + 1) : last;
                }
            }
            for (String language : recipe.language().keep()) {
                Recipe.Bound bound = bound(language);
                for (Double limit : bound == null ? new Double[0] : new Double[] {bound.min(), bound.max()}) {
                    if (limit != null) {
                        last = Math.max(last, (int) Math.min(Tally.BINS, limit / scale * (Tally.BINS - 1) + 3));
                    }
                }
            }
            shown = last;
        }

        private Recipe.Bound bound(String language) {
            return recipe.bounds(language).get(Rule.named(name, "report"));
        }

        private double x(double value) {
            return WIDTH * value / scale * (Tally.BINS - 1) / shown;
        }

        private void thresholds() {
            TreeMap<String, String> drawn = new TreeMap<>();
            for (String language : recipe.language().keep()) {
                Recipe.Bound bound = bins.containsKey(language) ? bound(language) : null;
                if (bound != null && bound.min() != null) {
                    drawn.merge("min " + bound.min(), language, (a, b) -> a + " " + b);
                }
                if (bound != null && bound.max() != null) {
                    drawn.merge("max " + bound.max(), language, (a, b) -> a + " " + b);
                }
            }
            boolean one =
                    drawn.keySet().stream().filter(key -> key.startsWith("min")).count() <= 1
                            && drawn.keySet().stream()
                                            .filter(key -> key.startsWith("max"))
                                            .count()
                                    <= 1;
            int y = 10;
            for (var limit : drawn.entrySet()) {
                boolean min = limit.getKey().startsWith("min");
                double x = Math.min(WIDTH, x(Double.parseDouble(limit.getKey().substring(4))));
                if (one) {
                    page.append(tag(
                            "<rect x=%.1f y=0 width=%.1f height=%d fill=\"#f3d9d2\" opacity=\".55\"/>",
                            min ? 0 : x, Math.max(0, min ? x : WIDTH - x), HEIGHT));
                }
                String color = one ? "#b3331a" : COLORS.get(limit.getValue().split(" ", 2)[0]);
                page.append(tag(
                        "<line x1=%.1f y1=0 x2=%.1f y2=%d stroke=\"%s\" stroke-dasharray=\"4 3\"/>",
                        x, x, HEIGHT, color));
                boolean left = x > WIDTH * 0.7;
                page.append(tag(
                        "<text x=%.1f y=%d text-anchor=%s style=\"fill:%s\">%s%s</text>",
                        x + (left ? -4 : 4),
                        y,
                        left ? "end" : "start",
                        color,
                        limit.getKey(),
                        one ? "" : " " + limit.getValue()));
                y += 12;
            }
        }

        private void line(String language, long[] counts) {
            long most = 1;
            for (long count : counts) {
                most = Math.max(most, count);
            }
            StringBuilder points = new StringBuilder();
            for (int i = 0; i < shown; i++) {
                // square root: a few documents beyond a threshold are to be seen beside many before it
                double y = HEIGHT - (HEIGHT - 8) * Math.sqrt((double) counts[i] / most);
                points.append(tag(
                        "%.1f,%.1f %.1f,%.1f ", (double) WIDTH * i / shown, y, (double) WIDTH * (i + 1) / shown, y));
            }
            page.append(tag(
                    "<polyline fill=none stroke=\"%s\" stroke-width=1.4 points=\"%s\"/>",
                    COLORS.get(language), points.toString()));
        }
    }

    private void clusters() {
        heading(
                "Duplicates",
                "Clusters of equal and of nearly equal documents, the largest first. Near ones are pairs whose shingle sets were compared exactly; a cluster is all that pairs connect.");
        startTable("", "clusters", "documents in them", "removed", "largest");
        for (String kind : List.of("exact", "fuzzy")) {
            SortedMap<Long, Long> sizes = tally.clusterSizes().getOrDefault(kind, new TreeMap<>());
            long count = sum(sizes, 0);
            long members = sum(sizes, 1);
            row(
                    kind.equals("exact") ? "equal" : "nearly equal",
                    number(count),
                    number(members),
                    number(members - count),
                    sizes.isEmpty() ? "0" : number(sizes.lastKey()));
        }
        endTable();
        page.append("<section><p>")
                .append(number(tally.counter("pairs compared")))
                .append(" candidate pairs compared, ")
                .append(number(tally.counter("pairs joined")))
                .append(" at or above the threshold of ")
                .append(recipe.fuzzyDedup().threshold())
                .append("; pairs that a bucket had already joined are not compared again. ")
                .append(number(tally.counter("bucket pieces")))
                .append(" buckets were larger than max_bucket.</p>");
        for (String kind : List.of("exact", "fuzzy")) {
            for (Tally.Cluster cluster : tally.clusters().getOrDefault(kind, List.of())) {
                page.append(tag(
                        "<details><summary>%s <b>%s</b><span class=n>%s documents</span></summary><div class=sample><q>%s</q></div></details>",
                        kind.equals("exact") ? "equal to" : "near",
                        escape(cluster.survivor()),
                        number(cluster.size()),
                        escape(cluster.start())));
            }
        }
        page.append("</section>");
    }

    /** Sum of counts, times size to the power of 0 or 1. */
    private static long sum(SortedMap<Long, Long> sizes, int power) {
        return sizes.entrySet().stream()
                .mapToLong(size -> size.getValue() * (power == 0 ? 1 : size.getKey()))
                .sum();
    }

    private void confusion() {
        heading(
                "Language identification",
                "What the sources say their documents are (rows) against what was identified (columns).");
        List<String> columns = LanguageIdentifier.KNOWN;
        List<String> header = new ArrayList<>(List.of("declared"));
        header.addAll(columns);
        startTable(header.toArray(String[]::new));
        tally.confusion().forEach((declared, identified) -> {
            page.append("<tr><td>").append(escape(declared)).append("</td>");
            for (String language : columns) {
                long count = identified.getOrDefault(language, 0L);
                page.append(count == 0 ? "<td>" : language.equals(declared) ? "<td class=hit>" : "<td class=miss>")
                        .append(count == 0 ? "" : number(count))
                        .append("</td>");
            }
            page.append("</tr>");
        });
        endTable();
    }

    private void rejected() {
        heading(
                "Kept aside and masked",
                "Records that were no documents, with file, place and reason in rejected/; and personal data that was masked.");
        startTable("", "count");
        tally.rejected().forEach((reason, count) -> row(escape(reason), number(count)));
        tally.masked().forEach((kind, count) -> row("masked: " + escape(kind), number(count)));
        if (tally.rejected().isEmpty() && tally.masked().isEmpty()) {
            row("none", "0");
        }
        endTable();
    }

    private void heading(String title, String explanation) {
        page.append("<h2>").append(title).append("</h2><p>").append(explanation).append("</p>");
    }

    private void startTable(String... header) {
        page.append("<section style=\"overflow-x:auto\"><table><tr>");
        for (String cell : header) {
            page.append("<th>").append(cell).append("</th>");
        }
        page.append("</tr>");
    }

    private void row(String... cells) {
        page.append("<tr>");
        for (String cell : cells) {
            page.append("<td>").append(cell).append("</td>");
        }
        page.append("</tr>");
    }

    private void endTable() {
        page.append("</table></section>");
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private static String tag(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value).replace(',', '\u202F');
    }

    private static String megabytes(long bytes) {
        return bytes < 50_000 ? tag("%.1f kB", bytes / 1e3) : tag("%.1f MB", bytes / 1e6);
    }

    private static String percent(long part, long of) {
        return of == 0 ? "-" : tag("%.1f %%", 100.0 * part / of);
    }

    private static String brief(double value) {
        return value >= 10 || value == Math.rint(value) ? tag("%.0f", value) : tag("%.2f", value);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
