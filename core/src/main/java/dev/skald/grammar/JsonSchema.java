package dev.skald.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.skald.InvalidInputException;
import dev.skald.grammar.Rules.Item;
import dev.skald.grammar.Rules.Rule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Rules of a JSON schema: types, enum, const, anyOf, references, properties in the schema's order, items, and the lengths of strings and lists. What would
 * change the meaning and is not known is refused, not left out; what only describes is passed over.
 */
final class JsonSchema {

    private static final int MOST_RULES = 200_000;
    private static final int MOST_REPEATS = 2000;
    private static final int MOST_DEPTH = 64;

    private static final Set<String> DESCRIBING = Set.of(
            "$schema",
            "$id",
            "$comment",
            "$defs",
            "definitions",
            "title",
            "description",
            "default",
            "example",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly",
            "format",
            "strict");

    private static final Map<String, Set<String>> KNOWN = Map.of(
            "object", Set.of("type", "properties", "required", "additionalProperties"),
            "array", Set.of("type", "items", "minItems", "maxItems"),
            "string", Set.of("type", "minLength", "maxLength"),
            "integer", Set.of("type"),
            "number", Set.of("type"),
            "boolean", Set.of("type"),
            "null", Set.of("type"));

    private final JsonNode root;
    private final Rules rules;
    private final Json json;
    private final Map<String, Rule> references = new HashMap<>();

    JsonSchema(JsonNode root, Rules rules) {
        this.root = root;
        this.rules = rules;
        this.json = new Json(rules);
    }

    Rule rule() {
        return rule(root, "schema", 0);
    }

    private static InvalidInputException invalid(String at, String message) {
        return new InvalidInputException(at + ": " + message);
    }

    private Rule rule(JsonNode schema, String at, int depth) {
        if (depth > MOST_DEPTH || rules.size() > MOST_RULES) {
            throw invalid(at, "the schema is too large, or nested too deeply");
        }
        if (schema.isBoolean() && schema.asBoolean()) {
            return json.value;
        }
        if (!schema.isObject()) {
            throw invalid(at, "is " + schema + ", expected a schema");
        }
        if (schema.has("$ref")) {
            only(schema, at, Set.of("$ref"));
            return reference(schema.get("$ref").asText(), at, depth);
        }
        for (String choice : List.of("anyOf", "oneOf")) {
            if (schema.has(choice)) {
                only(schema, at, Set.of(choice, "type"));
                return anyOf(schema.get(choice), at + "." + choice, depth);
            }
        }
        if (schema.has("const")) {
            only(schema, at, Set.of("const", "type"));
            return rules.literal(schema.get("const").toString());
        }
        if (schema.has("enum")) {
            only(schema, at, Set.of("enum", "type"));
            return anyValue(schema.get("enum"), at);
        }
        JsonNode type = schema.path("type");
        if (type.isArray()) {
            Rule choice = rules.rule();
            for (JsonNode each : type) {
                choice.or(typed(schema, each.asText(), at, depth, types(type)));
            }
            return choice;
        }
        if (type.isMissingNode()) {
            String implied = schema.has("properties") ? "object" : schema.has("items") ? "array" : "";
            if (implied.isEmpty()) {
                only(schema, at, Set.of());
                return json.value;
            }
            return typed(schema, implied, at, depth, Set.of(implied));
        }
        return typed(schema, type.asText(), at, depth, Set.of(type.asText()));
    }

    private static Set<String> types(JsonNode list) {
        Set<String> types = new LinkedHashSet<>();
        list.forEach(each -> types.add(each.asText()));
        return types;
    }

    private static void only(JsonNode schema, String at, Set<String> known) {
        schema.fieldNames().forEachRemaining(key -> {
            if (!known.contains(key) && !DESCRIBING.contains(key)) {
                throw invalid(at, "the keyword " + key + " is not supported here");
            }
        });
    }

    private Rule reference(String reference, String at, int depth) {
        if (!reference.startsWith("#")) {
            throw invalid(at, "the reference " + reference + " points out of the schema");
        }
        Rule known = references.get(reference);
        if (known != null) {
            return known;
        }
        JsonNode target = root.at(reference.substring(1));
        if (target.isMissingNode()) {
            throw invalid(at, "the reference " + reference + " points at nothing");
        }
        Rule rule = rules.rule();
        references.put(reference, rule);
        return rule.or(rule(target, reference, depth + 1));
    }

