package dev.skald.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import dev.skald.model.AdapterConfig;
import dev.skald.model.AdapterParameters;
import dev.skald.model.BaseWeights;
import dev.skald.model.LlamaCheckpoint;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several adapters over one base model, chosen by the request. */
class ServedAdaptersTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> PROMPTS = List.of("ab", "hello", "x");

    @TempDir
    private Path directory;

    private final HttpClient client = HttpClient.newHttpClient();
    private List<Generator> generators;
    private Server server;

    @BeforeEach
    void begin() throws IOException {
        Natives.load();
        Path base = TinyLlama.random(3).write(directory.resolve("base"));
        adapter(base, "one", 1);
        adapter(base, "two", 2);
        generators = Generator.load(
                base,
                Optional.empty(),
                List.of(directory.resolve("one"), directory.resolve("two")),
                Optional.empty(),
                "cpu",
                8,
                100);
        server = new Server("127.0.0.1", 0, List.of(), Throwable::printStackTrace);
        server.serve(
                List.of(
                        new Server.Named("base", generators.get(0), Optional.empty(), Optional.empty()),
                        new Server.Named("one", generators.get(1), Optional.empty(), Optional.of("base")),
                        new Server.Named("two", generators.get(2), Optional.empty(), Optional.of("base"))),
                OptionalInt.empty());
    }

    private void adapter(Path base, String name, long seed) throws IOException {
        AdapterConfig config = new AdapterConfig(
                4,
                8,
                0,
                AdapterConfig.LINEAR,
                Optional.empty(),
                List.of(),
                List.of(),
                Map.of(),
                Map.of(),
                false,
                List.of(),
                null);
        Path files = Files.createDirectory(directory.resolve(name));
        try (PointerScope _ = new PointerScope();
                LlamaCheckpoint checkpoint = LlamaCheckpoint.open(base, Optional.empty(), DeviceType.CPU);
                AdapterParameters adapter = new AdapterParameters(
                        checkpoint.config(), config, new BaseWeights(checkpoint), DType.F32, DeviceType.CPU)) {
            torch.manual_seed(seed);
            adapter.flat().normal_(0, 0.3, new org.bytedeco.pytorch.GeneratorOptional());
            adapter.write(files, adapter::view, Optional.empty());
        }
    }

    @AfterEach
    void end() {
        server.close();
        generators.reversed().forEach(Generator::close);
    }

    private HttpRequest request(String path, String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
        return body == null
                ? request.build()
                : request.POST(HttpRequest.BodyPublishers.ofString(body)).build();
    }

    private JsonNode get(String path) throws Exception {
        return JSON.readTree(client.send(request(path, null), HttpResponse.BodyHandlers.ofString())
                .body());
    }

    private static String body(String model, String prompt) {
        return JSON.createObjectNode()
                .put("model", model)
                .put("prompt", prompt)
                .put("max_tokens", 24)
                .put("temperature", 0)
                .toString();
    }

    /** Asked for all at once, each says what it says when it is loaded alone. */
    @Test
    void eachAnswersAsItDoesAlone() throws Exception {
        Map<String, CompletableFuture<HttpResponse<String>>> answers = new LinkedHashMap<>();
        for (String prompt : PROMPTS) {
            for (String model : List.of("base", "one", "two")) {
                answers.put(
                        model + " " + prompt,
                        client.sendAsync(
                                request("/v1/completions", body(model, prompt)), HttpResponse.BodyHandlers.ofString()));
            }
        }
        List<String> texts = new ArrayList<>();
        for (String model : List.of("base", "one", "two")) {
            Optional<Path> adapter = model.equals("base") ? Optional.empty() : Optional.of(directory.resolve(model));
            try (Generator alone = Generator.load(directory.resolve("base"), adapter, Optional.empty(), "cpu")) {
                for (String prompt : PROMPTS) {
                    JsonNode answer = JSON.readTree(
                            answers.get(model + " " + prompt).get().body());
                    assertThat(answer.get("model").textValue()).isEqualTo(model);
                    String text = answer.at("/choices/0/text").textValue();
                    GenerationOptions greedy =
                            GenerationOptions.modelDefaults().sample(false).maxNewTokens(24);
                    assertThat(text)
                            .as("%s of %s", prompt, model)
                            .isEqualTo(alone.generate(prompt, greedy).generatedText());
                    texts.add(text);
                }
            }
        }
        assertThat(texts).doesNotHaveDuplicates();
    }

    @Test
    void theyAreListed() throws Exception {
        assertThat(get("/v1/models").get("data"))
                .extracting(each ->
                        each.get("id").textValue() + " " + each.get("parent").textValue())
                .containsExactly("base null", "one base", "two base");
        assertThat(get("/v1/models/two").get("parent").textValue()).isEqualTo("base");
        HttpResponse<String> unknown =
                client.send(request("/v1/completions", body("three", "x")), HttpResponse.BodyHandlers.ofString());
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(JSON.readTree(unknown.body()).get("error").get("message").textValue())
                .isEqualTo("the model three is not served here; expected base or one or two");
        HttpResponse<String> unnamed = client.send(
                request("/v1/completions", "{\"prompt\": \"x\", \"max_tokens\": 1}"),
                HttpResponse.BodyHandlers.ofString());
        assertThat(JSON.readTree(unnamed.body()).get("model").textValue()).isEqualTo("base");
    }

    /** One block of lines for each metric, in it a line for each model. */
    @Test
    void metricsAreThoseOfEach() throws Exception {
        String text = client.send(request("/metrics", null), HttpResponse.BodyHandlers.ofString())
                .body();
        assertThat(text.lines().filter(line -> line.startsWith("# TYPE"))).doesNotHaveDuplicates();
        assertThat(text.lines().filter(line -> line.startsWith("vllm:num_requests_running")))
                .containsExactly(
                        "vllm:num_requests_running{model_name=\"base\"} 0.0",
                        "vllm:num_requests_running{model_name=\"one\"} 0.0",
                        "vllm:num_requests_running{model_name=\"two\"} 0.0");
        Server other = new Server("127.0.0.1", 0, List.of(), Throwable::printStackTrace);
        Server.Named same = new Server.Named("base", generators.get(0), Optional.empty(), Optional.empty());
        assertThatThrownBy(() -> other.serve(List.of(same, same), OptionalInt.empty()))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("two models are called base");
        other.close();
    }
}
