package dev.skald.springai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.TinyLlama;
import dev.skald.chat.Chat;
import dev.skald.generate.Generator;
import dev.skald.nano.SkaldNano;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class SkaldChatModelTest {

    private static final ChatOptions GREEDY =
            ChatOptions.builder().temperature(0.0).build();

    @TempDir
    private static Path directory;

    private static Path model;

    /** Says bcåxyz to everything. */
    @BeforeAll
    static void write() {
        TinyLlama tiny = TinyLlama.saying("abcåxyz");
        tiny.tokenizerConfig()
                .put(
                        "chat_template",
                        "{% for m in messages %}{{ m.role }}:{{ m.content }}{{ eos_token }}{% endfor %}a");
        model = tiny.write(directory);
    }

    @Test
    void answersAndStreams() throws IOException {
        try (Generator generator = Generator.load(model)) {
            ChatModel chat = new SkaldChatModel(Chat.of(generator), GREEDY);
            ChatResponse answer = chat.call(new Prompt(List.of(new SystemMessage("s"), new UserMessage("hej"))));
            assertThat(answer.getResult().getOutput().getText()).isEqualTo("bcåxyz");
            assertThat(answer.getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
            assertThat(answer.getMetadata().getUsage().getCompletionTokens()).isEqualTo(8);
            ChatResponse cut = chat.call(new Prompt(
                    "hej",
                    ChatOptions.builder()
                            .maxTokens(2)
                            .stopSequences(List.of("q"))
                            .build()));
            assertThat(cut.getResult().getMetadata().getFinishReason()).isEqualTo("LENGTH");
            List<ChatResponse> parts =
                    chat.stream(new Prompt("hej")).collectList().block();
            assertThat(parts.stream()
                            .map(part -> part.getResult().getOutput().getText())
                            .collect(Collectors.joining()))
                    .isEqualTo("bcåxyz");
            assertThat(parts.size()).isGreaterThan(3);
            assertThat(parts.getLast().getMetadata().getUsage().getCompletionTokens())
                    .isEqualTo(8);
            ToolResponseMessage result = ToolResponseMessage.builder()
                    .responses(List.of(new ToolResponseMessage.ToolResponse("1", "f", "3")))
                    .build();
            AssistantMessage call = AssistantMessage.builder()
                    .content("")
                    .toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", "f", "{}")))
                    .build();
            assertThat(chat.call(new Prompt(List.of(new UserMessage("hej"), call, result)))
                            .getResult()
                            .getOutput()
                            .getText())
                    .isEqualTo("bcåxyz");
        }
    }

    @Test
    void bootConfiguresIt() {
        ApplicationContextRunner runner =
                new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(SkaldAutoConfiguration.class));
        runner.run(
                context -> assertThat(context.getBeansOfType(ChatModel.class)).isEmpty());
        runner.withPropertyValues("skald.model=" + model, "skald.parallel=2")
                .run(context -> assertThat(context.getBean(ChatModel.class)
                                .call(new Prompt("hej", GREEDY))
                                .getResult()
                                .getOutput()
                                .getText())
                        .isEqualTo("bcåxyz"));
        runner.withPropertyValues("skald.model=" + model.resolve("nix"))
                .run(context -> assertThat(context.getStartupFailure()).hasStackTraceContaining("nix"));
    }

    @Test
    void theSampleRuns() throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            Class.forName("example.Answering").getMethod("main", String[].class).invoke(null, (Object) new String[] {
                "--skald.model=" + SkaldNano.directory(), "--skald.chat-template=chatml", "Vad heter Norges huvudstad?"
            });
        } finally {
            System.setOut(before);
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).isNotBlank();
    }
}
