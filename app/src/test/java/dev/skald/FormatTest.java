package dev.skald;

import static org.assertj.core.api.Assertions.assertThat;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every source file is formatted by palantir-java-format. {@code mvn test -pl app -am -Dtest=FormatTest -Dformat=write} formats them. A test rather than
 * a Maven plugin, because the formatter parses with the compiler of the JVM it runs in, and Maven's own may be older than the sources.
 */
class FormatTest {

    private static final List<Path> ROOTS = Stream.of(
                    "core/src", "nano/src", "app/src", "langchain4j/src", "spring-ai/src", "examples", "benchmarks")
            .map(Path::of)
            .toList();

    @Test
    void everySourceIsFormatted() throws Exception {
        boolean write = "write".equals(System.getProperty("format"));
        Formatter formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .formatJavadoc(false)
                .build());
        List<Path> unformatted = new ArrayList<>();
        for (Path file : sources()) {
            String found = Files.readString(file);
            String wanted = format(formatter, file, found);
            if (!found.equals(wanted)) {
                if (write) {
                    Files.writeString(file, wanted);
                } else {
                    unformatted.add(file);
                }
            }
        }
        assertThat(unformatted)
                .as("not formatted; run: mvn test -pl app -am -Dtest=FormatTest -Dformat=write")
                .isEmpty();
    }

    private static String format(Formatter formatter, Path file, String source) {
        try {
            String used = RemoveUnusedImports.removeUnusedImports(source);
            String ordered = ImportOrderer.reorderImports(used, JavaFormatterOptions.Style.PALANTIR);
            return formatter.formatSource(ordered);
        } catch (FormatterException e) {
            throw new AssertionError(file + ": " + e.getMessage(), e);
        }
    }

    private static List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        for (Path root : ROOTS) {
            try (Stream<Path> files = Files.walk(root)) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
        }
        return sources;
    }
}
