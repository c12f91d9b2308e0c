package dev.skald;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The arrows between the packages, as docs/architecture.md draws them. */
class ArchitectureTest {

    private static final String ROOT = "dev.skald.";

    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("tokenizer", Set.of()),
            Map.entry("torch", Set.of()),
            Map.entry("corpus", Set.of("tokenizer")),
            Map.entry("kernel", Set.of("torch")),
            Map.entry("model", Set.of("kernel", "torch")),
            Map.entry("generate", Set.of("model", "tokenizer", "torch")),
            Map.entry("evaluate", Set.of("generate", "model", "tokenizer", "torch")),
            Map.entry("demo", Set.of("evaluate", "generate", "model", "tokenizer", "torch")),
            Map.entry("train", Set.of("model", "tokenizer", "torch", "kernel")),
            Map.entry("card", Set.of("corpus", "model", "train")),
            Map.entry("launch", Set.of("train")));

    private static final Set<String> MAY_SEE_SPARK = Set.of("corpus", "launch");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
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
                .containsAll(found);
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
