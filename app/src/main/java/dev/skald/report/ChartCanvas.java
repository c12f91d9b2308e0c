package dev.skald.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Locale;
import javax.imageio.ImageIO;

/** What a {@link Chart} is painted on. Colours are {@code #rrggbb} or {@code #rrggbbaa}, or {@code ink} for that of the page's text. */
sealed interface ChartCanvas {

    /** Which part of a text is at its place. */
    enum Anchor {
        START,
        MIDDLE,
        END
    }

    /** A line through points; one that is not finite leaves a gap. */
    void line(double[] x, double[] y, String color, double width);

    /** A small dot. */
    void dot(double x, double y, String color);

    /** A text on its baseline. */
    void text(double x, double y, String text, int size, boolean bold, Anchor anchor, String color);

    /** An SVG element. */
    final class Svg implements ChartCanvas {

        private final StringBuilder out = new StringBuilder();

        Svg(int width, int height) {
            out.append("<svg viewBox=\"0 0 %d %d\" role=\"img\">%n".formatted(width, height));
        }

        @Override
        public void line(double[] x, double[] y, String color, double width) {
            out.append("<path fill=\"none\" stroke-linejoin=\"round\" stroke=\"")
                    .append(color);
            out.append("\" stroke-width=\"")
                    .append(String.format(Locale.ROOT, "%.1f", width))
                    .append("\" d=\"");
            boolean pen = false;
            for (int i = 0; i < x.length; i++) {
                if (Double.isFinite(y[i])) {
                    out.append(String.format(Locale.ROOT, "%s%.1f %.1f", pen ? "L" : "M", x[i], y[i]));
                }
                pen = Double.isFinite(y[i]);
            }
            out.append("\"/>\n");
        }

        @Override
        public void dot(double x, double y, String color) {
            out.append(
                    String.format(Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>%n", x, y, color));
        }

        @Override
        public void text(double x, double y, String text, int size, boolean bold, Anchor anchor, String color) {
            out.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\"%s text-anchor=\"%s\" fill=\"%s\">%s</text>%n",
                    x,
                    y,
                    size,
                    bold ? " font-weight=\"600\"" : "",
                    anchor.name().toLowerCase(Locale.ROOT),
                    color.equals("ink") ? "currentColor" : color,
                    HtmlPage.escape(text)));
        }

        @Override
        public String toString() {
            return out + "</svg>\n";
        }
    }

    /** A picture, two pixels to a unit. */
    final class Png implements ChartCanvas {

        private final BufferedImage image;
        private final Graphics2D graphics;

        Png(int width, int height) {
            image = new BufferedImage(2 * width, 2 * height, BufferedImage.TYPE_INT_RGB);
            graphics = image.createGraphics();
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, 2 * width, 2 * height);
            graphics.scale(2, 2);
            graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        }

        @Override
        public void line(double[] x, double[] y, String color, double width) {
            Path2D path = new Path2D.Double();
            boolean pen = false;
            for (int i = 0; i < x.length; i++) {
                if (!Double.isFinite(y[i])) {
                    pen = false;
                    continue;
                }
                if (pen) {
                    path.lineTo(x[i], y[i]);
                } else {
                    path.moveTo(x[i], y[i]);
                }
                pen = true;
            }
            graphics.setColor(color(color));
            graphics.setStroke(new BasicStroke((float) width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
            graphics.draw(path);
        }

        @Override
        public void dot(double x, double y, String color) {
            graphics.setColor(color(color));
            graphics.fill(new Ellipse2D.Double(x - 3, y - 3, 6, 6));
        }

        @Override
        public void text(double x, double y, String text, int size, boolean bold, Anchor anchor, String color) {
            graphics.setFont(new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, size));
            FontMetrics metrics = graphics.getFontMetrics();
            double shift = switch (anchor) {
                case START -> 0;
                case MIDDLE -> metrics.stringWidth(text) / 2.0;
                case END -> metrics.stringWidth(text);
            };
            graphics.setColor(color(color));
            graphics.drawString(text, (float) (x - shift), (float) y);
        }

        byte[] bytes() throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            ImageIO.write(image, "png", bytes);
            return bytes.toByteArray();
        }

        private static Color color(String color) {
            if (color.equals("ink")) {
                return new Color(0x11, 0x18, 0x27);
            }
            int rgb = Integer.parseInt(color.substring(1, 7), 16);
            int alpha = color.length() == 9 ? Integer.parseInt(color.substring(7), 16) : 255;
            return new Color(rgb >> 16, (rgb >> 8) & 255, rgb & 255, alpha);
        }
    }
}
