package dev.skald.corpus;

import dev.skald.report.HtmlPage;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** One rule's measured values as an SVG picture: a line for each language, and the thresholds. */
final class HistogramChart {

    private static final int WIDTH = 340;
    private static final int HEIGHT = 110;

    private final Rule rule;
    private final SortedMap<String, long[]> bins;
    /** The bounds of the languages that are kept and occur. */
    private final SortedMap<String, Recipe.Bound> bounds = new TreeMap<>();

    private final int shown;

    /**
     * @param bins documents by language and value, {@link Tally#BINS} of them up to the rule's scale
     */
    HistogramChart(Rule rule, SortedMap<String, long[]> bins, Recipe recipe) {
        this.rule = rule;
        this.bins = bins;
        for (String language : recipe.language().keep()) {
            Recipe.Bound bound = recipe.bounds(language).get(rule);
            if (bound != null && bins.containsKey(language)) {
                bounds.put(language, bound);
            }
        }
        shown = shown();
    }

    void draw(HtmlPage page) {
        page.add("<div class=plot><b>%s</b><div>%s</div>", rule.key(), HtmlPage.escape(rule.meaning()));
        page.add("<svg viewBox=\"0 0 %d %d\" role=img>", WIDTH, HEIGHT + 18);
        SortedMap<Limit, String> limits = limits();
        boolean same = limits.keySet().stream().filter(Limit::min).count() <= 1
                && limits.keySet().stream().filter(limit -> !limit.min()).count() <= 1;
        limits.keySet().stream().filter(_ -> same).forEach(limit -> shade(page, limit));
        bins.forEach((language, counts) -> line(page, language, counts));
        int y = 10;
        for (Map.Entry<Limit, String> limit : limits.entrySet()) {
            mark(page, limit.getKey(), same ? "" : limit.getValue(), y);
            y += 12;
        }
        page.add("<line class=axis x1=0 y1=%d x2=%d y2=%d />", HEIGHT, WIDTH, HEIGHT);
        ticks(page);
        page.add("</svg></div>");
    }

    /** The bins that are drawn: without the right part if nothing is there and no threshold. */
    private int shown() {
        int last = 8;
        for (long[] counts : bins.values()) {
            for (int i = 0; i < counts.length; i++) {
                last = counts[i] > 0 ? Math.max(last, i + 1) : last;
            }
        }
        for (Limit limit : limits().keySet()) {
            last = Math.max(last, (int) Math.min(Tally.BINS, limit.value() / rule.scale() * (Tally.BINS - 1) + 3));
        }
        return last;
    }

    private double x(double value) {
        return Math.min(WIDTH, WIDTH * value / rule.scale() * (Tally.BINS - 1) / shown);
    }

    /**
     * A threshold.
     *
     * @param min whether it is the lowest value that passes, not the highest
     * @param value where
     */
    private record Limit(boolean min, double value) implements Comparable<Limit> {
        @Override
        public int compareTo(Limit other) {
            return min == other.min ? Double.compare(value, other.value) : Boolean.compare(other.min, min);
        }
    }

    /** The thresholds, with the languages that they are for. */
    private SortedMap<Limit, String> limits() {
        SortedMap<Limit, String> limits = new TreeMap<>();
        bounds.forEach((language, bound) -> {
            if (bound.min() != null) {
                limits.merge(new Limit(true, bound.min()), language, (a, b) -> a + " " + b);
            }
            if (bound.max() != null) {
                limits.merge(new Limit(false, bound.max()), language, (a, b) -> a + " " + b);
            }
        });
        return limits;
    }

    /** Marks what is dropped. */
    private void shade(HtmlPage page, Limit limit) {
        double x = x(limit.value());
        page.add(
                "<rect class=dropped x=%.1f y=0 width=%.1f height=%d />",
                limit.min() ? 0 : x, limit.min() ? x : WIDTH - x, HEIGHT);
    }

    private void mark(HtmlPage page, Limit limit, String languages, int y) {
        double x = x(limit.value());
        String colour = languages.split(" ", 2)[0];
        boolean left = x > WIDTH * 0.7;
        page.add("<line class=\"limit %s\" x1=%.1f y1=0 x2=%.1f y2=%d />", colour, x, x, HEIGHT);
        page.add(
                "<text class=\"limit-name %s\" x=%.1f y=%d text-anchor=%s>%s %s %s</text>",
                colour,
                x + (left ? -4 : 4),
                y,
                left ? "end" : "start",
                limit.min() ? "min" : "max",
                Figures.brief(limit.value()),
                languages);
    }

    private void line(HtmlPage page, String language, long[] counts) {
        long most = 1;
        for (long count : counts) {
            most = Math.max(most, count);
        }
        page.add("<polyline class=%s points=\"", language);
        for (int i = 0; i < shown; i++) {
            // square root: a few documents beyond a threshold are to be seen beside many before it
            double y = HEIGHT - (HEIGHT - 8) * Math.sqrt((double) counts[i] / most);
            page.add("%.1f,%.1f %.1f,%.1f ", (double) WIDTH * i / shown, y, (double) WIDTH * (i + 1) / shown, y);
        }
        page.add("\"/>");
    }

    /** Round numbers, three to six of them. */
    private void ticks(HtmlPage page) {
        double end = rule.scale() * shown / (Tally.BINS - 1);
        double power = Math.pow(10, Math.floor(Math.log10(end / 3)));
        double step = end / power >= 15 ? 5 * power : end / power >= 6 ? 2 * power : power;
        for (int i = 0; i * step <= end; i++) {
            double x = x(i * step);
            String anchor = i == 0 ? "start" : x > WIDTH - 12 ? "end" : "middle";
            page.add("<text x=%.1f y=%d text-anchor=%s>%s</text>", x, HEIGHT + 14, anchor, Figures.brief(i * step));
        }
    }
}
