package dev.skald.corpus;

import static dev.skald.corpus.Figures.megabytes;
import static dev.skald.corpus.Figures.number;
import static dev.skald.corpus.Figures.percent;
import static dev.skald.report.HtmlPage.escape;

import dev.skald.report.HtmlPage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The report as one HTML page without scripts: tables, and pictures in SVG. */
final class ReportPage {

    private final Recipe recipe;
    private final Tally tally;
    private final HtmlPage page;

    ReportPage(Recipe recipe, Tally tally) throws IOException {
        this.recipe = recipe;
        this.tally = tally;
        page = new HtmlPage(
                "Corpus report",
                "Preset " + recipe.preset() + ", seed " + recipe.seed()
                        + "; every setting is in recipe.yaml beside this page.",
                style(),
                0);
    }

    String html() {
        totals();
        funnel();
        languages();
        sources();
        rules();
        distributions();
        clusters();
        confusion();
        rejected();
        return page.toString();
    }

    private static String style() throws IOException {
        try (InputStream in = ReportPage.class.getResourceAsStream("report.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Amount sum(Flow flow) {
        return tally.total(flow).values().stream().reduce(Amount.NONE, Amount::plus);
    }

    private void totals() {
        Amount read = sum(Flow.READ);
        Amount kept = sum(Flow.KEPT);
        Amount packed = sum(Flow.TRAIN);
        page.startTiles();
        page.tile("documents read", number(read.documents()));
        page.tile("text read", megabytes(read.bytes()));
        page.tile("bytes kept", percent(kept.bytes(), read.bytes()));
        page.tile("documents kept", number(kept.documents()));
        page.tile("training tokens packed", number(packed.tokens()));
        page.tile("records kept aside", number(tally.counter("rejected")));
        page.tile("files skipped", number(tally.counter("skipped_files")));
        page.endTiles();
    }

    private void funnel() {
        page.heading(
                "Funnel",
                "What each step left. Bars show bytes of text, by language; packed sets count repeated documents as often as they are repeated.");
        long widest = 1;
        for (Flow flow : Flow.values()) {
            widest = Math.max(widest, sum(flow).bytes());
        }
        page.add("<section>");
        for (Flow flow : Flow.values()) {
            Amount amount = sum(flow);
            page.add(
                    "<div class=step><span>%s</span><span><span class=bar style=\"width:%.2f%%\">",
                    flow.words(), 100.0 * amount.bytes() / widest);
            tally.total(flow)
                    .forEach((language, part) -> page.add(
                            "<i class=%s style=\"flex:%d 0 0\" title=\"%s %s\"></i>",
                            language, part.bytes(), language, megabytes(part.bytes())));
            page.add(
                    "</span></span><span class=amount>%s documents, %s%s</span></div>",
                    number(amount.documents()),
                    megabytes(amount.bytes()),
                    amount.tokens() == 0 ? "" : ", " + number(amount.tokens()) + " tokens");
        }
        legend();
        page.add("</section>");
    }

    /** What the colours of the languages mean. */
    private void legend() {
        page.add("<div class=legend>");
        for (String language : LanguageIdentifier.KNOWN) {
            page.add("<span><span class=\"key %s\"></span>%s</span>", language, language);
        }
        page.add("</div>");
    }

    private void languages() {
        page.heading(
                "Languages",
                "As identified. Tokens are counted where documents are tokenised: what is kept, and what is packed.");
        page.startTable(
                "language",
                "documents read",
                "text read",
                "after filters",
                "kept",
                "text kept",
                "tokens kept",
                "training tokens",
                "validation tokens");
        for (String language : LanguageIdentifier.KNOWN) {
            if (tally.total(Flow.READ).containsKey(language)) {
                Amount read = of(Flow.READ, language);
                Amount kept = of(Flow.KEPT, language);
                page.row(
                        language,
                        number(read.documents()),
                        megabytes(read.bytes()),
                        number(of(Flow.FILTERED, language).documents()),
                        number(kept.documents()),
                        megabytes(kept.bytes()),
                        number(kept.tokens()),
                        number(of(Flow.TRAIN, language).tokens()),
                        number(of(Flow.VALIDATION, language).tokens()));
            }
        }
        page.endTable();
    }

    private Amount of(Flow flow, String language) {
        return tally.total(flow).getOrDefault(language, Amount.NONE);
    }

    private void sources() {
        page.heading("Sources", "Documents and bytes, step by step, all languages together.");
        page.startTable(
                "source",
                "category",
                "documents read",
                "text read",
                "after filters",
                "after exact",
                "kept",
                "text kept",
                "kept of read",
                "training tokens");
        for (Recipe.Source source : recipe.sources()) {
            Amount read = ofSource(Flow.READ, source.name());
            if (read.documents() == 0) {
                continue;
            }
            Amount kept = ofSource(Flow.KEPT, source.name());
            page.row(
                    escape(source.name()),
                    escape(source.category()),
                    number(read.documents()),
                    megabytes(read.bytes()),
                    number(ofSource(Flow.FILTERED, source.name()).documents()),
                    number(ofSource(Flow.EXACT_DEDUP, source.name()).documents()),
                    number(kept.documents()),
                    megabytes(kept.bytes()),
                    percent(kept.bytes(), read.bytes()),
                    number(ofSource(Flow.TRAIN, source.name()).tokens()));
        }
        page.endTable();
    }

    private Amount ofSource(Flow flow, String source) {
        return tally.flow(flow).getOrDefault(source, new TreeMap<>()).values().stream()
                .reduce(Amount.NONE, Amount::plus);
    }

    private void rules() {
        page.heading(
                "Rules",
                "Documents that each rule dropped, and in brackets those that no other rule would have dropped. A dropped document names all rules that it failed. Open a rule for samples, chosen at random.");
        page.add("<section>");
        List<Map.Entry<String, SortedMap<String, Long>>> rules =
                new ArrayList<>(tally.dropped().entrySet());
        rules.sort((a, b) -> Long.compare(total(b.getValue()), total(a.getValue())));
        rules.forEach(rule -> rule(rule.getKey(), rule.getValue()));
        if (rules.isEmpty()) {
            page.add("<p>No document was dropped.</p>");
        }
        page.add("</section>");
    }

    private void rule(String rule, SortedMap<String, Long> dropped) {
        page.add(
                "<details><summary><b>%s</b><span>%s</span><span class=n>%s (%s) &nbsp; %s</span></summary>",
                escape(rule),
                escape(meaning(rule)),
                number(total(dropped)),
                number(tally.droppedAlone().getOrDefault(rule, 0L)),
                escape(dropped.toString().replaceAll("[{}]", "").replace("=", " ")));
        for (Tally.Sample sample : tally.samples().getOrDefault(rule, List.of())) {
            page.add(
                    "<div class=sample><small><b>%.3f</b> %s, %s, %s</small><q>%s</q></div>",
                    sample.value(),
                    sample.language(),
                    escape(sample.source()),
                    escape(sample.id()),
                    escape(sample.start()));
        }
        page.add("</details>");
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
        page.heading(
                "Distributions",
                "Every measured value of all documents read, by language, each language on a scale of its own, heights as square roots so that few documents are to be seen beside many. The dashed lines are the thresholds: what lies in the shaded part is dropped.");
        page.add("<section>");
        legend();
        page.add("<div class=grid>");
        for (Rule rule : Rule.values()) {
            SortedMap<String, long[]> bins = tally.histograms().get(rule.key());
            if (bins != null) {
                new HistogramChart(rule, bins, recipe).draw(page);
            }
        }
        page.add("</div></section>");
    }

    private void clusters() {
        page.heading(
                "Duplicates",
                "Clusters of equal and of nearly equal documents, the largest first. Near ones are pairs whose shingle sets were compared exactly; a cluster is all that pairs connect.");
        page.startTable("", "clusters", "documents in them", "removed", "largest");
        for (Duplicates kind : Duplicates.values()) {
            SortedMap<Long, Long> sizes = tally.clusterSizes(kind);
            long count = sum(sizes, 0);
            long members = sum(sizes, 1);
            page.row(
                    kind == Duplicates.EXACT ? "equal" : "nearly equal",
                    number(count),
                    number(members),
                    number(members - count),
                    sizes.isEmpty() ? "0" : number(sizes.lastKey()));
        }
        page.endTable();
        page.add(
                "<section><p>%s candidate pairs compared, %s at or above the threshold of %s; pairs that a bucket had already joined are not compared again. %s buckets were larger than max_bucket.</p>",
                number(tally.counter("pairs compared")),
                number(tally.counter("pairs joined")),
                recipe.fuzzyDedup().threshold(),
                number(tally.counter("bucket pieces")));
        for (Duplicates kind : Duplicates.values()) {
            for (Tally.Cluster cluster : tally.clusters(kind)) {
                page.add(
                        "<details><summary>%s <b>%s</b><span class=n>%s documents</span></summary><div class=sample><q>%s</q></div></details>",
                        kind == Duplicates.EXACT ? "equal to" : "near",
                        escape(cluster.survivor()),
                        number(cluster.size()),
                        escape(cluster.start()));
            }
        }
        page.add("</section>");
    }

    /** Sum of counts, times size to the power of 0 or 1. */
    private static long sum(SortedMap<Long, Long> sizes, int power) {
        return sizes.entrySet().stream()
                .mapToLong(size -> size.getValue() * (power == 0 ? 1 : size.getKey()))
                .sum();
    }

    private void confusion() {
        page.heading(
                "Language identification",
                "What the sources say their documents are (rows) against what was identified (columns).");
        List<String> columns = LanguageIdentifier.KNOWN;
        List<String> header = new ArrayList<>(List.of("declared"));
        header.addAll(columns);
        page.startTable(header.toArray(String[]::new));
        tally.confusion().forEach((declared, identified) -> {
            page.add("<tr><td>%s</td>", escape(declared));
            for (String language : columns) {
                long count = identified.getOrDefault(language, 0L);
                String kind = count == 0 ? "" : language.equals(declared) ? " class=hit" : " class=miss";
                page.add("<td%s>%s</td>", kind, count == 0 ? "" : number(count));
            }
            page.add("</tr>");
        });
        page.endTable();
    }

    private void rejected() {
        page.heading(
                "Kept aside and masked",
                "Records that were no documents, with file, place and reason in rejected/; and personal data that was masked.");
        page.startTable("", "count");
        tally.rejected().forEach((reason, count) -> page.row(escape(reason), number(count)));
        tally.masked().forEach((kind, count) -> page.row("masked: " + escape(kind), number(count)));
        if (tally.rejected().isEmpty() && tally.masked().isEmpty()) {
            page.row("none", "0");
        }
        page.endTable();
    }
}
