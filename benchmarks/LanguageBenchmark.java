import com.github.pemistahl.lingua.api.Language;
import com.github.pemistahl.lingua.api.LanguageDetector;
import com.github.pemistahl.lingua.api.LanguageDetectorBuilder;
import dev.skald.corpus.LanguageIdentifier;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import opennlp.tools.langdetect.LanguageDetectorME;
import opennlp.tools.langdetect.LanguageDetectorModel;

/**
 * Language identification on held-out texts, beside Lingua's and OpenNLP's. TEST is OUT/test of benchmarks/language/prepare.py.
 *
 * <p>{@code java -cp app/target/skald.jar:core/target/skald-core-0.1.0.jar:lingua.jar:opennlp-tools.jar:opennlp-models-langdetect.jar:... benchmarks/LanguageBenchmark.java TEST}
 */
public class LanguageBenchmark {

    private static final List<String> LANGUAGES = LanguageIdentifier.KNOWN;
    private static final Map<String, String> OPENNLP =
            Map.of("swe", "sv", "dan", "da", "nob", "nb", "nno", "nn", "isl", "is", "fao", "fo", "eng", "en");
    private static final Map<Language, String> LINGUA = Map.of(
            Language.SWEDISH, "sv",
            Language.DANISH, "da",
            Language.BOKMAL, "nb",
            Language.NYNORSK, "nn",
            Language.ICELANDIC, "is",
            Language.ENGLISH, "en");

    private record Text(int language, String source, String text) {}

    public static void main(String[] args) throws IOException {
        List<Text> documents = new ArrayList<>();
        List<Text> sentences = new ArrayList<>();
        Random random = new Random(1);
        for (String language : LANGUAGES) {
            try (Stream<Path> files = Files.list(Path.of(args[0], language))) {
                for (Path file : files.sorted().toList()) {
                    read(LANGUAGES.indexOf(language), file, documents, sentences, random);
                }
            }
        }
        LanguageIdentifier skald = new LanguageIdentifier();
        LanguageDetector high = LanguageDetectorBuilder.fromAllLanguages().build();
        LanguageDetector low =
                LanguageDetectorBuilder.fromAllLanguages().withLowAccuracyMode().build();
        LanguageDetectorModel model;
        try (InputStream in = openNlpModel()) {
            model = new LanguageDetectorModel(in);
        }
        LanguageDetectorME openNlp = new LanguageDetectorME(model);
        for (var set : Map.of("documents", documents, "sentences", sentences).entrySet()) {
            measure(
                    "Skald",
                    set.getKey(),
                    set.getValue(),
                    text -> skald.identify(text).language());
            measure(
                    "OpenNLP",
                    set.getKey(),
                    set.getValue(),
                    text -> OPENNLP.getOrDefault(openNlp.predictLanguage(text).getLang(), "other"));
            measure(
                    "Lingua, low accuracy",
                    set.getKey(),
                    set.getValue(),
                    text -> LINGUA.getOrDefault(low.detectLanguageOf(text), "other"));
            measure(
                    "Lingua, high accuracy",
                    set.getKey(),
                    set.getValue(),
                    text -> LINGUA.getOrDefault(high.detectLanguageOf(text), "other"));
        }
    }

    private static InputStream openNlpModel() throws IOException {
        for (String entry : System.getProperty("java.class.path").split(java.io.File.pathSeparator)) {
            if (entry.contains("langdetect")) {
                var jar = new java.util.jar.JarFile(entry);
                var bin = jar.stream()
                        .filter(e -> e.getName().endsWith(".bin"))
                        .findFirst()
                        .orElseThrow();
                return jar.getInputStream(bin);
            }
        }
        throw new IOException("no opennlp-models-langdetect on the class path");
    }

    /** At most 20 documents and 60 sentences of a source; documents are cut at 1,500 characters. */
    private static void read(int language, Path file, List<Text> documents, List<Text> sentences, Random random)
            throws IOException {
        String source = file.getFileName().toString();
        List<Text> ofDocuments = new ArrayList<>();
        List<Text> ofSentences = new ArrayList<>();
        for (String document : Files.readString(file).split("\n\n")) {
            if (document.isBlank()) {
                continue;
            }
            ofDocuments.add(new Text(language, source, document.substring(0, Math.min(1500, document.length()))));
            for (String sentence : document.split("\n|(?<=[.!?]) (?=[A-ZÅÄÖÆØ])")) {
                long letters = sentence.chars().filter(Character::isLetter).count();
                if (sentence.length() >= 20 && sentence.length() <= 300 && letters * 10 >= sentence.length() * 7L) {
                    ofSentences.add(new Text(language, source, sentence));
                }
            }
        }
        Collections.shuffle(ofDocuments, random);
        Collections.shuffle(ofSentences, random);
        documents.addAll(ofDocuments.subList(0, Math.min(20, ofDocuments.size())));
        sentences.addAll(ofSentences.subList(0, Math.min(60, ofSentences.size())));
    }

    private static void measure(String name, String set, List<Text> texts, Function<String, String> identify) {
        for (Text text : texts.subList(0, Math.min(300, texts.size()))) {
            identify.apply(text.text);
        }
        int[][] confusion = new int[LANGUAGES.size()][LANGUAGES.size()];
        long characters = 0;
        long start = System.nanoTime();
        for (Text text : texts) {
            confusion[text.language][LANGUAGES.indexOf(identify.apply(text.text))]++;
            characters += text.text.length();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
                "%n%s, %d %s, %.2f million characters/s%n", name, texts.size(), set, characters / 1e6 / seconds);
        System.out.println("| | " + String.join(" | ", LANGUAGES) + " | F1 |");
        System.out.println("|---".repeat(LANGUAGES.size() + 2) + "|");
        for (int language = 0; language < LANGUAGES.size(); language++) {
            StringBuilder row = new StringBuilder("| " + LANGUAGES.get(language));
            int right = confusion[language][language];
            int of = 0;
            int as = 0;
            for (int other = 0; other < LANGUAGES.size(); other++) {
                row.append(" | ").append(confusion[language][other]);
                of += confusion[language][other];
                as += confusion[other][language];
            }
            System.out.printf("%s | %.1f |%n", row, of + as == 0 ? 0 : 200.0 * right / (of + as));
        }
    }
}
