package dev.skald.base;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much memory the machine has, in bytes. */
public final class HostMemory {

    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final Pattern AVAILABLE = Pattern.compile("(?m)^MemAvailable:\\s+(\\d+) kB$");

    private HostMemory() {}

    /** All of it; a container's limit where there is one. */
    public static long total() {
        return system().getTotalMemorySize();
    }

    /** What can be used without swapping: on Linux what the kernel reports as available, cached files included. */
    public static long available() {
        try {
            Matcher found = AVAILABLE.matcher(Files.exists(MEMINFO) ? Files.readString(MEMINFO) : "");
            if (found.find()) {
                return Math.min(Long.parseLong(found.group(1)) * 1024, total());
            }
        } catch (IOException e) {
            // as on a system without that file
        }
        return system().getFreeMemorySize();
    }

    private static OperatingSystemMXBean system() {
        return (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    }
}
