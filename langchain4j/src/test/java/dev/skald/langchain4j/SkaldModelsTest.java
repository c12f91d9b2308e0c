package dev.skald.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonEnumSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.Response;
import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.chat.Chat;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import dev.skald.nano.SkaldNano;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SkaldModelsTest {

    private static final ToolSpecification TOOL = ToolSpecification.builder()
            .name("väder")
            .description("Vädret på en ort.")
            .parameters(JsonObjectSchema.builder()
                    .addProperty(
                            "ort",
                            JsonEnumSchema.builder().enumValues("Umeå", "Oslo").build())
                    .required("ort")
                    .build())
            .build();

    @TempDir
    private static Path directory;

    private static Generator generator;
    private static Chat chat;

    /** Says bcåxyz to everything. */
    @BeforeAll
    static void load() throws IOException {
        TinyLlama tiny = TinyLlama.saying("abcåxyz");
        tiny.tokenizerConfig()
                .put(
                        "chat_template",
                        "{{ bos_token }}{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}{{ m.role }}:{{ m.content }}"
                                + "{{ m.tool_calls | default([]) | tojson }}{{ eos_token }}{% endfor %}a");
        generator = Generator.load(tiny.write(directory));
        chat = Chat.of(generator);
    }

    @AfterAll
    static void close() {
        generator.close();
    }

    @Test
    void answers() {
        ChatResponse answer = new SkaldChatModel(chat)
                .chat(ChatRequest.builder()
                        .messages(SystemMessage.from("s"), UserMessage.from("hej"))
                        .temperature(0.0)
                        .stopSequences(List.of("yz"))
                        .build());
        assertThat(answer.aiMessage().text()).isEqualTo("bcåx");
        assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(answer.tokenUsage().outputTokenCount()).isPositive();
        ChatResponse cut = new SkaldChatModel(chat)
                .chat(ChatRequest.builder()
                        .messages(UserMessage.from("hej"))
                        .temperature(0.0)
                        .maxOutputTokens(2)
                        .build());
        assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(cut.tokenUsage().outputTokenCount()).isEqualTo(2);
        assertThatThrownBy(() ->
                        new SkaldChatModel(chat).chat(UserMessage.from(ImageContent.from("http://127.0.0.1/bild.png"))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("text only");
    }

    @Test
    void streams() throws Exception {
        StringBuilder pieces = new StringBuilder();
        CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
        new SkaldStreamingChatModel(chat)
                .chat(
                        ChatRequest.builder()
                                .messages(UserMessage.from("hej"))
                                .temperature(0.0)
                                .build(),
                        new StreamingChatResponseHandler() {
                            @Override
                            public void onPartialResponse(String text) {
                                pieces.append(text);
                            }

                            @Override
                            public void onCompleteResponse(ChatResponse response) {
                                whole.complete(response);
                            }

                            @Override
                            public void onError(Throwable error) {
                                whole.completeExceptionally(error);
                            }
                        });
        assertThat(whole.get().aiMessage().text()).isEqualTo("bcåxyz");
        assertThat(pieces).hasToString("bcåxyz");
    }

    @Test
    void callsToolsAndReadsTheirResults() {
        ChatResponse answer = new SkaldChatModel(chat)
                .chat(ChatRequest.builder()
                        .messages(UserMessage.from("hej"))
                        .toolSpecifications(TOOL)
                        .toolChoice(ToolChoice.REQUIRED)
                        .temperature(0.0)
                        .build());
        assertThat(answer.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
        ToolExecutionRequest call = answer.aiMessage().toolExecutionRequests().getFirst();
        assertThat(call.name()).isEqualTo("väder");
        assertThat(call.arguments()).isIn("{\"ort\":\"Umeå\"}", "{\"ort\":\"Oslo\"}");
        ChatResponse next = new SkaldChatModel(chat)
                .chat(ChatRequest.builder()
                        .messages(
                                UserMessage.from("hej"),
                                AiMessage.from(call),
                                ToolExecutionResultMessage.from(call, "-12"))
                        .toolSpecifications(TOOL)
                        .temperature(0.0)
                        .build());
        assertThat(next.aiMessage().text()).isEqualTo("bcåxyz");
    }

    @Test
    void answersInJson() {
        ChatResponse answer = new SkaldChatModel(chat)
                .chat(ChatRequest.builder()
                        .messages(UserMessage.from("hej"))
                        .temperature(0.0)
                        .responseFormat(ResponseFormat.builder()
                                .type(ResponseFormatType.JSON)
                                .jsonSchema(JsonSchema.builder()
                                        .name("ort")
                                        .rootElement(TOOL.parameters())
                                        .build())
                                .build())
                        .build());
        assertThat(answer.aiMessage().text().replace(" ", "")).isIn("{\"ort\":\"Umeå\"}", "{\"ort\":\"Oslo\"}");
    }

    @Test
    void continuesAndCounts() {
        Response<String> text = new SkaldLanguageModel(
                        generator, GenerationOptions.modelDefaults().maxNewTokens(3))
                .generate("ab");
        assertThat(text.content()).isEqualTo("cå");
        assertThat(text.tokenUsage().inputTokenCount()).isEqualTo(3);
        SkaldTokenCountEstimator counter = new SkaldTokenCountEstimator(generator.tokenizer(), chat);
        assertThat(counter.estimateTokenCountInText("hej")).isEqualTo(3);
        // Begin, user:hej[], end, a.
        assertThat(counter.estimateTokenCountInMessage(UserMessage.from("hej")))
                .isEqualTo(1 + "user:hej[]".length() + 1 + 1);
        assertThat(counter.estimateTokenCountInMessages(List.of())).isZero();
    }

    @Test
    void theSampleRuns() throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            Class<?> sample = Class.forName("example.Conversation");
            sample.getMethod("main", String[].class).invoke(null, (Object)
                    new String[] {SkaldNano.directory().toString(), "Vad heter Norges huvudstad?"});
        } finally {
            System.setOut(before);
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("inputTokenCount = ");
    }
}
