package dev.skald.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.generate.FinishReason;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final GenerationOptions GREEDY =
            GenerationOptions.modelDefaults().sample(false);

    @TempDir
    private Path directory;

    private Generator says(String text, String template) throws IOException {
        TinyLlama tiny = TinyLlama.saying(text);
        if (template != null) {
            tiny.tokenizerConfig().put("chat_template", template);
        }
        return Generator.load(tiny.write(directory));
    }

    @Test
    void answersUpToTheEndOfTheTurn() throws IOException {
        // The template ends a turn with x, which the model says and config.json does not know as an end.
        try (Generator model = says("abcåxyz", "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}a")) {
            List<String> pieces = new ArrayList<>();
            Reply reply = Chat.of(model).reply(List.of(Message.user("hej")), GREEDY.stopStrings("yz"), pieces::add);
            assertThat(reply.text()).isEqualTo("bcåx");
            assertThat(String.join("", pieces)).isEqualTo("bcåx");
            assertThat(reply.message()).isEqualTo(Message.assistant("bcåx"));
            assertThat(reply.generation().finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(reply.generation().stopString()).hasValue("yz");
            assertThat(Chat.of(model).reply(List.of(Message.user("hej"))).text())
                    .isEqualTo("bcåxyz");
        }
    }

    @Test
    void aModelWithoutATemplateDoesNotAnswer() throws IOException {
        try (Generator model = says("abc", null)) {
            assertThatThrownBy(() -> Chat.of(model))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("no chat template");
            assertThat(Chat.of(model, ChatTemplate.of(model.tokenizer(), "chatml"))
                            .template()
                            .source())
                    .contains("im_start");
        }
    }

    @Test
    void answersMayHaveToBeCalls() throws IOException {
        Map<String, Object> tool = Map.of(
                "type",
                "function",
                "function",
                Map.of(
                        "name",
                        "väder",
                        "parameters",
                        Map.of(
                                "type",
                                "object",
                                "properties",
                                Map.of("ort", Map.of("enum", List.of("Umeå", "Oslo"))))));
        for (String form : List.of("{{ tools }}", "{{ tools }}<tool_call>", "{{ tools }}[TOOL_CALLS]")) {
            try (Generator model = says("abc", form + "{% for m in messages %}{{ m.content }}{% endfor %}a")) {
                Chat chat = Chat.of(model);
                PromptOptions prompt = new PromptOptions(true, false, List.of(tool), Map.of());
                List<String> pieces = new ArrayList<>();
                JsonNode function = JSON.valueToTree(tool.get("function"));
                Reply reply = chat.reply(
                        List.of(Message.user("a")),
                        prompt,
                        ToolCall.required(GREEDY, List.of(function), chat.template()),
                        pieces::add);
                assertThat(reply.toolCalls()).hasSize(1);
                assertThat(reply.toolCalls().getFirst().name()).isEqualTo("väder");
                assertThat(JSON.readTree(reply.toolCalls().getFirst().arguments())
                                .isObject())
                        .isTrue();
                assertThat(reply.text()).isEmpty();
                assertThat(pieces).isEmpty();
                assertThat(reply.message().fields()).containsKey("tool_calls");
                // Free to do as it likes, it does not call.
                Reply free = chat.reply(List.of(Message.user("a")), prompt, GREEDY, pieces::add);
                assertThat(free.toolCalls()).isEmpty();
                assertThat(free.text()).isEqualTo("bc");
                assertThat(String.join("", pieces)).isEqualTo("bc");
            }
        }
    }

    @Test
    void callsComeInThreeForms() {
        String call = "{\"name\": \"f\", \"arguments\": {\"a\": {\"b\": 1}}}";
        for (String answer : List.of(
                call,
                call.replace("arguments", "parameters"),
                "<|python_tag|>" + call,
                "\n<tool_call>\n" + call + "\n</tool_call>",
                "[TOOL_CALLS] [" + call + "]",
                "[" + call + "]")) {
            Optional<List<ToolCall>> calls = ToolCall.parse(answer);
            assertThat(calls).as(answer).isPresent();
            assertThat(calls.get()).hasSize(1);
            assertThat(calls.get().getFirst().arguments()).isEqualTo("{\"a\":{\"b\":1}}");
        }
        assertThat(ToolCall.parse("<tool_call>" + call + "</tool_call>\n<tool_call>" + call + "</tool_call>")
                        .orElseThrow())
                .hasSize(2);
        for (String answer : List.of(
                "",
                "hej",
                "{",
                "{}",
                "{\"name\": 5}",
                "[]",
                call + " hej",
                "hej " + call,
                "<tool_call>" + call,
                "{\"name\":\"f\"}")) {
            assertThat(ToolCall.parse(answer)).as(answer).isEmpty();
        }
        assertThat(ToolCall.mayBegin("<tool")).isTrue();
        assertThat(ToolCall.mayBegin(" {\"na")).isTrue();
        assertThat(ToolCall.mayBegin("<b>")).isFalse();
    }
}
