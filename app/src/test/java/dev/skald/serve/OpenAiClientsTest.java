package dev.skald.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiLanguageModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.skald.TinyLlama;
import dev.skald.chat.Chat;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that others wrote, against a running server. */
@Timeout(120)
class OpenAiClientsTest {

    private static final String SAYS = "bcåxyz😀 Ⅷ.";
    private static final Path SCRIPTS = Path.of("app/src/test/js");

    @TempDir
    private static Path directory;

    private static final List<Throwable> FAILURES = new CopyOnWriteArrayList<>();
    private static Generator generator;
    private static Server server;
    private static String address;

    @BeforeAll
    static void begin() throws IOException {
        TinyLlama says = TinyLlama.saying("a" + SAYS);
        says.tokenizerConfig()
                .put(
                        "chat_template",
                        "{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}{{ m.role }}:{{ m.content }}{{ eos_token }}{% endfor %}a");
        generator = Generator.load(says.write(directory));
        server = new Server("127.0.0.1", 0, List.of("secret"), FAILURES::add);
        server.serve(generator, Optional.of(Chat.of(generator)), "tiny", OptionalInt.empty());
        address = "http://127.0.0.1:" + server.port() + "/v1";
    }

    @AfterAll
    static void end() {
        server.close();
        generator.close();
        assertThat(FAILURES).isEmpty();
    }

    @Test
    void openAisOwnClient() throws Exception {
        if (!Files.exists(SCRIPTS.resolve("node_modules/openai"))) {
            run(List.of("npm", "ci", "--no-audit", "--no-fund", "--prefix", SCRIPTS.toString()));
        }
        String said = run(List.of("node", SCRIPTS.resolve("openai-client.mjs").toString(), address));
        assertThat(said.lines()).hasSize(10);
    }

    /** What a command says; it has to end well. */
    private static String run(List<String> command) throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(90, TimeUnit.SECONDS);
        process.destroyForcibly();
        String said = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(ended).as(command + ":\n" + said).isTrue();
        assertThat(process.exitValue()).as(command + ":\n" + said).isZero();
        return said;
    }

    @Test
    void langChain4jsOpenAiModule() throws Exception {
        OpenAiChatModel chat = OpenAiChatModel.builder()
                .baseUrl(address)
                .apiKey("secret")
                .modelName("tiny")
                .temperature(0.0)
                .build();
        assertThat(chat.chat("hej")).isEqualTo(SAYS);
        OpenAiStreamingChatModel streaming = OpenAiStreamingChatModel.builder()
                .baseUrl(address)
                .apiKey("secret")
                .modelName("tiny")
                .temperature(0.0)
                .build();
        StringBuilder pieces = new StringBuilder();
        CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
        streaming.chat(List.of(UserMessage.from("hej")), new StreamingChatResponseHandler() {
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
        assertThat(whole.get(60, TimeUnit.SECONDS).aiMessage().text()).isEqualTo(SAYS);
        assertThat(pieces).hasToString(SAYS);
        assertThat(whole.get().tokenUsage().outputTokenCount()).isPositive();
        OpenAiLanguageModel texts = OpenAiLanguageModel.builder()
                .baseUrl(address)
                .apiKey("secret")
                .modelName("tiny")
                .temperature(0.0)
                .build();
        assertThat(texts.generate("a").content()).isEqualTo(SAYS);
    }
}
