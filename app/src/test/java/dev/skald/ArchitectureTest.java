package dev.skald;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The arrows between the packages, as docs/architecture.md draws them. */
class ArchitectureTest {

    private static final String ROOT = "dev.skald.";

    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("base", Set.of()),
            Map.entry("config", Set.of("base")),
            Map.entry("tokenizer", Set.of("base")),
            Map.entry("tensor", Set.of("base")),
            Map.entry("gguf", Set.of("base", "tensor")),
            Map.entry("cache", Set.of("tensor")),
            Map.entry("assembler", Set.of()),
            Map.entry("kernel", Set.of("assembler", "base", "cache", "tensor")),
            Map.entry("model", Set.of("base", "cache", "config", "gguf", "kernel", "tensor")),
            Map.entry("convert", Set.of("base", "gguf", "kernel", "model", "tensor", "tokenizer")),
            Map.entry("engine", Set.of("base", "cache", "kernel", "model")),
            Map.entry("grammar", Set.of()),
            Map.entry(
                    "generate",
                    Set.of("base", "config", "engine", "gguf", "grammar", "kernel", "model", "tensor", "tokenizer")),
            Map.entry("evaluate", Set.of("base", "config", "engine", "generate", "jinja", "model", "tokenizer")),
            Map.entry("jinja", Set.of()),
            Map.entry("chat", Set.of("base", "generate", "jinja", "tokenizer")),
            Map.entry("nano", Set.of("base")),
            Map.entry("text", Set.of("base", "tokenizer")),
            Map.entry("report", Set.of()),
            Map.entry("compare", Set.of("base", "evaluate", "report")),
            Map.entry("dataset", Set.of("base", "model", "tokenizer")),
            Map.entry("tune", Set.of("base", "chat", "config", "text", "tokenizer")),
            Map.entry("corpus", Set.of("base", "config", "dataset", "report", "text", "tokenizer")),
            Map.entry(
                    "train",
                    Set.of(
                            "base",
                            "config",
                            "dataset",
                            "evaluate",
                            "generate",
                            "kernel",
                            "model",
                            "report",
                            "tensor",
                            "text",
                            "tokenizer",
                            "tune")),
            Map.entry("serve", Set.of("base", "chat", "engine", "generate", "model", "tokenizer")),
            Map.entry("launch", Set.of("base", "train")),
            Map.entry("card", Set.of("base", "corpus", "model", "train")),
            Map.entry(
                    "demo",
                    Set.of(
                            "base",
                            "chat",
                            "evaluate",
                            "generate",
                            "model",
                            "nano",
                            "report",
                            "tensor",
                            "text",
                            "tokenizer")));

    /** The modules, each after those that it depends on. */
    private static final List<String> MODULES = List.of("core", "nano", "app");

    private static final Set<String> MAY_SEE_SPARK = Set.of("corpus", "launch");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.skald");

    @Test
    void everyPackageHasItsArrows() {
        Set<String> found = new TreeSet<>();
        for (JavaClass type : CLASSES) {
            String name = type.getPackageName();
            if (name.startsWith(ROOT)) {
                found.add(name.substring(ROOT.length()));
            }
        }
        found.remove("cli");
        assertThat(MAY_USE.keySet())
                .as("packages are flat, and each is listed here")
                .containsExactlyInAnyOrderElementsOf(found);
    }

    @Test
    void arrowsPointOneWayOnly() {
        MAY_USE.forEach((from, allowed) -> {
            DescribedPredicate<JavaClass> forbidden =
                    new DescribedPredicate<>("packages other than " + new TreeSet<>(allowed)) {
                        @Override
                        public boolean test(JavaClass type) {
                            String name = type.getPackageName();
                            return name.startsWith(ROOT)
                                    && !name.equals(ROOT + from)
                                    && !allowed.contains(name.substring(ROOT.length()));
                        }
                    };
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + from)
                    .should()
                    .dependOnClassesThat(forbidden)
                    .allowEmptyShould(true)
                    .check(CLASSES);
        });
    }

    /** A package lives in one module, and what runs a model needs nothing of what trains one. */
    @Test
    void modulesUseOnlyThoseBefore() throws IOException {
        Set<String> before = new TreeSet<>();
        for (String module : MODULES) {
            Set<String> own = packages(module);
            assertThat(own).as("packages of " + module).isNotEmpty().noneMatch(before::contains);
            before.addAll(own);
            for (String name : own) {
                assertThat(before)
                        .as(name + " of " + module + " may use")
                        .containsAll(MAY_USE.getOrDefault(name, Set.of()));
            }
        }
    }

    private static Set<String> packages(String module) throws IOException {
        try (Stream<Path> files = Files.list(Path.of(module, "src/main/java/dev/skald"))) {
            return files.filter(Files::isDirectory)
                    .map(directory -> directory.getFileName().toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** A mapper that is made otherwise takes whatever follows a value in a file. */
    @Test
    void mappersAreMadeByStrictJson() {
        Set<String> mappers = Set.of(ObjectMapper.class.getName(), JsonMapper.class.getName());
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(StrictJson.class.getName())
                .should()
                .callCodeUnitWhere(DescribedPredicate.describe(
                        "makes a mapper of JSON",
                        call -> mappers.contains(call.getTargetOwner().getName())
                                && Set.of("<init>", "builder").contains(call.getName())))
                .check(CLASSES);
    }

    @Test
    void onlyCorpusAndLaunchSeeSparkAndNeitherSeesLibtorch() {
        String[] others = MAY_USE.keySet().stream()
                .filter(name -> !MAY_SEE_SPARK.contains(name))
                .map(name -> ROOT + name)
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAnyPackage(others)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.spark..")
                .check(CLASSES);
        for (String name : List.copyOf(MAY_SEE_SPARK)) {
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + name)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("org.bytedeco..")
                    .allowEmptyShould(true)
                    .check(CLASSES);
        }
    }
}
