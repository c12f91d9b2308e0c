package dev.skald;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs in benchmarks/ are run from their sources, and compile against what the modules have now. */
class BenchmarksTest {

    private static final Pattern IMPORT = Pattern.compile("(?m)^import (?:static )?([a-z0-9_.]+)\\.([A-Z]\\w*)");

    @TempDir
    private Path classes;

    @Test
    void everyProgramCompiles() throws IOException {
        List<Path> sources;
        try (Stream<Path> files = Files.list(Path.of("benchmarks"))) {
            sources = files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
        assertThat(sources).hasSizeGreaterThan(10);
        List<String> options = List.of(
                "-proc:none",
                "--should-stop=ifError=FLOW", // after a peer that is not there the rest is looked at
                "--add-modules",
                "jdk.incubator.vector",
                "-d",
                classes.toString(),
                "-cp",
                System.getProperty("java.class.path"));
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        try (StandardJavaFileManager files =
                ToolProvider.getSystemJavaCompiler().getStandardFileManager(null, null, null)) {
            ToolProvider.getSystemJavaCompiler()
                    .getTask(null, files, found, options, null, files.getJavaFileObjectsFromPaths(sources))
                    .call();
        }
        Set<String> peers = peers(sources);
        assertThat(found.getDiagnostics())
                .filteredOn(each -> each.getKind() == Diagnostic.Kind.ERROR)
                .extracting(Diagnostic::toString)
                .filteredOn(error -> peers.stream().noneMatch(error::contains))
                .isEmpty();
    }

    /** The libraries that Skald is measured against and that nothing here brings, and their classes as javac's errors name them. */
    private static Set<String> peers(List<Path> sources) throws IOException {
        Set<String> peers = new HashSet<>();
        for (Path source : sources) {
            Matcher imports = IMPORT.matcher(Files.readString(source));
            while (imports.find()) {
                if (!imports.group(1).startsWith("dev.skald") && isAbsent(imports.group(1) + "." + imports.group(2))) {
                    peers.add("package " + imports.group(1));
                    peers.add("class " + imports.group(2) + "\n");
                    peers.add("variable " + imports.group(2) + "\n");
                }
            }
        }
        return peers;
    }

    private static boolean isAbsent(String name) {
        try {
            Class.forName(name, false, BenchmarksTest.class.getClassLoader());
            return false;
        } catch (ClassNotFoundException e) {
            return true;
        }
    }
}
