package dev.skald.launch;

import java.nio.file.Path;
import java.util.List;

/** Starts {@link FakeRank}s that wait, so that a test can kill it. */
final class FakeParent {

    private FakeParent() {}

    public static void main(String[] args) throws Exception {
        LocalProcesses.run(2, FakeRank.class.getName(), List.of(args), Path.of(args[1]), System.err);
    }
}
