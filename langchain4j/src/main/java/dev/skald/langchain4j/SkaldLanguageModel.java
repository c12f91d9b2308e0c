package dev.skald.langchain4j;

import dev.langchain4j.model.language.LanguageModel;
import dev.langchain4j.model.output.Response;
import dev.skald.generate.Generation;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;

/** Continues texts with a model in this JVM, which needs no chat template. Thread-safe. */
public final class SkaldLanguageModel implements LanguageModel {

    private final Generator generator;
    private final GenerationOptions options;

    /**
     * Continues texts in one way.
     *
     * @param generator stays the caller's to close
     */
    public SkaldLanguageModel(Generator generator, GenerationOptions options) {
        this.generator = generator;
        this.options = options;
    }

    @Override
    public Response<String> generate(String prompt) {
        Generation text = generator.generate(prompt, options);
        return Response.from(text.generatedText(), Requests.usage(text), Requests.reason(text));
    }
}
