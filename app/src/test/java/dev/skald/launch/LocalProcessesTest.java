package dev.skald.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.train.Training;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LocalProcessesTest {

    @TempDir
    Path folder;

    private LocalProcesses.Outcome run(String what, PrintStream console) throws Exception {
        return LocalProcesses.run(
                3, FakeRank.class.getName(), List.of(what, folder.toString()), folder.resolve("logs"), console);
    }

    private boolean isAlive(int rank) throws IOException {
        Path pid = folder.resolve("rank-" + rank);
        return Files.exists(pid)
                && !Files.readString(pid).isEmpty()
                && ProcessHandle.of(Long.parseLong(Files.readString(pid)))
                        .map(ProcessHandle::isAlive)
                        .orElse(false);
    }

    @Test
    void ranksThatSucceed() throws Exception {
        ByteArrayOutputStream console = new ByteArrayOutputStream();

        LocalProcesses.Outcome outcome = run("succeed", new PrintStream(console, true, StandardCharsets.UTF_8));

        assertThat(outcome.exitCode()).isZero();
        assertThat(console.toString(StandardCharsets.UTF_8))
                .contains("rank 0 is done")
                .doesNotContain("rank 1");
        assertThat(folder.resolve("logs/rank-2.log")).content().contains("rank 2 is done");
    }

    @Test
    void aRankThatDiesEndsTheRunAndIsNamed() throws Exception {
        LocalProcesses.Outcome outcome = run("one-dies", System.err);

        assertThat(outcome.exitCode()).isEqualTo(7);
        assertThat(outcome.culprit()).isEqualTo("rank 1 ended with exit code 7");
        assertThat(outcome.lastLines()).contains("rank 1 cannot go on");
        for (int rank = 0; rank < 3; rank++) {
            awaitEnd(rank);
        }
    }

    @Test
    void aRunThatForgetsIsNoFailureOfARank() throws Exception {
        LocalProcesses.Outcome outcome = run("forget", System.err);

        assertThat(outcome.exitCode()).isEqualTo(Training.FORGOT);
        assertThat(outcome.culprit()).isEmpty();
        assertThat(folder.resolve("saved-0")).exists();
    }

    @Test
    void aRankThatHangsIsNamedByTheOthersThatLostIt() throws Exception {
        LocalProcesses.Outcome outcome = run("one-hangs", System.err);

        assertThat(outcome.exitCode()).isNotZero();
        assertThat(outcome.culprit()).isEqualTo("rank 1 does not answer");
        assertThat(outcome.lastLines()).contains("rank 1 waits for nothing");
        awaitEnd(1);
    }

    /** As Ctrl-C and SIGTERM do: each rank has the time that it needs to save, whichever is ready first. */
    @Test
    void aStoppedParentLetsItsRanksSave() throws Exception {
        Process parent = parent("all-save");
        while (!Files.exists(folder.resolve("ready-0")) || !Files.exists(folder.resolve("ready-1"))) {
            assertThat(parent.isAlive()).isTrue();
            Thread.sleep(50);
        }

        parent.toHandle().destroy();

        assertThat(parent.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(folder.resolve("saved-0")).exists();
        assertThat(folder.resolve("saved-1")).exists();
        awaitEnd(0);
        awaitEnd(1);
    }

    private Process parent(String what) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        FakeParent.class.getName(),
                        what,
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("parent.log").toFile())
                .start();
    }

    @Test
    void noRankOutlivesItsParent() throws Exception {
        Process parent = parent("all-wait");
        while (!isAlive(0) || !isAlive(1)) {
            assertThat(parent.isAlive()).isTrue();
            Thread.sleep(50);
        }

        parent.destroyForcibly();

        assertThat(parent.waitFor(30, TimeUnit.SECONDS)).isTrue();
        awaitEnd(0);
        awaitEnd(1);
    }

    private void awaitEnd(int rank) throws Exception {
        while (isAlive(rank)) {
            Thread.sleep(50);
        }
    }
}
