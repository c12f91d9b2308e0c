package dev.skald.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TemplateTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** golden.py made the expected texts with Jinja2 itself. */
    @Test
    void writesWhatJinja2Writes() throws IOException {
        JsonNode golden;
        try (InputStream in = TemplateTest.class.getResourceAsStream("golden.json")) {
            golden = JSON.readTree(in);
        }
        Map<String, Object> variables = JSON.convertValue(golden.get("variables"), new TypeReference<>() {});
        LocalDateTime now = LocalDateTime.parse(golden.get("now").asText());
        List<String> differences = new ArrayList<>();
        for (JsonNode each : golden.get("cases")) {
            String source = each.get("template").asText();
            String expected = each.has("result")
                    ? each.get("result").asText()
                    : each.has("raised") ? "raised: " + each.get("raised").asText() : "error";
            String found;
            try {
                found = Template.parse("test", source)
                        .render(variables, Map.of(), () -> now.atZone(ZoneOffset.UTC))
                        .text();
            } catch (TemplateException e) {
                found = e.isRaised() ? "raised: " + e.getMessage() : "error";
            }
            if (!found.equals(expected)) {
                differences.add(source + "\n  expected " + expected + "\n  found    " + found);
            }
        }
        assertThat(golden.get("cases")).hasSizeGreaterThan(200);
        assertThat(String.join("\n", differences)).isEmpty();
    }

    @Test
    void errorsNameTheirLine() {
        assertThatThrownBy(() -> Template.parse("chat_template.jinja", "a\n{% if x %}\n{{ y | nonsense }}{% endif %}"))
                .isInstanceOf(TemplateException.class)
                .hasMessage("chat_template.jinja: line 3: unknown filter 'nonsense'");
        assertThatThrownBy(() -> Template.parse("t", "{% include 'x' %}"))
                .hasMessage("t: line 1: the tag include is not supported in chat templates");
        assertThatThrownBy(() -> Template.parse("t", "a\nb {{ x.y.z }}").render(Map.of(), Map.of()))
                .hasMessage("t: line 2: 'x' is undefined");
        assertThatThrownBy(() -> Template.parse("t", "{{ ").render(Map.of(), Map.of()))
                .hasMessage("t: line 1: a tag is not closed, expected '}}'");
    }

    @Test
    void knowsWhoseWordsTheyAre() {
        Template template = Template.parse(
                "t",
                "{{ bos }}{% for m in ms %}<{{ m.role }}>{{ (m.content | trim ~ '.').replace('a', 'b') }}{% endfor %}");
        Rendered rendered = template.render(
                Map.of("ms", List.of(Map.of("role", "user", "content", " <s>a "))), Map.of("bos", "<s>"));
        assertThat(rendered.text()).isEqualTo("<s><user><s>b.");
        StringBuilder marks = new StringBuilder();
        for (int i = 0; i < rendered.text().length(); i++) {
            marks.append(rendered.callers().get(i) ? 'c' : '.');
        }
        // The b stands for the caller's a, and is the template's own.
        assertThat(marks).hasToString("....cccc.ccc..");
    }

    @Test
    void tellsWhatTheModelIsToWrite() {
        Rendered rendered = Template.parse("t", "U: {{ a }}\n{% generation %}\nA: {{ b }}{% endgeneration %} slut")
                .render(Map.of("a", "x", "b", "ja"), Map.of());
        assertThat(rendered.text()).isEqualTo("U: x\nA: ja slut");
        assertThat(rendered.generations()).containsExactly(new Rendered.Part(5, 10));
    }

    @Test
    void endsWhatDoesNotEnd() {
        assertThatThrownBy(() -> Template.parse("t", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")
                        .render(Map.of(), Map.of()))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("without end");
        String loops = "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}";
        assertThatThrownBy(() -> Template.parse("t", loops).render(Map.of(), Map.of()))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("takes too long");
        String deep = "{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + " }}";
        assertThatThrownBy(() -> Template.parse("t", deep)).hasMessage("t: line 1: nested too deeply");
    }
}
