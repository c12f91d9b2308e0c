package dev.skald.corpus;

import dev.skald.InvalidInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Stop words and adult words by language, and blocked domains. The built-in stop words are resources; everything else a recipe brings. */
final class WordLists {

    private static final Pattern SPACE = Pattern.compile("\\s+");
    private static final Weighted NONE = new Weighted(new HashMap<>());

    private final Map<String, Weighted> stopWords = new HashMap<>();
    private final Map<String, Weighted> adult = new HashMap<>();
    private final Set<String> blockedDomains = new HashSet<>();
    private final List<String> blockedExtensions;

    WordLists(Recipe.WordListFiles files) throws IOException {
        for (String language : LanguageIdentifier.KNOWN) {
            String file = files.stopWords().get(language);
            InputStream resource = WordLists.class.getResourceAsStream("stop-words." + language + ".txt");
            if (file != null) {
                stopWords.put(language, Weighted.of(lines(Path.of(file)), file));
            } else if (resource != null) {
                try (BufferedReader reader =
                        new BufferedReader(new InputStreamReader(resource, StandardCharsets.UTF_8))) {
                    stopWords.put(language, Weighted.of(reader.lines().toList(), language));
                }
            }
        }
        for (Map.Entry<String, String> file : files.adult().entrySet()) {
            adult.put(file.getKey(), Weighted.of(lines(Path.of(file.getValue())), file.getValue()));
        }
        if (!files.blockedDomains().isEmpty()) {
            for (String line : lines(Path.of(files.blockedDomains()))) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    blockedDomains.add(line.strip().toLowerCase(Locale.ROOT));
                }
            }
        }
        blockedExtensions = files.blockedExtensions();
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.readAllLines(file);
    }

    Weighted stopWords(String language) {
        return stopWords.getOrDefault(language, NONE);
    }

    Weighted adult(String language) {
        return adult.getOrDefault(language, NONE);
    }

    /** Whether the host or a domain it belongs to is blocked, or the path has the ending of something else than a text. */
    boolean blocks(String host, String path) {
        String domain = host.toLowerCase(Locale.ROOT);
        while (!domain.isEmpty()) {
            if (blockedDomains.contains(domain)) {
                return true;
            }
            int dot = domain.indexOf('.');
            domain = dot < 0 ? "" : domain.substring(dot + 1);
        }
        String lower = path == null ? "" : path.toLowerCase(Locale.ROOT);
        return blockedExtensions.stream().anyMatch(lower::endsWith);
    }

    /** Words with weights, looked up by the hash that a {@link TextShape} has of its words. */
    static final class Weighted {

        private final Map<Long, Double> weights;
        private final LongTable words = new LongTable();

        private Weighted(Map<Long, Double> weights) {
            this.weights = weights;
            words.clear(weights.size());
            weights.keySet().forEach(words::add);
        }

        static Weighted of(List<String> lines, String where) {
            Map<Long, Double> weights = new HashMap<>();
            for (String line : lines) {
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                List<String> parts = SPACE.splitAsStream(line.strip()).toList();
                try {
                    weights.put(
                            TextShape.foldedHash(parts.getFirst()),
                            parts.size() > 1 ? Double.parseDouble(parts.get(1)) : 1);
                } catch (NumberFormatException e) {
                    throw new InvalidInputException(
                            where + ": line '" + line + "': expected a word, or a word and its weight", e);
                }
            }
            return new Weighted(weights);
        }

        int hits(TextShape shape) {
            int hits = 0;
            for (int i = 0; i < shape.words; i++) {
                if (shape.foldedHash[i] != 0 && words.contains(shape.foldedHash[i])) {
                    hits++;
                }
            }
            return hits;
        }

        double density(TextShape shape, int leastHits, int leastDistinct) {
            if (weights.isEmpty()) {
                return 0;
            }
            int hits = 0;
            double weight = 0;
            Set<Long> distinct = new HashSet<>();
            for (int i = 0; i < shape.words; i++) {
                if (shape.foldedHash[i] != 0 && words.contains(shape.foldedHash[i])) {
                    hits++;
                    distinct.add(shape.foldedHash[i]);
                    weight += weights.get(shape.foldedHash[i]);
                }
            }
            return hits < leastHits || distinct.size() < leastDistinct ? 0 : weight / shape.words;
        }
    }
}
