package dev.skald.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final AtomicLong clock = new AtomicLong(5);

    private Progress progress(boolean terminal, long begun, long total) {
        PrintStream out = new PrintStream(written, true, StandardCharsets.UTF_8);
        return new Progress(out, terminal, "packing", begun, total, clock::get);
    }

    private String written() {
        String text = written.toString(StandardCharsets.UTF_8);
        written.reset();
        return text;
    }

    private void seconds(double more) {
        clock.addAndGet((long) (more * 1e9));
    }

    @Test
    void logHasALineEveryTenSeconds() {
        try (Progress progress = progress(false, 0, 40_000_000)) {
            progress.toBytes(1_000_000);
            seconds(9.9);
            progress.toBytes(9_000_000);
            assertThat(written()).isEmpty();
            seconds(0.1);
            progress.addBytes(1_000_000);
            assertThat(written())
                    .isEqualToNormalizingNewlines("packing          25 %  10.0 of 40.0 MB, 1.0 MB/s  30s left\n");
            seconds(9);
            progress.toBytes(20_000_000);
            progress.println("warning: something");
            progress.end("packed");
        }
        assertThat(written()).isEqualToNormalizingNewlines("warning: something\npacked\n");
    }

    /** What an emulated screen of one row shows: each line replaces the one before, and a message stays above. */
    @Test
    void terminalHasOneLine() {
        try (Progress progress = progress(true, 100, 300)) {
            progress.to(100, "");
            assertThat(screen()).isEqualTo("packing          33 % [======              ]");
            seconds(0.1);
            progress.to(150, "not yet");
            assertThat(screen()).isEmpty();
            seconds(9.9);
            progress.to(150, "loss 1.5");
            assertThat(screen()).isEqualTo("packing          50 % [==========          ]  loss 1.5  30s left");
            progress.println(
                    "warning: a much longer line than the one that is shown, so that nothing of that can be left of it");
            assertThat(screen())
                    .startsWith("warning: a much longer line than")
                    .contains("left of it\npacking ")
                    .endsWith("30s left");
            progress.end("packed");
            assertThat(screen()).isEqualTo("packed\n");
        }
        assertThat(screen()).isEmpty();
    }

    /** What was written, as a terminal shows it. */
    private String screen() {
        StringBuilder shown = new StringBuilder();
        String text = written().replace(System.lineSeparator(), "\n").replaceAll("\u001b\\[(\\?7[lh]|K)", "");
        for (String line : text.split("(?<=\n)", -1)) {
            shown.append(line.substring(line.lastIndexOf('\r') + 1));
        }
        return shown.toString();
    }

    @Test
    void totalMayBeUnknown() {
        try (Progress progress = progress(false, 0, 0)) {
            seconds(10);
            progress.toBytes(20_000_000);
        }
        assertThat(written()).isEqualToNormalizingNewlines("packing          20.0 MB, 2.0 MB/s\n");
    }

    @Test
    void durations() {
        assertThat(Progress.duration(59.4)).isEqualTo("59s");
        assertThat(Progress.duration(187)).isEqualTo("3m 07s");
        assertThat(Progress.duration(7_500)).isEqualTo("2h 05m");
    }
}
