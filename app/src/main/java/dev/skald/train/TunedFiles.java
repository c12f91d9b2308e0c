package dev.skald.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.base.AtomicFiles;
import dev.skald.base.StrictJson;
import dev.skald.model.LlamaConfig;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.tune.TunedTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The files that a tuned model has otherwise than its base model: its tokenizer's, with the chat template, and a generation_config.json that ends texts
 * at the tokens that were learned as ends. They lie in {@code tuned/} of the output directory, and every checkpoint has a copy.
 */
final class TunedFiles {

    private static final String FOLDER = "tuned";
    private static final String GENERATION = "generation_config.json";
    private static final ObjectMapper JSON = StrictJson.mapper();

    private TunedFiles() {}

    /** The tuned model: with the tokens that are added, and the ends that are learned beside those that it had. */
    static LlamaConfig model(TrainerConfig config, LlamaConfig base, Tokenizer tokenizer) {
        List<Integer> ends = Stream.concat(
                        config.tuning().terminators(tokenizer).stream(), base.eos_token_ids().stream())
                .distinct()
                .toList();
        return base.withVocabSize(Math.max(base.vocab_size(), tokenizer.vocabSize()))
                .withEosTokens(ends);
    }

    /** Writes the files into the output directory. */
    static void write(Path outputDir, Path base, LlamaConfig model, TunedTokenizer tokenizer) throws IOException {
        Path folder = Files.createDirectories(outputDir.resolve(FOLDER));
        for (Map.Entry<String, byte[]> each : tokenizer.files().entrySet()) {
            AtomicFiles.write(folder.resolve(each.getKey()), each.getValue());
        }
        Path before = base.resolve(GENERATION);
        ObjectNode generation =
                Files.exists(before) ? (ObjectNode) JSON.readTree(before.toFile()) : JSON.createObjectNode();
        model.bos_token_id().ifPresent(id -> generation.put("bos_token_id", id));
        Set<Integer> all = new LinkedHashSet<>(model.eos_token_ids());
        JsonNode stated = generation.path("eos_token_id");
        if (stated.isInt()) {
            all.add(stated.intValue());
        }
        stated.forEach(each -> all.add(each.intValue()));
        List<Integer> ends = new ArrayList<>(all);
        if (ends.size() == 1) {
            generation.put("eos_token_id", ends.getFirst());
        } else {
            ends.forEach(generation.putArray("eos_token_id")::add);
        }
        AtomicFiles.write(folder.resolve(GENERATION), generation.toPrettyString() + "\n");
    }

    /** The files of an output directory, by name; none where nothing is tuned. */
    static Map<String, Path> in(Path outputDir) throws IOException {
        Path folder = outputDir.resolve(FOLDER);
        Map<String, Path> files = new LinkedHashMap<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> entries = Files.list(folder)) {
                entries.filter(each -> !each.getFileName().toString().startsWith("."))
                        .sorted()
                        .forEach(each -> files.put(each.getFileName().toString(), each));
            }
        }
        return files;
    }
}
