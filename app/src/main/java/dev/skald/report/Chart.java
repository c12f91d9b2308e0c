package dev.skald.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A line chart.
 *
 * @param xLabel what its x axis counts
 * @param names what stands at x = 0, 1, 2, ...; none where the axis has numbers
 */
public record Chart(String title, String xLabel, List<Line> lines, List<String> names) {

    private static final List<String> COLORS =
            List.of("#2563eb", "#ea580c", "#16a34a", "#9333ea", "#dc2626", "#0891b2", "#ca8a04", "#db2777");
    private static final String GRID = "#8888883c";
    private static final String TEXT = "#6b7280";
    private static final int MOST_POINTS = 500;

    private static final double CAP = 4;
    private static final double LETTER = 6.2; // a wide one's width at the size of the axes

    /** Over numbers. */
    public Chart(String title, String xLabel, List<Line> lines) {
        this(title, xLabel, lines, List.of());
    }

    /**
     * One line.
     *
     * @param name for the legend; "" for none
     * @param faint whether it lies thin behind the others, in the colour of the next line
     * @param low lower ends of the intervals of y; none where there are no intervals
     * @param high their upper ends
     */
    @SuppressWarnings("ArrayRecordComponent") // painted at once, not kept
    public record Line(String name, double[] x, double[] y, boolean faint, double[] low, double[] high) {

        /** Without intervals. */
        public Line(String name, double[] x, double[] y, boolean faint) {
            this(name, x, y, faint, new double[0], new double[0]);
        }
    }

    /** A line through the means of equal runs of points, so that there are not more than can be seen. */
    public static Line line(String name, double[] x, double[] y, boolean faint) {
        int run = (x.length + MOST_POINTS - 1) / MOST_POINTS;
        if (run <= 1) {
            return new Line(name, x, y, faint);
        }
        int points = (x.length + run - 1) / run;
        double[] fewerX = new double[points];
        double[] fewerY = new double[points];
        for (int i = 0; i < points; i++) {
            int from = i * run;
            int to = Math.min(x.length, from + run);
            fewerX[i] = Arrays.stream(x, from, to).average().orElse(0);
            fewerY[i] = Arrays.stream(y, from, to).average().orElse(0);
        }
        return new Line(name, fewerX, fewerY, faint);
    }

    /** The mean of the exponential moving averages from both ends, so that the line does not lag behind. */
    public static double[] smoothed(double[] y) {
        double decay = y.length < 20 ? 0.5 : y.length < 200 ? 0.8 : 0.95;
        double[] smooth = new double[y.length];
        for (int direction = 0; direction < 2; direction++) {
            double mean = 0;
            double weight = 0;
            for (int step = 0; step < y.length; step++) {
                int i = direction == 0 ? step : y.length - 1 - step;
                if (Double.isFinite(y[i])) {
                    mean = decay * mean + (1 - decay) * y[i];
                    weight = decay * weight + (1 - decay);
                }
                smooth[i] += (weight == 0 ? y[i] : mean / weight) / 2;
            }
        }
        return smooth;
    }

    /** An SVG element of this size. */
    public String svg(int width, int height) {
        ChartCanvas.Svg canvas = new ChartCanvas.Svg(width, height);
        paint(canvas, width, height);
        return canvas.toString();
    }

    /** A PNG file, two pixels to a unit. */
    public byte[] png(int width, int height) throws IOException {
        ChartCanvas.Png canvas = new ChartCanvas.Png(width, height);
        paint(canvas, width, height);
        return canvas.bytes();
    }

