package dev.skald.tensor;

import dev.skald.base.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;

/**
 * Loads libtorch's libraries. On Linux they are unpacked once, atomically, into a folder of the user's cache, and loaded from there in the
 * order of their dependencies: JavaCPP's own loader takes twice as long, and two processes that start for the first time together may load
 * a library that the other is still writing. Elsewhere, and for CUDA, JavaCPP's loader is used.
 */
public final class Natives {

    /** Each after those it depends on. */
    private static final List<String> LIBRARIES = List.of(
            "javacpp/libjnijavacpp.so",
            "openblas/libgcc_s.so.1",
            "openblas/libquadmath.so.0",
            "openblas/libgfortran.so.5",
            "pytorch/libgomp.so.1",
            "openblas/libopenblas.so.0",
            "pytorch/libc10.so",
            "pytorch/libtorch_cpu.so",
            "pytorch/libtorch.so",
            "pytorch/libjnitorch.so");

    /** Process groups over Gloo: loaded by {@link #loadGloo} only. */
    private static final String GLOO = "pytorch/libjnitorch_gloo.so";

    /** Not there on every platform: arm64 has no libquadmath. */
    private static final List<String> OPTIONAL = List.of("openblas/libquadmath.so.0", "openblas/libgcc_s.so.1");

    private Natives() {}

    /**
     * Loads the libraries, if they are not loaded yet; call it before the first use of a class of {@code org.bytedeco.pytorch}. Thread-safe.
     *
     * @throws UncheckedIOException when they cannot be unpacked (disk full, no writable cache folder)
     */
    public static void load() {
        Holder.load();
    }

    /** Where the libraries were loaded from; empty where JavaCPP's own loader was used. Loads them. */
    public static Optional<Path> folder() {
        return Holder.FOLDER;
    }

    /** As {@link #load}, and the library of {@code ProcessGroupGloo} with it. Thread-safe. */
    public static void loadGloo() {
        load();
        Gloo.load();
    }

    /** Class initialisation is what makes {@link #loadGloo} happen once. */
    private static final class Gloo {
        static {
            if (Holder.FOLDER.isPresent()) {
                System.load(Holder.FOLDER.get().resolve(fileName(GLOO)).toString());
            } else {
                Loader.load(org.bytedeco.pytorch.global.torch_gloo.class);
            }
        }

        static void load() {}
    }

    /** Class initialisation is what makes {@link #load} happen once. */
    private static final class Holder {

        /** Where the libraries were loaded from; empty where JavaCPP loaded them. */
        static final Optional<Path> FOLDER;

        static {
            String platform = Loader.getPlatform();
            boolean cuda = Natives.class.getResource("/org/bytedeco/pytorch/" + platform + "-gpu/libc10.so") != null;
            if (platform.startsWith("linux") && !cuda) {
                setDefaultEnvironment("OMP_WAIT_POLICY", "passive");
                FOLDER = Optional.of(unpacked(platform));
                loadFrom(FOLDER.get());
            } else {
                FOLDER = Optional.empty();
                Loader.load(org.bytedeco.pytorch.global.torch.class);
            }
        }

        static void load() {}
    }

    private static void loadFrom(Path folder) {
        // Every class of the presets asks JavaCPP's loader for its library when it is initialised; this tells it that
        // there is nothing to do.
        System.setProperty("org.bytedeco.javacpp.loadLibraries", "false");
        System.setProperty("org.bytedeco.javacpp.loadlibraries", "false");
        for (String library : LIBRARIES) {
            Path file = folder.resolve(fileName(library));
            if (Files.exists(file)) {
                System.load(file.toString());
            }
        }
    }

    /** libgomp reads its environment when it is loaded; a waiting thread that spins would take the core from Java's threads. */
    private static void setDefaultEnvironment(String name, String value) {
        if (System.getenv(name) != null) {
            return;
        }
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> setenv = linker.defaultLookup().find("setenv");
        if (setenv.isEmpty()) {
            return;
        }
        FunctionDescriptor signature = FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
        try (Arena arena = Arena.ofConfined()) {
            int failed = (int) linker.downcallHandle(setenv.get(), signature)
                    .invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
            if (failed != 0) {
                throw new IllegalStateException("setenv " + name + " failed");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path unpacked(String platform) {
        try {
            return UserCache.folder(
                    "libtorch-" + version() + "-" + platform, folder -> copyLibraries(platform, folder));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack libtorch: " + e.getMessage(), e);
        }
    }

    private static void copyLibraries(String platform, Path to) throws IOException {
        for (String library : Stream.concat(LIBRARIES.stream(), Stream.of(GLOO)).toList()) {
            String folder = library.substring(0, library.indexOf('/'));
            String resource = "/org/bytedeco/" + folder + "/" + platform + "/" + fileName(library);
            try (InputStream in = Natives.class.getResourceAsStream(resource)) {
                if (in != null) {
                    Files.copy(in, to.resolve(fileName(library)));
                } else if (!OPTIONAL.contains(library)) {
                    throw new IOException(resource + " is not on the class path: build for this platform, " + platform);
                }
            }
        }
    }

    /** The version of libtorch and of its presets for Java, as in {@code 2.10.0-1.5.13}, out of their jar's properties. */
    public static String version() throws IOException {
        try (InputStream in =
                Natives.class.getResourceAsStream("/META-INF/maven/org.bytedeco/pytorch/pom.properties")) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "unknown");
        }
    }

    private static String fileName(String library) {
        return library.substring(library.indexOf('/') + 1);
    }
}
