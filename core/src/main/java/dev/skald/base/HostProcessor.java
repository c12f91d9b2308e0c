package dev.skald.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What processor the machine has. */
public final class HostProcessor {

    private static final Path CPUINFO = Path.of("/proc/cpuinfo");
    private static final Pattern MODEL = Pattern.compile("(?m)^model name\\s*:\\s*(\\S.*?)\\s*$");

    private HostProcessor() {}

    /** Its name, as in {@code AMD EPYC 9654 96-Core Processor}; where the system does not say, its architecture. */
    public static String name() {
        try {
            Matcher found = MODEL.matcher(Files.isReadable(CPUINFO) ? Files.readString(CPUINFO) : "");
            if (found.find()) {
                return found.group(1);
            }
        } catch (IOException e) {
            // as on a system without that file
        }
        return System.getProperty("os.arch");
    }

    /** Cores that this process may use: a container's limit where there is one. */
    public static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }

    /** Name, cores and memory in one line. */
    public static String describe() {
        return String.format(
                Locale.ROOT,
                "%s, %d core%s, %.0f GiB",
                name(),
                cores(),
                cores() == 1 ? "" : "s",
                HostMemory.total() / (double) (1L << 30));
    }
}
