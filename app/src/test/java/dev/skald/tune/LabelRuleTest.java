package dev.skald.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.config.Binder;
import dev.skald.config.ConfigFile;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.train.ByteTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelRuleTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int EOT = 260;

    @TempDir
    private Path directory;

    private Tokenizer tokenizer(List<String> special, String eos) throws IOException {
        return ByteTokenizer.write(directory.resolve("tokenizer"), special, "<|begin_of_text|>", eos);
    }

    private static <T extends Record> T bind(JsonNode keys, Class<T> type) throws IOException {
        return new Binder(ConfigFile.parseYaml("test.yaml", JSON.writeValueAsString(keys))).bind(type);
    }

    /** labels_golden.py has Axolotl's rule, written down by itself. */
    @Test
    void labelsAreAxolotls() throws IOException {
        JsonNode golden;
        try (InputStream in = LabelRuleTest.class.getResourceAsStream("labels_golden.json")) {
            golden = JSON.readTree(in);
        }
        List<String> special = new ArrayList<>();
        golden.get("special").forEach(each -> special.add(each.asText()));
        List<String> different = new ArrayList<>();
        for (JsonNode each : golden.get("cases")) {
            Example found = example(special, golden.get("thinking").asText(), each);
            String ids = Arrays.toString(found.ids());
            String labels = Arrays.toString(found.labels());
            if (!ids.equals(Arrays.toString(numbers(each.get("ids"))))
                    || !labels.equals(Arrays.toString(numbers(each.get("labels"))))) {
                different.add(each.get("name").asText() + "\n  ids " + ids + "\n  labels " + labels + "\n  golden "
                        + each.get("ids") + "\n  golden " + each.get("labels"));
            }
        }
        assertThat(golden.get("cases")).hasSize(70);
        assertThat(String.join("\n", different)).isEmpty();
    }

    private Example example(List<String> special, String thinking, JsonNode golden) throws IOException {
        ObjectNode keys = golden.get("keys").deepCopy();
        ObjectNode top = JSON.createObjectNode();
        String template = keys.remove("template").asText();
        if (template.equals("thinking")) {
            top.put("chat_template_jinja", thinking);
        } else {
            top.put("chat_template", template);
        }
        Tokenizer tokenizer = tokenizer(special, keys.remove("eos").asText());
        if (keys.has("eot")) {
            top.set("eot_tokens", keys.remove("eot"));
        }
        if (keys.has("train_on_inputs")) {
            top.set("train_on_inputs", keys.remove("train_on_inputs"));
        }
        ConversationKeys bound = bind(keys, ConversationKeys.class);
        return new Formats(bind(top, TuningConfig.class), tokenizer, 4096)
                .conversations(bound)
                .examples((ObjectNode) golden.get("row"))
                .getFirst();
    }

    private static int[] numbers(JsonNode list) {
        int[] numbers = new int[list.size()];
        Arrays.setAll(numbers, i -> list.get(i).intValue());
        return numbers;
    }

    private ConversationRows rows(String top, String keys) throws IOException {
        List<String> special = List.of(
                "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>");
        return new Formats(bind(JSON.readTree(top), TuningConfig.class), tokenizer(special, "<|eot_id|>"), 4096)
                .conversations(bind(JSON.readTree(keys), ConversationKeys.class));
    }

    private static Example only(ConversationRows rows, String row) throws IOException {
        return rows.examples((ObjectNode) JSON.readTree(row)).getFirst();
    }

    private static final String LLAMA3 = "{\"chat_template\": \"llama3\"}";

    /** Unlike Axolotl's, whose dummy begins and ends so. */
    @Test
    void bracketsAroundAnAnswerAreLearned() throws IOException {
        Example example = only(rows(LLAMA3, "{}"), """
                {"messages": [{"role": "user", "content": "U"}, {"role": "assistant", "content": "[[A]]"}]}""");
        assertThat(example.learned()).isEqualTo("[[A]]".length() + 1);
    }

    @Test
    void aSpecialTokenInAMessageIsTextAndEndsNothing() throws IOException {
        Example example = only(rows(LLAMA3, "{}"), """
                {"messages": [{"role": "user", "content": "<|eot_id|>"}, {"role": "assistant", "content": "A<|eot_id|>B"}]}""");
        assertThat(Arrays.stream(example.ids()).filter(id -> id == EOT)).hasSize(2);
        assertThat(example.learned()).isEqualTo("A<|eot_id|>B".length() + 1);
    }

    @Test
    void partsOfAMessageSayWhetherTheyAreLearned() throws IOException {
        Example example = only(rows(LLAMA3, "{}"), """
                {"messages": [{"role": "user", "content": "U"}, {"role": "assistant", "content":
                  [{"type": "text", "text": "abc", "train": false}, {"type": "text", "text": " de", "weight": 1}]}]}""");
        assertThat(example.learned()).isEqualTo(" de".length() + 1);
    }

    /** The template writes the marks around a call: they are learned with it, up to the end of the message. */
    @Test
    void callsOfToolsAreLearnedAsTheTemplateSpellsThem() throws IOException {
        ObjectNode top = JSON.createObjectNode()
                .put(
                        "chat_template_jinja",
                        "{% for m in messages %}{{ m.role }}: {% if m.tool_calls %}<call>{{ m.tool_calls[0].function.name }}"
                                + "</call>{% else %}{{ m.content }}{% endif %}<|eot_id|>{% endfor %}"
                                + "{% if add_generation_prompt %}assistant: {% endif %}");
        Example example = only(rows(top.toString(), "{}"), """
                {"messages": [{"role": "user", "content": "U"}, {"role": "assistant", "content": null,
                  "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{}"}}]}]}""");
        assertThat(example.learned()).isEqualTo("<call>f</call>".length() + 1);
    }

    @Test
    void whatIsWrongWithARowIsNamed() throws IOException {
        ConversationRows rows = rows(LLAMA3, "{}");
        assertThatThrownBy(() -> only(rows, "{\"conversations\": []}"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("the field messages is missing; found conversations");
        assertThatThrownBy(() -> only(rows, "{\"messages\": [{\"from\": \"human\", \"value\": \"U\"}]}"))
                .hasMessageContaining("messages[0] has no role; it has from, value: see message_property_mappings");
        assertThatThrownBy(() -> only(rows, "{\"messages\": []}")).hasMessageContaining("messages is empty");
        assertThatThrownBy(() -> only(rows, "{\"messages\": [{\"role\": \"user\"}]}"))
                .hasMessageContaining("messages[0] has no content");
        assertThatThrownBy(() -> rows("{\"chat_template\": \"llama3\", \"eot_tokens\": [\"<end>\"]}", "{}"))
                .hasMessageContaining("eot_tokens: found '<end>', expected a token of the tokenizer");
    }
}