    private Rule anyOf(JsonNode choices, String at, int depth) {
        if (!choices.isArray() || choices.isEmpty()) {
            throw invalid(at, "expected a list of schemas");
        }
        Rule choice = rules.rule();
        for (int i = 0; i < choices.size(); i++) {
            choice.or(rule(choices.get(i), at + "[" + i + "]", depth + 1));
        }
        return choice;
    }

    private Rule anyValue(JsonNode values, String at) {
        if (!values.isArray() || values.isEmpty()) {
            throw invalid(at, "enum is " + values + ", expected a list of values");
        }
        Rule choice = rules.rule();
        values.forEach(value -> choice.or(rules.literal(value.toString())));
        return choice;
    }

    private Rule typed(JsonNode schema, String type, String at, int depth, Set<String> types) {
        Set<String> known = KNOWN.get(type);
        if (known == null) {
            throw invalid(at, "type is " + schema.get("type") + ", expected one of JSON's types");
        }
        Set<String> allowed = new LinkedHashSet<>();
        types.stream().filter(KNOWN::containsKey).forEach(each -> allowed.addAll(KNOWN.get(each)));
        only(schema, at, allowed);
        return switch (type) {
            case "object" -> object(schema, at, depth);
            case "array" -> {
                JsonNode items = schema.has("items") ? schema.get("items") : JsonNodeFactory.instance.booleanNode(true);
                int least = count(schema, "minItems", at, 0);
                int most = count(schema, "maxItems", at, Integer.MAX_VALUE);
                yield json.list(rule(items, at + ".items", depth + 1), least, most(at, least, most));
            }
            case "string" -> {
                int least = count(schema, "minLength", at, 0);
                int most = most(at, least, count(schema, "maxLength", at, Integer.MAX_VALUE));
                Item characters = most < Integer.MAX_VALUE
                        ? rules.repeat(json.character, least, most)
                        : rules.rule().or(rules.repeat(json.character, least, least), rules.many(json.character));
                yield json.quoted(characters);
            }
            case "integer" -> json.integer;
            case "number" -> json.number;
            case "boolean" -> json.bool;
            default -> json.none;
        };
    }

    private static int most(String at, int least, int most) {
        if (least > most) {
            throw invalid(at, "at least " + least + " and at most " + most + " is nothing");
        }
        return most;
    }

    private static int count(JsonNode schema, String key, String at, int absent) {
        if (!schema.has(key)) {
            return absent;
        }
        JsonNode value = schema.get(key);
        if (!value.canConvertToInt() || value.asInt() < 0 || value.asInt() > MOST_REPEATS) {
            throw invalid(at, key + " is " + value + ", expected a number from 0 to " + MOST_REPEATS);
        }
        return value.asInt();
    }

    /** Properties come in the schema's order; one that is not required may be left out. */
    private Rule object(JsonNode schema, String at, int depth) {
        JsonNode properties = schema.path("properties");
        JsonNode more = schema.path("additionalProperties");
        if (properties.isMissingNode() || properties.isEmpty()) {
            boolean none = more.isBoolean() && !more.asBoolean();
            return none
                    ? rules.literal("{}")
                    : json.map(more.isObject() ? rule(more, at + ".additionalProperties", depth + 1) : json.value);
        }
        Set<String> required = new LinkedHashSet<>();
        schema.path("required").forEach(name -> required.add(name.asText()));
        List<Rule> entries = new ArrayList<>();
        List<Boolean> needed = new ArrayList<>();
        for (Map.Entry<String, JsonNode> property : properties.properties()) {
            String key = TextNode.valueOf(property.getKey()).toString();
            Rule value = rule(property.getValue(), at + ".properties." + property.getKey(), depth + 1);
            entries.add(rules.rule().or(rules.literal(key), json.colon(), value));
            needed.add(required.remove(property.getKey()));
        }
        if (!required.isEmpty()) {
            throw invalid(at, "required names " + required.iterator().next() + ", which is none of the properties");
        }
        // From the end: what may follow when something stands before it, and when nothing does.
        Rule after = rules.rule().or();
        Rule first = rules.rule().or();
        for (int i = entries.size() - 1; i >= 0; i--) {
            Rule laterAfter = rules.rule().or(json.comma(), entries.get(i), after);
            Rule laterFirst = rules.rule().or(entries.get(i), after);
            if (!needed.get(i)) {
                laterAfter.or(after);
                laterFirst.or(first);
            }
            after = laterAfter;
            first = laterFirst;
        }
        return rules.rule().or(Rules.range('{', '{'), first, Rules.range('}', '}'));
    }
}
