package dev.skald.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.TinyLlama;
import dev.skald.chat.Chat;
import dev.skald.chat.ChatTemplate;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A running server: one whose model says a text byte by byte, in chats too, and one of random weights. */
@Timeout(120)
class ServerTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Characters of one to four bytes, and no byte twice. */
    private static final String SAYS = "abcåxyz😀 Ⅷ.";

    /** An answer begins after the last a, where the model says b. */
    private static final String TEMPLATE =
            "{{ bos_token }}{% for m in messages %}{{ m.role[0] }}:{{ m.content }}{{ eos_token }}{% endfor %}"
                    + "{% if tools %}{{ tools | tojson }}{% endif %}{% if add_generation_prompt %}a{% endif %}";

    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @TempDir
    private static Path directory;

    private static final List<AutoCloseable> OPEN = new ArrayList<>();
    private static final List<Throwable> FAILURES = new CopyOnWriteArrayList<>();
    private static Server saying;
    private static Server random;
    private static Generator randomModel;

    @BeforeAll
    static void begin() throws IOException {
        TinyLlama says = TinyLlama.saying(SAYS);
        says.tokenizerConfig().put("chat_template", TEMPLATE);
        saying = serve(load(says.write(directory.resolve("saying")), 64, 1000), List.of());
        randomModel = load(TinyLlama.random(3).write(directory.resolve("random")), 2, 2);
        random = serve(randomModel, List.of("secret", "other"));
    }

    private static Generator load(Path model, int sequences, int waiting) throws IOException {
        Generator generator = Generator.load(model, Optional.empty(), "cpu", sequences, waiting);
        OPEN.add(generator);
        return generator;
    }

    private static Server serve(Generator generator, List<String> keys) {
        Server server = new Server("127.0.0.1", 0, keys, FAILURES::add);
        OPEN.addFirst(server);
        Optional<Chat> chat = ChatTemplate.of(generator.tokenizer()).map(template -> Chat.of(generator, template));
        server.serve(generator, chat, "tiny", OptionalInt.of(600));
        return server;
    }

    @AfterAll
    static void end() throws Exception {
        for (AutoCloseable each : OPEN) {
            each.close();
        }
        assertThat(FAILURES).isEmpty();
    }

    private static HttpResponse<String> send(Server server, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpRequest sent =
                (body == null ? request.GET() : request.POST(HttpRequest.BodyPublishers.ofString(body))).build();
        try {
            return CLIENT.send(sent, HttpResponse.BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode post(String path, String body) throws IOException {
        HttpResponse<String> response = send(saying, path, body.replace('\'', '"'));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body());
    }

    private static JsonNode complete(String body) throws IOException {
        return post("/v1/completions", body);
    }

    private static JsonNode chat(String body) throws IOException {
        return post("/v1/chat/completions", body);
    }

    /** The events of a stream, without the last. */
    private static List<JsonNode> stream(String path, String body) throws IOException {
        HttpResponse<String> response = send(saying, path, body.replace('\'', '"'));
        assertThat(response.headers().firstValue("content-type")).hasValue("text/event-stream; charset=utf-8");
        List<JsonNode> events = new ArrayList<>();
        String[] lines = response.body().split("\n\n", -1);
        assertThat(lines[lines.length - 2]).isEqualTo("data: [DONE]");
        for (int i = 0; i < lines.length - 2; i++) {
            assertThat(lines[i]).startsWith("data: {").doesNotContain("\n");
            events.add(JSON.readTree(lines[i].substring(6)));
        }
        return events;
    }

    private static List<String> texts(JsonNode answer) {
        return answer.get("choices").findValuesAsText("text");
    }

    @Test
    void promptsComeInFourForms() throws IOException {
        assertThat(texts(complete("{'prompt':'ab','max_tokens':1,'temperature':0}")))
                .containsExactly("c");
        assertThat(texts(complete("{'prompt':['ab','x'],'max_tokens':2,'temperature':0}")))
                .containsExactly("c\uFFFD", "yz");
        assertThat(texts(complete("{'prompt':[97,98],'max_tokens':1,'temperature':0}")))
                .containsExactly("c");
        JsonNode lists = complete("{'prompt':[[97],[98],[120]],'max_tokens':1,'temperature':0,'n':2}");
        assertThat(texts(lists)).containsExactly("b", "b", "c", "c", "y", "y");
        assertThat(IntStream.range(0, 6)
                        .map(i -> lists.at("/choices/" + i + "/index").asInt()))
                .containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(lists.at("/usage").toString())
                .isEqualTo("{\"prompt_tokens\":3,\"completion_tokens\":6,\"total_tokens\":9,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":0}}");
        assertThat(lists.get("object").asText()).isEqualTo("text_completion");
        assertThat(lists.get("id").asText()).startsWith("cmpl-");
    }

    /** What lm-evaluation-harness sends for log-likelihoods, and what it reads: prompt + 1 entries, the first of them null. */
    @Test
    void echoHasAnEntryForEachTokenAndOneMore() throws IOException {
        JsonNode answer =
                complete("{'model':'tiny','prompt':[[97,98,120],[97],[46,97,98,99]],'temperature':0,'max_tokens':1,"
                        + "'logprobs':1,'seed':1234,'echo':true}");
        int[] lengths = {3, 1, 4};
        for (int i = 0; i < 3; i++) {
            JsonNode logprobs = answer.at("/choices/" + i + "/logprobs");
            for (String array : List.of("tokens", "token_logprobs", "top_logprobs", "text_offset")) {
                assertThat(logprobs.get(array)).as(array).hasSize(lengths[i] + 1);
            }
            assertThat(logprobs.at("/token_logprobs/0").isNull()).isTrue();
            assertThat(logprobs.at("/top_logprobs/0").isNull()).isTrue();
        }
        JsonNode first = answer.at("/choices/0/logprobs");
        // The model says b after a, with a score of 10 against 257 of 0.
        float likely = (float) (10 - Math.log(Math.exp(10) + 257));
        float unlikely = (float) -Math.log(Math.exp(10) + 257);
        JsonNode greedy = first.at("/token_logprobs/1");
        JsonNode other = first.at("/token_logprobs/2");
        assertThat(greedy.floatValue()).isCloseTo(likely, within(1e-5f));
        assertThat(other.floatValue()).isCloseTo(unlikely, within(1e-5f));
        // The same number in both places, for clients compare them.
        assertThat(first.at("/top_logprobs/1").toString()).isEqualTo("{\"b\":" + greedy + "}");
        JsonNode second = first.at("/top_logprobs/2");
        assertThat(second.at("/x").toString()).isEqualTo(other.toString());
        assertThat(second.at("/c").floatValue()).isCloseTo(likely, within(1e-5f));
        assertThat(second).hasSize(2);
        assertThat(first.get("text_offset").toString()).isEqualTo("[0,1,2,3]");
        // '.' ends the text: the end token has an entry as well.
        assertThat(answer.at("/choices/2/text").asText()).isEqualTo(".abcå".substring(0, 4) + "\uFFFD");
        JsonNode ended = complete("{'prompt':[46],'temperature':0,'max_tokens':1,'logprobs':1,'echo':true}");
        assertThat(ended.at("/choices/0/logprobs/token_logprobs")).hasSize(2);
        assertThat(ended.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        JsonNode only = complete("{'prompt':'ab','max_tokens':0,'echo':true,'logprobs':true,'top_logprobs':8}");
        assertThat(texts(only)).containsExactly("ab");
        assertThat(only.at("/choices/0/logprobs/tokens")).hasSize(3);
        assertThat(only.at("/choices/0/logprobs/top_logprobs/1")).hasSizeBetween(8, 9);
    }

    @Test
    void aStreamIsTheWholeInPieces() throws IOException {
        for (String more :
                List.of("", ",'stop':['z😀','Q']", ",'stop':'Ⅷ.x'", ",'logprobs':2", ",'echo':true", ",'n':3")) {
            String body = "{'prompt':'a','max_tokens':40,'temperature':0" + more;
            JsonNode whole = complete(body + "}");
            List<JsonNode> events =
                    stream("/v1/completions", body + ",'stream':true,'stream_options':{'include_usage':true}}");
            int choices = whole.get("choices").size();
            for (int i = 0; i < choices; i++) {
                StringBuilder text = new StringBuilder();
                List<String> tokens = new ArrayList<>();
                String reason = "";
                for (JsonNode event : events) {
                    JsonNode choice = event.at("/choices/0");
                    if (choice.path("index").asInt(-1) == i) {
                        text.append(choice.get("text").asText());
                        choice.at("/logprobs/tokens").forEach(token -> tokens.add(token.asText()));
                        reason = choice.get("finish_reason").isNull()
                                ? reason
                                : choice.get("finish_reason").asText();
                    }
                }
                JsonNode choice = whole.at("/choices/" + i);
                assertThat(text).hasToString(choice.get("text").asText());
                assertThat(reason).isEqualTo(choice.get("finish_reason").asText());
                if (more.contains("logprobs")) {
                    assertThat(JSON.valueToTree(tokens).toString())
                            .isEqualTo(choice.at("/logprobs/tokens").toString());
                }
            }
            JsonNode last = events.getLast();
            assertThat(last.get("choices")).isEmpty();
            assertThat(last.at("/usage/completion_tokens")).isEqualTo(whole.at("/usage/completion_tokens"));
            assertThat(events.getFirst().get("usage").isNull()).isTrue();
        }
        JsonNode stopped = complete("{'prompt':'a','max_tokens':40,'temperature':0,'stop':['z😀','Q']}");
        assertThat(texts(stopped)).containsExactly("bcåxy");
        assertThat(stopped.at("/choices/0/stop_reason").asText()).isEqualTo("z😀");
        JsonNode included = complete(
                "{'prompt':'a','max_tokens':40,'temperature':0,'stop':['z😀'],'include_stop_str_in_output':true}");
        assertThat(texts(included)).containsExactly("bcåxyz😀");
        JsonNode byId = complete("{'prompt':'a','max_tokens':40,'temperature':0,'stop_token_ids':[99]}");
        assertThat(byId.at("/choices/0/stop_reason").asInt()).isEqualTo(99);
    }

    @Test
    void chatsAnswer() throws IOException {
        String messages =
                "'messages':[{'role':'system','content':'s'},{'role':'user','content':[{'type':'text','text':'hej</s>'}]}]";
        JsonNode answer = chat("{" + messages + ",'temperature':0}");
        assertThat(answer.get("object").asText()).isEqualTo("chat.completion");
        assertThat(answer.at("/choices/0/message").toString())
                .isEqualTo("{\"role\":\"assistant\",\"content\":\"" + SAYS.substring(1) + "\",\"refusal\":null}");
        assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        List<JsonNode> events = stream("/v1/chat/completions", "{" + messages + ",'temperature':0,'stream':true}");
        assertThat(events.getFirst().at("/choices/0/delta").toString())
                .isEqualTo("{\"role\":\"assistant\",\"content\":\"\"}");
        StringBuilder text = new StringBuilder();
        events.forEach(event -> text.append(event.at("/choices/0/delta/content").asText("")));
        assertThat(text).hasToString(SAYS.substring(1));
        assertThat(events.getLast().at("/choices/0/delta").toString()).isEqualTo("{}");
        assertThat(events.getLast().at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        assertThat(events.getLast().has("usage")).isFalse();
        assertThat(events.stream().map(event -> event.get("id").asText()).distinct())
                .hasSize(1);
        JsonNode scored =
                chat("{" + messages + ",'temperature':0,'max_completion_tokens':3,'max_tokens':9,'logprobs':true,"
                        + "'top_logprobs':2,'stop':[],'unknown':{'x':1}}");
        assertThat(scored.at("/choices/0/finish_reason").asText()).isEqualTo("length");
        assertThat(scored.at("/choices/0/logprobs/content")).hasSize(3);
        JsonNode third = scored.at("/choices/0/logprobs/content/2");
        assertThat(third.get("token").asText()).isEqualTo("bytes:\\xc3");
        assertThat(third.get("bytes").toString()).isEqualTo("[195]");
        assertThat(third.get("top_logprobs")).hasSize(2);
        JsonNode more = chat("{'messages':[{'role':'user','content':'x'},{'role':'assistant','content':'ab'}],"
                + "'add_generation_prompt':false,'continue_final_message':true,'temperature':0,'max_tokens':1}");
        assertThat(more.at("/choices/0/message/content").asText()).isEqualTo("c");
    }

    private static final String TOOLS =
            "'tools':[{'type':'function','function':{'name':'väder','parameters':{'type':'object',"
                    + "'properties':{'dag':{'type':'integer','enum':[1,2]}},'required':['dag'],'additionalProperties':false}}}]";

    @Test
    void answersHaveTheFormThatIsAskedFor() throws IOException {
        String messages = "'messages':[{'role':'user','content':'a'}]";
        String schema =
                "{'type':'object','properties':{'label':{'enum':['ja','nej']}},'required':['label'],'additionalProperties':false}";
        JsonNode answer = chat("{" + messages
                + ",'temperature':0,'response_format':{'type':'json_schema','json_schema':{'name':'x','schema':"
                + schema + "}}}");
        assertThat(JSON.readTree(answer.at("/choices/0/message/content").asText())
                        .get("label")
                        .asText())
                .isIn("ja", "nej");
        assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        JsonNode completion = complete("{'prompt':'a','max_tokens':50,'temperature':0,'guided_json':" + schema + "}");
        assertThat(JSON.readTree(texts(completion).getFirst()).get("label").asText())
                .isIn("ja", "nej");
        for (int seed = 0; seed < 5; seed++) {
            String object = chat("{" + messages + ",'seed':" + seed + ",'response_format':{'type':'json_object'},"
                            + "'logit_bias':{'125':12,'34':12,'93':12}}")
                    .at("/choices/0/message/content")
                    .asText();
            assertThat(JSON.readTree(object).isObject()).as(object).isTrue();
        }
        HttpResponse<String> refused = send(
                saying,
                "/v1/chat/completions",
                ("{" + messages
                                + ",'response_format':{'type':'json_schema','json_schema':{'schema':{'type':'integer','minimum':3}}}}")
                        .replace('\'', '"'));
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("the keyword minimum is not supported here");
    }

    @Test
    void toolsAreCalled() throws IOException {
        String body = "{'messages':[{'role':'user','content':'a'}]," + TOOLS + ",'temperature':0,'tool_choice':";
        for (String choice : List.of("'required'", "{'type':'function','function':{'name':'väder'}}")) {
            JsonNode answer = chat(body + choice + "}");
            JsonNode call = answer.at("/choices/0/message/tool_calls/0");
            assertThat(call.at("/function/name").asText()).isEqualTo("väder");
            assertThat(call.at("/function/arguments").isTextual()).isTrue();
            assertThat(JSON.readTree(call.at("/function/arguments").asText())
                            .get("dag")
                            .asInt())
                    .isIn(1, 2);
            assertThat(answer.at("/choices/0/message/content").isNull()).isTrue();
            assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("tool_calls");
        }
        List<JsonNode> events = stream("/v1/chat/completions", body + "'required','stream':true}");
        JsonNode delta = events.get(1).at("/choices/0/delta/tool_calls/0");
        assertThat(delta.get("index").asInt()).isZero();
        assertThat(delta.at("/function/name").asText()).isEqualTo("väder");
        assertThat(events.getLast().at("/choices/0/finish_reason").asText()).isEqualTo("tool_calls");
        JsonNode cut = chat(body + "'required','max_tokens':4}");
        assertThat(cut.at("/choices/0/finish_reason").asText()).isEqualTo("length");
        JsonNode free = chat(body + "'auto'}");
        assertThat(free.at("/choices/0/message/content").asText()).isEqualTo(SAYS.substring(1));
        assertThat(free.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        List<JsonNode> freeEvents = stream("/v1/chat/completions", body + "'auto','stream':true}");
        StringBuilder text = new StringBuilder();
        freeEvents.forEach(
                event -> text.append(event.at("/choices/0/delta/content").asText("")));
        assertThat(text).hasToString(SAYS.substring(1));
        assertThat(send(saying, "/v1/chat/completions", (body + "'nix'}").replace('\'', '"'))
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void whatMessagesSayIsNoControlToken() throws IOException {
        String messages = "{'messages':[{'role':'user','content':'a</s>b<s>'}]}";
        List<Integer> ids = new ArrayList<>();
        post("/tokenize", messages).get("tokens").forEach(id -> ids.add(id.asInt()));
        assertThat(ids.stream().filter(id -> id >= 256)).containsExactly(TinyLlama.BOS, TinyLlama.EOS);
        assertThat(post("/detokenize", "{'tokens':" + ids + "}").get("prompt").asText())
                .isEqualTo("<s>u:a</s>b<s></s>a");
        JsonNode tokens = post("/tokenize", "{'prompt':'å','add_special_tokens':false,'return_token_strs':true}");
        assertThat(tokens.get("tokens").toString()).isEqualTo("[195,165]");
        assertThat(tokens.get("token_strs").toString()).isEqualTo("[\"bytes:\\\\xc3\",\"bytes:\\\\xa5\"]");
        assertThat(tokens.get("max_model_len").asInt()).isEqualTo(600);
        JsonNode info = JSON.readTree(send(saying, "/tokenizer_info", null).body());
        assertThat(info.get("eos_token").asText()).isEqualTo("</s>");
        assertThat(info.get("chat_template").asText()).isEqualTo(TEMPLATE);
    }

    @Test
    void refusalsHaveOpenAisShape() throws IOException {
        String[][] wrong = {
            {"/v1/completions", "{", "400"},
            {"/v1/completions", "[]", "400"},
            {"/v1/completions", "{'max_tokens':1}", "400"},
            {"/v1/completions", "{'prompt':'a'} {}", "400"},
            {"/v1/completions", "{'prompt':[]}", "400"},
            {"/v1/completions", "{'prompt':[[]]}", "400"},
            {"/v1/completions", "{'prompt':[[1],'a']}", "400"},
            {"/v1/completions", "{'prompt':[1.5]}", "400"},
            {"/v1/completions", "{'prompt':[258]}", "400"},
            {"/v1/completions", "{'prompt':'a','max_tokens':-1}", "400"},
            {"/v1/completions", "{'prompt':'a','max_tokens':'8'}", "400"},
            {"/v1/completions", "{'prompt':'a','temperature':NaN}", "400"},
            {"/v1/completions", "{'prompt':'a','temperature':-1}", "400"},
            {"/v1/completions", "{'prompt':'a','n':0}", "400"},
            {"/v1/completions", "{'prompt':'a','n':1000000}", "400"},
            {"/v1/completions", "{'prompt':'a','stop':[1]}", "400"},
            {"/v1/completions", "{'prompt':'a','logit_bias':{'x':1}}", "400"},
            {"/v1/completions", "{'prompt':'a','best_of':3}", "400"},
            {"/v1/completions", "{'prompt':'a','stream_options':{}}", "400"},
            {"/v1/completions", "{'prompt':'" + "a".repeat(700) + "'}", "400"},
            {"/v1/completions", "{'prompt':'a','model':'gpt-4'}", "404"},
            {"/v1/completions", "{'prompt':" + "[".repeat(5000) + "}", "400"},
            {"/v1/chat/completions", "{'messages':[]}", "400"},
            {"/v1/chat/completions", "{'messages':[{'role':'user'}]}", "400"},
            {"/v1/chat/completions", "{'messages':[{'role':'user','content':'a'}],'top_logprobs':2}", "400"},
            {"/v1/chat/completions", "{'messages':[{'role':'user','content':'a'}],'tools':[{}]}", "400"},
            {"/v1/embeddings", "{'input':'a'}", "404"},
            {"/nix", "{}", "404"},
            {"/v1/models", "{}", "405"},
        };
        for (String[] each : wrong) {
            HttpResponse<String> response = send(saying, each[0], each[1].replace('\'', '"'));
            assertThat(response.statusCode()).as(each[1] + response.body()).isEqualTo(Integer.parseInt(each[2]));
            JsonNode error = JSON.readTree(response.body()).get("error");
            assertThat(error.properties().stream().map(entry -> entry.getKey()))
                    .containsExactly("message", "type", "param", "code");
        }
        String wide = send(saying, "/v1/completions", "{\"prompt\":\"" + "a".repeat(700) + "\"}")
                .body();
        assertThat(wide).contains("context_length_exceeded").contains("701 tokens");
        HttpResponse<String> notUtf8 = sendBytes("/v1/completions", new byte[] {'{', '"', (byte) 0xff, '"', '}'});
        assertThat(notUtf8.statusCode()).isEqualTo(400);
    }

    private static HttpResponse<String> sendBytes(String path, byte[] body) throws IOException {
        try {
            return CLIENT.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + saying.port() + path))
                            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void keysAreAskedFor() throws IOException {
        assertThat(send(random, "/v1/models", null).statusCode()).isEqualTo(401);
        assertThat(send(random, "/v1/models", null, "authorization", "Bearer secre")
                        .statusCode())
                .isEqualTo(401);
        assertThat(send(random, "/v1/models", null, "authorization", "Bearer secret")
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(random, "/v1/models/tiny", null, "authorization", "bearer other")
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(random, "/v1/models/nix", null, "authorization", "Bearer other")
                        .statusCode())
                .isEqualTo(404);
        assertThat(send(random, "/health", null).statusCode()).isEqualTo(200);
        assertThat(send(saying, "/v1/models", null, "authorization", "Bearer ").statusCode())
                .isEqualTo(200);
    }

    @Test
    void baseModelsAnswerNoMessages() {
        HttpResponse<String> response = send(
                random,
                "/v1/chat/completions",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
                "authorization",
                "Bearer secret");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("no chat template");
    }

    private static void write(Socket socket, String path, String body, String... headers) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String head = "POST " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n"
                + String.join("", headers) + "Content-Length: " + bytes.length + "\r\n\r\n";
        OutputStream out = socket.getOutputStream();
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        out.write(bytes);
        out.flush();
    }

    private static void awaitIdle() throws InterruptedException {
        for (int i = 0;
                i < 500
                        && randomModel.engine().state().active()
                                        + randomModel.engine().state().waiting()
                                > 0;
                i++) {
            Thread.sleep(10);
        }
        assertThat(randomModel.engine().state().active()).isZero();
        assertThat(randomModel.engine().state().waiting()).isZero();
    }

    /** Nothing is written to the client, who goes away: only that its connection ends tells that nobody waits. */
    @Test
    void whoGoesAwayIsNotWorkedFor() throws Exception {
        for (String stream : List.of("false", "true")) {
            long before = randomModel.engine().state().steps();
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), random.port())) {
                write(
                        socket,
                        "/v1/completions",
                        "{\"prompt\":\"a\",\"max_tokens\":580,\"ignore_eos\":true,\"temperature\":0,\"stream\":"
                                + stream + "}");
                while (randomModel.engine().state().steps() < before + 3) {
                    Thread.sleep(1);
                }
            }
            awaitIdle();
            assertThat(randomModel.engine().state().steps() - before).isLessThan(570);
        }
    }

    @Test
    void tooManyAreToldToComeAgain() throws Exception {
        String body = "{\"prompt\":\"a\",\"max_tokens\":590,\"ignore_eos\":true,\"temperature\":0}";
        List<CompletableFuture<HttpResponse<String>>> answers = IntStream.range(0, 24)
                .mapToObj(_ -> CLIENT.sendAsync(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + random.port() + "/v1/completions"))
                                .header("authorization", "Bearer secret")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString()))
                .toList();
        List<Integer> codes = new ArrayList<>();
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            HttpResponse<String> response = answer.get();
            codes.add(response.statusCode());
            if (response.statusCode() == 429) {
                assertThat(response.headers().firstValue("retry-after")).hasValue("1");
                assertThat(response.body()).contains("rate_limit_error");
            }
        }
        assertThat(codes).contains(200, 429).containsOnly(200, 429);
        awaitIdle();
    }

    @Test
    void connectionsAreKeptAndRequestsMayFollowEachOther() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), random.port())) {
            String body = "{\"prompt\":\"a\",\"max_tokens\":1}";
            write(socket, "/v1/completions", "{}");
            write(socket, "/v1/completions", body);
            write(socket, "/v1/completions", body, "Connection: close\r\n");
            String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answers.split("HTTP/1.1 400 ", -1)).hasSize(2);
            assertThat(answers.split("HTTP/1.1 200 ", -1)).hasSize(3);
            assertThat(answers.indexOf("400")).isLessThan(answers.indexOf("HTTP/1.1 200"));
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), random.port())) {
            socket.getOutputStream().write("nonsense\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 400");
        }
        HttpRequest options = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + random.port() + "/v1/completions"))
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .build();
        HttpResponse<String> allowed = CLIENT.send(options, HttpResponse.BodyHandlers.ofString());
        assertThat(allowed.statusCode()).isEqualTo(204);
        assertThat(allowed.headers().firstValue("access-control-allow-origin")).hasValue("*");
        HttpRequest head = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + saying.port() + "/v1/models"))
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build();
        assertThat(CLIENT.send(head, HttpResponse.BodyHandlers.ofString()).body())
                .isEmpty();
    }

    @Test
    void aBodyThatIsTooLargeIsRefused() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), random.port())) {
            OutputStream out = socket.getOutputStream();
            out.write("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            InputStream in = socket.getInputStream();
            assertThat(new String(in.readNBytes(12), StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 413");
        }
    }

    /** A byte now and then keeps no connection open. */
    @Test
    void whoTakesTooLongToAskIsCutOff() throws Exception {
        try (HttpListener listener = new HttpListener("127.0.0.1", 0, 1000, 1, _ -> {});
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.port())) {
            CompletableFuture<Integer> end = CompletableFuture.supplyAsync(() -> {
                try {
                    return socket.getInputStream().read();
                } catch (IOException e) {
                    return -1;
                }
            });
            for (int i = 0; i < 100 && !end.isDone(); i++) {
                try {
                    socket.getOutputStream().write("POST / HTTP/1.1\r\nContent-Length: 900\r\n".charAt(i % 30));
                } catch (IOException e) {
                    break;
                }
                Thread.sleep(100);
            }
            assertThat(end.get()).isEqualTo(-1);
        }
    }

    @Test
    void beforeThereIsAModelOnlyTheHealthIsTold() {
        try (Server server = new Server("127.0.0.1", 0, List.of(), FAILURES::add)) {
            assertThat(send(server, "/health", null).statusCode()).isEqualTo(503);
            HttpResponse<String> response = send(server, "/v1/models", null);
            assertThat(response.statusCode()).isEqualTo(503);
            assertThat(response.body()).contains("being loaded");
        }
    }

    @Test
    void metricsCount() throws IOException {
        complete("{'prompt':'a','max_tokens':2,'temperature':0}");
        String metrics = send(saying, "/metrics", null).body();
        assertThat(metrics)
                .contains("# TYPE vllm:num_requests_running gauge")
                .containsPattern("vllm:generation_tokens_total\\{model_name=\"tiny\"} [1-9]")
                .containsPattern("vllm:request_success_total\\{model_name=\"tiny\",finished_reason=\"length\"} [1-9]")
                .containsPattern("vllm:time_to_first_token_seconds_count\\{model_name=\"tiny\"} [1-9]");
    }

    /** Bytes of valid requests changed at random: none may be the server's fault, and it goes on. */
    @Test
    void whateverIsSentIsTheClientsFault() throws IOException {
        String[] seeds = {
            "{\"prompt\":\"ab\",\"max_tokens\":3,\"temperature\":0.5,\"top_p\":0.9,\"stop\":[\"x\"],\"logprobs\":2,\"echo\":true}",
            "{\"prompt\":[[97],[98,99]],\"max_tokens\":2,\"n\":2,\"logit_bias\":{\"97\":5},\"stream\":false,\"seed\":7}",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"max_tokens\":3,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}",
        };
        String alphabet = "{}[]\",:0123456789-.eEtrufalsn\\ \u0000\u00e5";
        Random chance = new Random(5);
        for (int i = 0; i < 2000; i++) {
            String path = i % 3 == 2 ? "/v1/chat/completions" : "/v1/completions";
            StringBuilder body = new StringBuilder(seeds[i % 3]);
            for (int change = chance.nextInt(4); change >= 0; change--) {
                int at = chance.nextInt(body.length());
                char c = alphabet.charAt(chance.nextInt(alphabet.length()));
                switch (chance.nextInt(3)) {
                    case 0 -> body.setCharAt(at, c);
                    case 1 -> body.insert(at, c);
                    default -> body.deleteCharAt(at);
                }
            }
            HttpResponse<String> response = send(saying, path, body.toString());
            assertThat(response.statusCode()).as(body + "\n" + response.body()).isBetween(200, 499);
        }
        assertThat(send(saying, "/health", null).statusCode()).isEqualTo(200);
    }
}
