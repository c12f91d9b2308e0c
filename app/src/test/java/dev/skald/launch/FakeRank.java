package dev.skald.launch;

import dev.skald.train.LostRankException;
import dev.skald.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A rank without training: does what its argument says, so that watching ranks is tested in a second. */
final class FakeRank {

    private FakeRank() {}

    public static void main(String[] args) throws Exception {
        RankEnvironment.watchParent(System.getenv());
        int rank = RankEnvironment.detect(System.getenv()).orElseThrow().rank();
        Path pids = Path.of(args[1]);
        Files.writeString(
                pids.resolve("rank-" + rank),
                Long.toString(ProcessHandle.current().pid()));
        System.out.println("rank " + rank + " begins");
        switch (args[0]) {
            case "succeed" -> System.out.println("rank " + rank + " is done");
            case "one-dies" -> {
                if (rank == 1) {
                    System.out.println("rank 1 cannot go on");
                    System.exit(7);
                }
                Thread.sleep(Duration.ofMinutes(5));
            }
            case "forget" -> {
                // The first is the last to end: it saves what the run has come to.
                Thread.sleep(Duration.ofMillis(700L * (2 - rank)));
                Files.createFile(pids.resolve("saved-" + rank));
                System.exit(Training.FORGOT);
            }
            case "one-hangs" -> {
                if (rank != 1) {
                    System.exit(LostRankException.EXIT_CODE);
                }
                System.out.println("rank 1 waits for nothing");
                Thread.sleep(Duration.ofMinutes(5));
            }
            case "all-save" -> {
                Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> save(pids, rank)));
                Files.createFile(pids.resolve("ready-" + rank));
                Thread.sleep(Duration.ofMinutes(5));
            }
            case "all-wait" -> Thread.sleep(Duration.ofMinutes(5));
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    /** As a run's last checkpoint: the ranks take different times. */
    private static void save(Path folder, int rank) {
        try {
            Thread.sleep(Duration.ofMillis(300 + 700L * (1 - rank)));
            Files.createFile(folder.resolve("saved-" + rank));
        } catch (InterruptedException | IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
