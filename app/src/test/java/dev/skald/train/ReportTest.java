package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {

    @TempDir
    Path output;

    private static final Timetable TIMETABLE = new Timetable(1000, 1000, 10, 100, 500);

    @Test
    void thePageNeedsNothingElseAndSaysWhatTheRunIsLike() throws IOException {
        Path run = output.resolve("a<b");
        new Report(Files.createDirectory(run), config(run), TIMETABLE)
                .write(steps(400), validations(400), List.of(), true);
        String page = Files.readString(run.resolve("report.html"));
        assertThat(page)
                .contains("<title>a&lt;b - Skald</title>", "step 400 of 1,000", "http-equiv=\"refresh\"")
                .contains("Validation perplexity by language", "<td>taler</td><td>da</td>", "sequence_len: 512")
                .doesNotContain("a<b", "NaN", "src=", "href=", "http:", "https:");
        assertThat(page.split("<svg", -1)).hasSize(7);
        new Report(run, config(run), TIMETABLE).write(steps(1000), List.of(), List.of(), false);
        assertThat(Files.readString(run.resolve("report.html")))
                .contains("finished")
                .doesNotContain("http-equiv", "<h2>Validation");
        assertThat(run.toFile().list()).containsExactlyInAnyOrder("report.html", "loss.png");
    }

    @Test
    void thePictureIsOneOfTheLoss() throws IOException {
        new Report(output, config(output), TIMETABLE).write(steps(30), validations(30), List.of(), true);
        BufferedImage picture = ImageIO.read(output.resolve("loss.png").toFile());
        assertThat(picture.getWidth()).isEqualTo(2240);
        assertThat(picture.getHeight()).isEqualTo(1120);
        int blue = 0;
        for (int x = 0; x < picture.getWidth(); x++) {
            for (int y = 0; y < picture.getHeight(); y++) {
                blue += (picture.getRGB(x, y) & 0xffffff) == 0x2563eb ? 1 : 0;
            }
        }
        assertThat(blue).isGreaterThan(2000);
    }

    private static TrainerConfig config(Path run) {
        return TrainerConfigTest.parse(
                "base_model: model\ndatasets: [{path: texts}]\nlearning_rate: 2e-5\noutput_dir: \"" + run + "\"\n");
    }

    private static List<StepMetrics> steps(int count) {
        List<StepMetrics> steps = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            steps.add(RunLogTest.step(i, 2 + 8.0 / i));
        }
        return steps;
    }

    private static List<ValidationMetrics> validations(int count) {
        List<ValidationMetrics> validations = new ArrayList<>();
        for (int i = 10; i <= count; i += 10) {
            validations.add(new ValidationMetrics(i, "taler", "da", 3, 100, 250, 200 + 1000.0 / i));
            validations.add(new ValidationMetrics(i, "lover", "sv", 3, 100, 250, 220 + 1000.0 / i));
        }
        return validations;
    }
}