    private void paint(ChartCanvas canvas, double width, double height) {
        double left = 62;
        double right = width - 14;
        double top = 46;
        double bottom = height - 36;
        canvas.text(16, 24, title, 15, true, ChartCanvas.Anchor.START, "ink");
        Range xs =
                names.isEmpty() ? Range.of(lines.stream().map(Line::x).toList()) : new Range(-0.5, names.size() - 0.5);
        Range ys = Range.of(lines.stream()
                        .flatMap(line -> Stream.of(line.y, line.low, line.high))
                        .toList())
                .wider();
        for (double tick : ys.ticks(5)) {
            double y = bottom - ys.part(tick) * (bottom - top);
            canvas.line(new double[] {left, right}, new double[] {y, y}, GRID, 1);
            canvas.text(left - 8, y + 4, number(tick, ys.step(5)), 11, false, ChartCanvas.Anchor.END, TEXT);
        }
        if (names.isEmpty()) {
            for (double tick : xs.ticks(6)) {
                double x = left + xs.part(tick) * (right - left);
                canvas.line(new double[] {x, x}, new double[] {bottom, bottom + 4}, TEXT, 1);
                canvas.text(x, bottom + 17, number(tick, xs.step(6)), 11, false, ChartCanvas.Anchor.MIDDLE, TEXT);
            }
        } else {
            names(canvas, left, right, bottom);
        }
        canvas.text(right, height - 5, xLabel, 11, false, ChartCanvas.Anchor.END, TEXT);
        int color = 0;
        double legend = right;
        List<Line> named = new ArrayList<>();
        for (Line line : lines) {
            double[] x = Arrays.stream(line.x)
                    .map(each -> left + xs.part(each) * (right - left))
                    .toArray();
            double[] y = Arrays.stream(line.y)
                    .map(each -> bottom - ys.part(each) * (bottom - top))
                    .toArray();
            String paint = COLORS.get(color % COLORS.size());
            canvas.line(x, y, line.faint ? paint + "50" : paint, line.faint ? 1 : 2);
            boolean intervals = line.low.length > 0;
            for (int i = 0; i < x.length; i++) {
                if (intervals && Double.isFinite(line.low[i]) && Double.isFinite(line.high[i])) {
                    double low = bottom - ys.part(line.low[i]) * (bottom - top);
                    double high = bottom - ys.part(line.high[i]) * (bottom - top);
                    canvas.line(new double[] {x[i], x[i]}, new double[] {low, high}, paint, 1.2);
                    for (double end : new double[] {low, high}) {
                        canvas.line(new double[] {x[i] - CAP, x[i] + CAP}, new double[] {end, end}, paint, 1.2);
                    }
                }
                if ((intervals || x.length == 1) && Double.isFinite(y[i])) {
                    canvas.dot(x[i], y[i], paint);
                }
            }
            if (!line.faint) {
                color++;
                named.add(line);
            }
        }
        for (int i = named.size() - 1; i >= 0; i--) {
            String name = named.get(i).name;
            if (!name.isEmpty()) {
                canvas.text(legend, 24, name, 12, false, ChartCanvas.Anchor.END, COLORS.get(i % COLORS.size()));
                legend -= 7.0 * name.length() + 16;
            }
        }
    }

    /** Names below the axis; every other one a line lower where they are many, and cut where they are long. */
    private void names(ChartCanvas canvas, double left, double right, double bottom) {
        double slot = (right - left) / names.size();
        boolean twoLines = names.stream().anyMatch(name -> name.length() * LETTER > slot);
        int most = (int) (slot * (twoLines ? 2 : 1) / LETTER);
        for (int i = 0; i < names.size(); i++) {
            double x = left + (i + 0.5) * slot;
            String name = names.get(i);
            String shown = name.length() <= most ? name : "…" + name.substring(name.length() - Math.max(1, most - 1));
            canvas.line(new double[] {x, x}, new double[] {bottom, bottom + 4}, TEXT, 1);
            double y = bottom + (twoLines && i % 2 == 1 ? 30 : 17);
            canvas.text(x, y, shown, 11, false, ChartCanvas.Anchor.MIDDLE, TEXT);
        }
    }

    private static String number(double value, double step) {
        if (value == 0) {
            return "0";
        }
        double size = Math.abs(value);
        if (size >= 1e6) {
            return trimmed(value / 1e6, step / 1e6) + "M";
        }
        if (size >= 1e4) {
            return trimmed(value / 1e3, step / 1e3) + "k";
        }
        if (step < 1e-3) {
            return String.format(Locale.ROOT, "%.1e", value)
                    .replace("e-0", "e-")
                    .replace(".0e", "e");
        }
        return trimmed(value, step);
    }

    private static String trimmed(double value, double step) {
        int digits = (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private record Range(double low, double high) {

        static Range of(List<double[]> values) {
            double low = values.stream()
                    .flatMapToDouble(Arrays::stream)
                    .filter(Double::isFinite)
                    .min()
                    .orElse(0);
            double high = values.stream()
                    .flatMapToDouble(Arrays::stream)
                    .filter(Double::isFinite)
                    .max()
                    .orElse(1);
            return low == high
                    ? new Range(low - Math.max(0.5, Math.abs(low) / 2), high + Math.max(0.5, Math.abs(low) / 2))
                    : new Range(low, high);
        }

        Range wider() {
            double margin = (high - low) * 0.05;
            return new Range(low >= 0 && low - margin < 0 ? 0 : low - margin, high + margin);
        }

        double part(double value) {
            return (value - low) / (high - low);
        }

        /** Distance of ticks: 1, 2 or 5 times a power of ten, whichever is near. */
        double step(int about) {
            double rough = (high - low) / about;
            double power = Math.pow(10, Math.floor(Math.log10(rough)));
            double lead = rough / power;
            return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
        }

        double[] ticks(int about) {
            double step = step(about);
            int first = (int) Math.ceil(low / step - 1e-9);
            int last = (int) Math.floor(high / step + 1e-9);
            double[] ticks = new double[Math.max(0, last - first + 1)];
            for (int i = 0; i < ticks.length; i++) {
                ticks[i] = (first + i) * step;
            }
            return ticks;
        }
    }
}
