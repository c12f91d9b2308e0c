package dev.skald.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * {@code skald warm-up}: loads and runs what {@code generate} needs. The launcher runs it once after a build, so that the JVM's ahead-of-time
 * cache holds those classes; it is of no use to anybody else, and hidden.
 */
@Command(name = "warm-up", hidden = true, description = "Generates a few tokens, for the ahead-of-time cache.")
final class WarmUpCommand implements Callable<Integer> {

    @Override
    public Integer call() {
        int done = Main.run("generate", "--temperature", "1", "--json", "Sommar och sol");
        return done == 0 ? Main.run("generate", "--dtype", "f32", "--max-new-tokens", "4", "Sommar och sol") : done;
    }
}
