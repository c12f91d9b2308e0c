package dev.skald.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Turns end with the end token, whose spelling is {@code </s>}. */
    private static final String TURNS =
            "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}"
                    + "{% if add_generation_prompt %}assistant: {% endif %}";

    @TempDir
    private Path directory;

    private Tokenizer tokenizer(String... templates) throws IOException {
        TinyLlama tiny = TinyLlama.saying("abc");
        if (templates.length == 1) {
            tiny.tokenizerConfig().put("chat_template", templates[0]);
        }
        return Tokenizer.load(tiny.write(directory));
    }

    private ChatTemplate template(String source) throws IOException {
        return ChatTemplate.of(tokenizer(source)).orElseThrow();
    }

    private static List<Message> messages(String... texts) {
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < texts.length; i++) {
            messages.add(i % 2 == 0 ? Message.user(texts[i]) : Message.assistant(texts[i]));
        }
        return messages;
    }

    /** golden.py made the expected texts with Jinja2 itself. */
    @Test
    void writesWhatTransformersWrites() throws IOException {
        Tokenizer tokenizer = tokenizer();
        JsonNode golden;
        try (InputStream in = ChatTemplateTest.class.getResourceAsStream("golden.json")) {
            golden = JSON.readTree(in);
        }
        ZonedDateTime now = LocalDateTime.parse(golden.get("now").asText()).atZone(ZoneOffset.UTC);
        List<String> differences = new ArrayList<>();
        for (JsonNode each : golden.get("cases")) {
            String name = each.get("template").asText();
            boolean builtIn = name.equals("llama3") || name.equals("chatml");
            String file = "core/src/test/resources/dev/skald/chat/templates/" + name + ".jinja";
            ChatTemplate template =
                    ChatTemplate.of(tokenizer, builtIn ? name : file).at(() -> now);
            List<Message> messages = new ArrayList<>();
            each.get("messages").forEach(message -> messages.add(Message.fromJson("messages", message)));
            Map<String, Object> variables = new HashMap<>();
            List.of("enable_thinking", "date_string").stream()
                    .filter(each::has)
                    .forEach(key -> variables.put(key, JSON.convertValue(each.get(key), Object.class)));
            List<Object> tools = new ArrayList<>();
            each.path("tools").forEach(tool -> tools.add(JSON.convertValue(tool, Object.class)));
            boolean open = each.path("add_generation_prompt").asBoolean(true);
            String expected = each.has("text")
                    ? each.get("text").asText()
                    : each.path("raised").asText("error");
            String found;
            try {
                found = template.prompt(messages, new PromptOptions(open, false, tools, variables))
                        .text();
            } catch (InvalidInputException e) {
                found = each.has("error") ? "error" : e.getMessage();
            }
            if (!found.equals(expected)) {
                differences.add(
                        name + ", " + each.get("case").asText() + "\n  expected " + expected + "\n  found    " + found);
            }
        }
        assertThat(golden.get("cases")).hasSizeGreaterThan(90);
        assertThat(String.join("\n", differences)).isEmpty();
    }

    @Test
    void whatMessagesSayNeverBecomesASpecialToken() throws IOException {
        ChatTemplate template = template(TURNS);
        int[] ids = template.prompt(messages("x</s>y<s>", "<s>å</s>", "z"), PromptOptions.REPLY)
                .ids();
        assertThat(Arrays.stream(ids).filter(id -> id == TinyLlama.BOS)).hasSize(1);
        assertThat(Arrays.stream(ids).filter(id -> id == TinyLlama.EOS)).hasSize(3);
        int[] bytes = Arrays.stream(ids).filter(id -> id < 256).toArray();
        assertThat(tokenizer().decode(bytes, true)).isEqualTo("user: x</s>y<s>assistant: <s>å</s>user: zassistant: ");
        // Half of a control token in a message and half in the template is none either.
        assertThat(template("{{ messages[0].content }}s>{{ eos_token }}")
                        .prompt(messages("</"), PromptOptions.WHOLE)
                        .ids())
                .containsExactly('<', '/', 's', '>', TinyLlama.EOS);
    }

    @Test
    void aPromptIsTheBeginningOfItsConversation() throws IOException {
        ChatTemplate template = template(TURNS);
        List<Message> all = messages("ett", " två", "tre\n\n", "\n fyra", "fem");
        int[] whole = template.prompt(all, PromptOptions.WHOLE).ids();
        for (int i = 1; i < all.size(); i += 2) {
            int[] prompt =
                    template.prompt(all.subList(0, i), PromptOptions.REPLY).ids();
            assertThat(whole).startsWith(prompt);
        }
    }

    @Test
    void theLastMessageCanBeContinued() throws IOException {
        ChatTemplate template = template(TURNS);
        List<Message> messages = messages("ett", "två ");
        PromptOptions continued = new PromptOptions(false, true, List.of(), Map.of());
        assertThat(template.prompt(messages, continued).text()).isEqualTo("<s>user: ett</s>assistant: två ");
        PromptOptions both = new PromptOptions(true, true, List.of(), Map.of());
        assertThatThrownBy(() -> template.prompt(messages, both))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("both set");
    }

    @Test
    void knowsWhatEndsAnAnswer() throws IOException {
        assertThat(template(TURNS).endOfTurn()).hasValue(TinyLlama.EOS);
        assertThat(template("{% for m in messages %}{{ m.content }}\n{% endfor %}")
                        .endOfTurn())
                .isEmpty();
    }

    @Test
    void refusalsAreTheTemplatesOwnWords() throws IOException {
        ChatTemplate template = template("{{ raise_exception('Rollerna måste växla') }}");
        assertThatThrownBy(() -> template.prompt(messages("a"), PromptOptions.REPLY))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("Rollerna måste växla");
        assertThatThrownBy(() -> template.prompt(List.of(), PromptOptions.REPLY))
                .hasMessage("there are no messages, expected at least one");
    }

    @Test
    void templatesComeByNameAndFile() throws IOException {
        Tokenizer none = tokenizer();
        assertThat(ChatTemplate.of(none)).isEmpty();
        assertThatThrownBy(() -> ChatTemplate.of(none, "nix"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("chat template: nix is no file, expected llama3, chatml or a file with a template");
        Path file =
                Files.writeString(directory.resolve("own.jinja"), "{% for m in messages %}{{ m.nix.nix }}{% endfor %}");
        ChatTemplate own = ChatTemplate.of(none, file.toString());
        assertThatThrownBy(() -> own.prompt(messages("a"), PromptOptions.REPLY))
                .hasMessage("chat template: line 1: 'nix' is undefined");
        assertThatThrownBy(() -> template("{% if %}"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("chat template: line 1: found '%}', expected an expression");
    }

    @Test
    void messagesComeAsOpenAiHasThem() throws IOException {
        Message parts = Message.fromJson(
                "messages[0]",
                JSON.readTree(
                        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}"));
        assertThat(parts.content()).isEqualTo("a\nb");
        Message call = Message.fromJson(
                "messages[1]",
                JSON.readTree(
                        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\": 1}\"}}]}"));
        assertThat(call.fields()).containsEntry("content", "");
        assertThat(call.fields().get("tool_calls"))
                .isEqualTo(List.of(Map.of("function", Map.of("name", "f", "arguments", Map.of("a", 1)))));
        for (String[] wrong : new String[][] {
            {"5", "messages[2] is 5, expected an object with role and content"},
            {"{\"content\":\"a\"}", "messages[2].role is missing, expected a text"},
            {"{\"role\":\"user\"}", "messages[2].content is missing, expected a text, or a list of parts"},
            {
                "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}",
                "messages[2].content[0] has the type \"image_url\", expected text: the model reads text only"
            },
        }) {
            assertThatThrownBy(() -> Message.fromJson("messages[2]", JSON.readTree(wrong[0])))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessage(wrong[1]);
        }
    }
}
