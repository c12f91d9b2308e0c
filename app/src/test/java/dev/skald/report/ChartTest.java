package dev.skald.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.xml.sax.SAXException;

class ChartTest {

    @Test
    void anyNumbersAreDrawn() throws IOException, ParserConfigurationException, SAXException {
        for (double[] y : new double[][] {
            {1},
            {0, 0},
            {Double.NaN, 2, 3},
            {Double.NaN},
            {-1e-9, 1e-9},
            {1e12, 2e12},
            {Double.POSITIVE_INFINITY, 1},
            {}
        }) {
            double[] x = new double[y.length];
            for (int i = 0; i < x.length; i++) {
                x[i] = i;
            }
            Chart.Line faint = Chart.line("", x, Chart.smoothed(y), true);
            String svg = new Chart("t", "step", List.of(Chart.line("a", x, y, false), faint)).svg(300, 200);
            assertThat(svg).doesNotContain("NaN", "Infinity");
            DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        }
    }

    @Test
    void intervalsAreInThePicture() {
        Chart.Line line = new Chart.Line(
                "acc",
                new double[] {0, 1, 2},
                new double[] {0.4, 0.5, 0.6},
                false,
                new double[] {0.3, 0.4, Double.NaN},
                new double[] {0.5, 0.9, Double.NaN});
        String svg = new Chart("t", "step", List.of(line)).svg(300, 200);
        assertThat(svg.split("<circle", -1)).as("a dot for each").hasSize(1 + 3);
        assertThat(svg.split("stroke-width=\"1.2\"", -1))
                .as("two intervals with two ends each")
                .hasSize(1 + 2 * 3);
        assertThat(svg).contains(">0.9<"); // the axis reaches the highest end, where y is 0.6 at most
    }

    @Test
    void namesStandBelowTheirPoints() {
        List<String> few = List.of("base", "tuned");
        double[] x = {0, 1};
        assertThat(new Chart("t", "", List.of(new Chart.Line("", x, x, false)), few).svg(300, 200))
                .contains(">base<", ">tuned<");
        List<String> many =
                IntStream.range(0, 10).mapToObj(i -> "a long name of run " + i).toList();
        double[] y = new double[10];
        assertThat(new Chart("t", "", List.of(new Chart.Line("", y, y, false)), many).svg(400, 200))
                .contains("run 0<", "run 9<")
                .doesNotContain("a long");
    }
}
