package dev.skald.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.Yaml;

class YamlTest {

    /** What PyYAML's safe_load, and so Axolotl, makes of these. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [&p ./out, *p]                                       | ["./out","./out"]
            {a: &l [1, 2], b: *l}                                | {"a":[1,2],"b":[1,2]}
            {a: &m {x: 1, y: 2}, b: {<<: *m, y: 3}}              | {"a":{"x":1,"y":2},"b":{"y":3,"x":1}}
            {a: &m {x: 1}, b: {y: 3, <<: *m, x: 4}}              | {"a":{"x":1},"b":{"y":3,"x":4}}
            {a: &m {x: 1}, b: &n {x: 2, y: 2}, c: {<<: [*m, *n]}} | {"a":{"x":1},"b":{"x":2,"y":2},"c":{"x":1,"y":2}}
            {a: &m {x: 1}, b: &n {<<: *m, y: 2}, c: {<<: *n, z: 3}} | {"a":{"x":1},"b":{"y":2,"x":1},"c":{"z":3,"y":2,"x":1}}
            [&a 1, &a 2, *a]                                     | [1,2,2]
            [&t true, *t, &e '', *e, &n , *n]                    | [true,true,"","",null,null]
            ['*p', "&p", a*b, a &b]                              | ["*p","&p","a*b","a &b"]
            """)
    void anAliasIsWhatItsAnchorIs(String yaml, String json) throws IOException {
        assertThat(tree(yaml)).hasToString(json);
        JsonNode other = ConfigFile.JSON.valueToTree(new Yaml().load(yaml)); // SnakeYAML's own resolution
        assertThat(ConfigFile.JSON.readTree(tree(yaml).toString()))
                .isEqualTo(ConfigFile.JSON.readTree(other.toString()));
    }

    @Test
    void anAliasInAFile() {
        ConfigFile file = ConfigFile.parseYaml("trainer.yaml", """
                paths: &p ./out
                output_dir: *p
                defaults: &d
                  type: completion
                  weight: 2
                datasets:
                  - {<<: *d, path: a}
                  - <<: *d
                    path: b
                    weight: 1
                """);
        assertThat(file.value().at("output_dir").text()).isEqualTo("./out");
        assertThat(file.root().path("datasets"))
                .hasToString("[{\"path\":\"a\",\"type\":\"completion\",\"weight\":2},"
                        + "{\"path\":\"b\",\"weight\":1,\"type\":\"completion\"}]");
        file.override(List.of("defaults.type=other"));
        assertThat(file.root().at("/datasets/0/type").asText()).isEqualTo("completion");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            b: *q         | t.yaml:2: found the alias *q, expected one whose anchor &q ends before it
            b: &q [*q]    | t.yaml:2: found the alias *q, expected one whose anchor &q ends before it
            b: {<<: 3}    | t.yaml:2: found something else after <<:, expected keys and values, or a list of such
            b: {<<: [[]]} | t.yaml:2: found something else after <<:, expected keys and values, or a list of such
            """)
    void anAliasThatStandsForNothingIsRefusedWithItsLine(String line, String message) {
        assertThatThrownBy(() -> tree("a: 1\n" + line))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(message);
    }

    @Test
    void whatIsNoTreeIsRefusedWithItsLine() {
        assertThatThrownBy(() -> tree("a: 1\n? [b]\n: 2"))
                .hasMessage("t.yaml:2: found a list as a key, expected a text");
        assertThatThrownBy(() -> tree("a: 1\nb: 2\na: 3")).hasMessage("t.yaml:3: duplicate key 'a'");
        assertThatThrownBy(() -> tree("a: 1\n\tb: 2"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("t.yaml:2: not YAML: ")
                .hasMessageNotContaining("\n");
        assertThatThrownBy(() -> tree("a: " + "[".repeat(9000)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("t.yaml");
    }

    @Test
    void aliasesOfAliasesHaveABound() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n");
        for (int i = 1; i < 12; i++) {
            bomb.append("a%d: &a%d [".formatted(i, i))
                    .append("*a%d,".formatted(i - 1).repeat(9))
                    .append("]\n");
        }
        assertThatThrownBy(() -> tree(bomb.toString()))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageMatching("t.yaml:\\d+: found more than 1000000 values, .*");
    }

    private static JsonNode tree(String yaml) {
        return yaml.startsWith("[")
                ? ConfigFile.parseYaml("t.yaml", "v: " + yaml).root().get("v")
                : ConfigFile.parseYaml("t.yaml", yaml).root();
    }
}
