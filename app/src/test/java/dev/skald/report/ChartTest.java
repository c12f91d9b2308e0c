package dev.skald.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
}
