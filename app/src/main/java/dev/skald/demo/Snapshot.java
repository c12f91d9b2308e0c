package dev.skald.demo;

import dev.skald.evaluate.Perplexity;
import dev.skald.generate.Generation;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import dev.skald.text.DocumentReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a model is like: how well it predicts the held-out texts, and how it continues the prompts.
 *
 * @param scores by language
 * @param continuations of {@link #PROMPTS}, in their order, without the prompts
 */
record Snapshot(Map<String, Perplexity.Result> scores, List<String> continuations) {

    /** The prompt of AI-Sweden-Models/Llama-3-8B's model card, its like in Danish, and a Norwegian one about the demo's subject. */
    static final List<String> PROMPTS = List.of(
            "Sommar och sol är det bästa jag vet", "Sommer og sol er det bedste, jeg ved", "Når klokka slår to slag,");

    private static final GenerationOptions OPTIONS = GenerationOptions.modelDefaults()
            .maxNewTokens(48)
            .temperature(0.6)
            .repetitionPenalty(1.1)
            .seed(1)
            .sample(true);

    static Snapshot of(Path model, Workspace workspace) throws IOException {
        try (Generator generator = Generator.load(model)) {
            Map<String, Perplexity.Result> scores = new LinkedHashMap<>();
            for (String language : Workspace.LANGUAGES) {
                Perplexity perplexity =
                        new Perplexity(generator, generator.config().max_position_embeddings());
                DocumentReader.readTexts(workspace.heldOut(language), perplexity::add, _ -> {});
                scores.put(language, perplexity.result());
            }
            List<String> continuations = PROMPTS.stream()
                    .map(prompt -> generator.generate(prompt, OPTIONS))
                    .map(Generation::generatedText)
                    .map(text -> text.replaceAll("\\s+", " ").strip())
                    .toList();
            return new Snapshot(scores, continuations);
        }
    }
}
