package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.text.DocumentReader;
import dev.skald.text.Fields;
import dev.skald.text.ReadOptions;
import dev.skald.text.TextDocument;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * What the tasks in one JVM share: the plan, and what is costly to make from it, made when first asked for. It is broadcast, so that there is
 * one in each JVM. Thread-safe.
 */
final class TaskResources implements Serializable {

    private static final long serialVersionUID = 1L;

    private final Plan plan;
    private transient volatile WordLists wordLists;
    private transient volatile EvaluationGrams evaluation;
    private transient volatile Tokenizer tokenizer;

    TaskResources(Plan plan) {
        this.plan = plan;
    }

    Plan plan() {
        return plan;
    }

    Recipe recipe() {
        return plan.recipe();
    }

    synchronized WordLists wordLists() throws IOException {
        if (wordLists == null) {
            wordLists = new WordLists(recipe().wordLists());
        }
        return wordLists;
    }

    synchronized Tokenizer tokenizer() throws IOException {
        if (tokenizer == null) {
            tokenizer = Tokenizer.load(Path.of(recipe().tokenizer()));
        }
        return tokenizer;
    }

    synchronized EvaluationGrams evaluation() throws IOException {
        if (evaluation == null) {
            evaluation = readEvaluation();
        }
        return evaluation;
    }

    private EvaluationGrams readEvaluation() throws IOException {
        Recipe.Decontaminate settings = recipe().decontaminate();
        TextShape shape = new TextShape();
        LongStream.Builder grams = LongStream.builder();
        ReadOptions options = recipe().read().options(Fields.text(settings.text()), false, flaw -> {});
        for (String pattern : settings.paths()) {
            for (Path file : InputFiles.find(recipe(), pattern)) {
                InputFormat format = InputFormat.of(file)
                        .orElseThrow(() -> new InvalidInputException(
                                "recipe: decontaminate.paths: " + file + ": the name does not tell the format"));
                try (DocumentReader reader = format.open(file, 0, Long.MAX_VALUE, options)) {
                    for (TextDocument document = reader.next(); document != null; document = reader.next()) {
                        shape.read(TextNormalizer.normalize(document.text()));
                        Arrays.stream(EvaluationGrams.of(shape, settings.ngram()))
                                .forEach(grams::add);
                    }
                }
            }
        }
        return new EvaluationGrams(settings.ngram(), grams.build().toArray());
    }
}
