package dev.skald.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.base.StrictJson;
import dev.skald.chat.ChatTemplate;
import dev.skald.chat.Message;
import dev.skald.chat.PromptOptions;
import dev.skald.generate.FinishReason;
import dev.skald.generate.Generation;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a model answers to the held-out questions.
 *
 * @param all in the order of the file
 */
record Answers(List<Answer> all) {

    private static final ObjectMapper JSON = StrictJson.mapper();

    private static final GenerationOptions OPTIONS =
            GenerationOptions.modelDefaults().maxNewTokens(24).sample(false);

    /**
     * One of them.
     *
     * @param expected the answer of the file
     * @param given up to the token that ends it, or as far as it was looked at
     * @param ended whether the model ended it
     */
    record Answer(String question, String expected, String given, boolean ended) {

        boolean right() {
            return ended && given.strip().equals(expected);
        }
    }

    /** Asks a model by a template. */
    static Answers of(Generator generator, ChatTemplate template, Path questions) throws IOException {
        List<Answer> answers = new ArrayList<>();
        for (String line : Files.readAllLines(questions)) {
            JsonNode messages = JSON.readTree(line).path("messages");
            if (messages.size() == 2) {
                answers.add(answer(
                        generator,
                        template,
                        messages.get(0).path("content").asText(),
                        messages.get(1).path("content").asText()));
            }
        }
        return new Answers(answers);
    }

    private static Answer answer(Generator generator, ChatTemplate template, String question, String expected) {
        int[] prompt = template.prompt(List.of(Message.user(question)), PromptOptions.REPLY)
                .ids();
        Generation said = generator.generate(prompt, OPTIONS, (_, _) -> {}).getFirst();
        boolean ended = said.finishReason() == FinishReason.EOS;
        return new Answer(
                question, expected, said.generatedText().replaceAll("\\s+", " ").strip(), ended);
    }

    long right() {
        return all.stream().filter(Answer::right).count();
    }

    long ended() {
        return all.stream().filter(Answer::ended).count();
    }
}
