package dev.skald.train;

import dev.skald.tensor.Natives;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;

/** Ranks as threads of one JVM, joined by Gloo as processes are. */
final class Ranks {

    private Ranks() {}

    /** Runs {@code body} on {@code size} ranks; the results by rank. */
    static <T> List<T> run(int size, Function<Collectives, T> body) throws Exception {
        Natives.load();
        int port = freePort();
        try (ExecutorService threads = Executors.newFixedThreadPool(size)) {
            List<Future<T>> running = new ArrayList<>();
            for (int r = 0; r < size; r++) {
                Rank rank = new Rank(r, size, r, size, "localhost", port);
                running.add(threads.submit(() -> {
                    try (Collectives ranks = Collectives.join(rank, new Device("cpu"), Duration.ofSeconds(20))) {
                        return body.apply(ranks);
                    }
                }));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> rank : running) {
                try {
                    results.add(rank.get());
                } catch (ExecutionException e) {
                    throw e.getCause() instanceof RuntimeException cause ? cause : e;
                }
            }
            return results;
        }
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
