package dev.skald.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GrammarTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static Grammar of(String schema) {
        try {
            return Grammar.ofSchema(JSON.readTree(schema.replace('\'', '"')));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean accepts(Grammar grammar, String text) {
        byte[] bytes = text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        return grammar.accepts(grammar.next(grammar.start(), bytes));
    }

    private static void check(String schema, List<String> allowed, List<String> refused) {
        Grammar grammar = of(schema);
        allowed.forEach(text -> assertThat(accepts(grammar, text)).as(text).isTrue());
        refused.forEach(text -> assertThat(accepts(grammar, text)).as(text).isFalse());
    }

    @Test
    void jsonIsJson() {
        Grammar grammar = Grammar.anyObject();
        for (String text : List.of(
                "{}",
                "{'a':1}",
                "{'a': [1, 2.5, -0.1e+9, true, false, null, 'å😀', {}, []], 'b':{'c':{}}}",
                "{'\\u00e5\\n\\\\\\ud83d\\ude00':0}")) {
            assertThat(accepts(grammar, text)).as(text).isTrue();
        }
        for (String text : List.of(
                "",
                "[]",
                "1",
                "{",
                "{'a'}",
                "{'a':}",
                "{'a':1,}",
                "{'a':01}",
                "{'a':1.}",
                "{a:1}",
                "{'a':'\n'}",
                "{'a':'\\x'}",
                "{'a':'\\ud83d'}",
                "{'a':1}}",
                "{ }",
                "{'a':  1}",
                "{}\n")) {
            assertThat(accepts(grammar, text)).as(text).isFalse();
        }
        byte[] half = {'{', '"', (byte) 0xc3, '"', ':', '1', '}'};
        assertThat(grammar.next(grammar.start(), half)).isEqualTo(Grammar.DEAD);
    }

    @Test
    void typesAndValues() {
        check("{'type':'integer'}", List.of("0", "-12", "999"), List.of("1.0", "'1'", "007", "--1"));
        check("{'type':'number'}", List.of("0", "-1.5", "2e10"), List.of("true", ".5"));
        check("{'type':['string','null']}", List.of("''", "null", "'å'"), List.of("1", "nul"));
        check("{'enum':['ja','nej',3,null]}", List.of("'ja'", "3", "null"), List.of("'jaa'", "'n'", "33"));
        check("{'const':{'a':[1]}}", List.of("{'a':[1]}"), List.of("{'a':[2]}"));
        check(
                "{'anyOf':[{'type':'boolean'},{'type':'string','maxLength':2}]}",
                List.of("true", "'åä'"),
                List.of("'abc'", "1"));
        check("{'type':'string','minLength':2,'maxLength':3}", List.of("'ab'", "'å😀c'"), List.of("'a'", "'abcd'"));
        check(
                "{'type':'array','items':{'type':'integer'},'minItems':1,'maxItems':3}",
                List.of("[1]", "[1, 2,3]"),
                List.of("[]", "[1,2,3,4]", "['a']"));
        check(
                "{'type':'array','items':{'type':'integer'},'minItems':2}",
                List.of("[1,2]", "[1,2,3,4]"),
                List.of("[1]"));
        check("{'type':'array','maxItems':0}", List.of("[]"), List.of("[1]"));
    }

    @Test
    void objects() {
        String schema =
                "{'type':'object','properties':{'namn':{'type':'string'},'ålder':{'type':'integer'},'ort':{'type':'string'}},"
                        + "'required':['namn'],'additionalProperties':false}";
        check(
                schema,
                List.of(
                        "{'namn':'Bo'}",
                        "{'namn': 'Bo', 'ålder': 7}",
                        "{'namn':'Bo','ort':'Umeå'}",
                        "{'namn':'Bo','ålder':7,'ort':''}"),
                List.of(
                        "{}",
                        "{'ålder':7}",
                        "{'ålder':7,'namn':'Bo'}",
                        "{'namn':'Bo',}",
                        "{'namn':'Bo','namn':'Bo'}",
                        "{'namn':'Bo' 'ort':''}"));
        check(
                "{'properties':{'a':{'type':'null'},'b':{'type':'null'}}}",
                List.of("{}", "{'b':null}", "{'a':null,'b':null}"),
                List.of("{,}"));
        check(
                "{'type':'object','additionalProperties':{'type':'integer'}}",
                List.of("{}", "{'x':1,'y':2}"),
                List.of("{'x':'1'}"));
        check("{'type':'object','additionalProperties':false}", List.of("{}"), List.of("{'x':1}"));
        check("{'type':'object','properties':{'a':true},'required':['a']}", List.of("{'a':{'b':[1]}}"), List.of("{}"));
    }

    @Test
    void schemasMayReferToThemselves() {
        String tree = "{'$ref':'#/$defs/nod','$defs':{'nod':{'type':'object','properties':{'värde':{'type':'integer'},"
                + "'barn':{'type':'array','items':{'$ref':'#/$defs/nod'}}},'required':['värde','barn'],'additionalProperties':false}}}";
        check(
                tree,
                List.of("{'värde':1,'barn':[]}", "{'värde':1,'barn':[{'värde':2,'barn':[{'värde':3,'barn':[]}]}]}"),
                List.of("{'värde':1}", "{'värde':1,'barn':[1]}"));
    }

    @Test
    void whatIsNotKnownIsRefused() {
        for (String[] each : new String[][] {
            {"{'type':'integer','minimum':3}", "schema: the keyword minimum is not supported here"},
            {"{'type':'string','pattern':'a+'}", "schema: the keyword pattern is not supported here"},
            {"{'not':{}}", "schema: the keyword not is not supported here"},
            {"{'type':'nix'}", "schema: type is \"nix\", expected one of JSON's types"},
            {
                "{'type':'object','properties':{'a':{'type':'array','uniqueItems':true}}}",
                "schema.properties.a: the keyword uniqueItems is not supported here"
            },
            {"{'$ref':'#/nix'}", "schema: the reference #/nix points at nothing"},
            {"{'$ref':'http://x'}", "schema: the reference http://x points out of the schema"},
            {"{'$ref':'#'}", "the schema refers to itself without end"},
            {"{'enum':[]}", "schema: enum is [], expected a list of values"},
            {
                "{'type':'object','properties':{'a':{}},'required':['b']}",
                "schema: required names b, which is none of the properties"
            },
            {"{'type':'string','minLength':3,'maxLength':2}", "schema: at least 3 and at most 2 is nothing"},
            {"5", "schema: is 5, expected a schema"},
        }) {
            assertThatThrownBy(() -> of(each[0]))
                    .as(each[0])
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessage(each[1]);
        }
    }

    /** Random walks: whatever the automaton lets through is JSON to Jackson. */
    @Test
    void everyWalkIsJson() throws IOException {
        Random random = new Random(7);
        Grammar grammar = Grammar.anyObject();
        int complete = 0;
        for (int walk = 0; walk < 300; walk++) {
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            int state = grammar.start();
            for (int step = 0; step < 400; step++) {
                List<Integer> possible = new ArrayList<>();
                for (int b = 0; b < 256; b++) {
                    if (grammar.next(state, (byte) b) != Grammar.DEAD) {
                        possible.add(b);
                        // Ends and quotes are rare among 256 bytes; without them no text would end.
                        if (b == '}' || b == ']' || b == '"') {
                            possible.addAll(java.util.Collections.nCopies(150, b));
                        }
                    }
                }
                if (possible.isEmpty()) {
                    break;
                }
                int next = possible.get(random.nextInt(possible.size()));
                text.write(next);
                state = grammar.next(state, (byte) next);
            }
            if (grammar.accepts(state)) {
                complete++;
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text.toByteArray()));
                JsonNode node = JSON.readTree(text.toByteArray());
                assertThat(node.isObject()).isTrue();
            }
        }
        assertThat(complete).isGreaterThan(100);
    }

    @Test
    void masksAreWhatTheAutomatonSays() {
        List<byte[]> tokens = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            tokens.add(new byte[] {(byte) b});
        }
        for (String token : List.of(
                "{\"",
                "\":",
                "\", \"",
                "true",
                "nu",
                "null",
                "}",
                "}}",
                "[1",
                ", ",
                "12",
                "å",
                "\"a\":{\"b\":",
                "ab",
                "abc",
                "abd",
                "b",
                "ab")) {
            tokens.add(token.getBytes(StandardCharsets.UTF_8));
        }
        tokens.add(new byte[0]);
        TokenTrie trie = new TokenTrie(tokens.size(), tokens::get);
        Grammar grammar = Grammar.anyObject();
        TokenMasks masks = new TokenMasks(grammar, trie);
        for (String before : List.of(
                "", "{", "{\"a", "{\"a\":", "{\"a\":1", "{\"a\":{\"b\":nu", "{\"a\":[", "{\"a\":\"\u00e5", "{}")) {
            int state = grammar.next(grammar.start(), before.getBytes(StandardCharsets.UTF_8));
            long[] mask = masks.allowed(state);
            for (int id = 0; id < tokens.size(); id++) {
                boolean expected = tokens.get(id).length > 0 && grammar.next(state, tokens.get(id)) != Grammar.DEAD;
                assertThat((mask[id >> 6] >> id & 1) == 1)
                        .as(before + " then token " + id)
                        .isEqualTo(expected);
            }
        }
        // As deep as a text goes, a state is met once.
        int known = grammar.size();
        grammar.next(grammar.start(), "{\"a\":{\"b\":nu".getBytes(StandardCharsets.UTF_8));
        assertThat(grammar.size()).isEqualTo(known);
    }
}
