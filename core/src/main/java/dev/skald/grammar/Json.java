package dev.skald.grammar;

import dev.skald.grammar.Rules.Bytes;
import dev.skald.grammar.Rules.Item;
import dev.skald.grammar.Rules.Rule;

/** The rules of JSON's values: compact, with at most one blank after a colon or comma, and numbers of a length that ends. */
final class Json {

    private static final Bytes DIGIT = Rules.range('0', '9');
    private static final Bytes FOLLOWS = Rules.range(0x80, 0xBF);

    private final Rules rules;
    final Rule blank;
    final Rule character;
    final Rule string;
    final Rule integer;
    final Rule number;
    final Rule bool;
    final Rule none;
    final Rule object;
    final Rule array;
    final Rule value;

    Json(Rules rules) {
        this.rules = rules;
        blank = rules.optional(Rules.range(' ', ' '));
        Bytes hex = Rules.range('0', '9', 'A', 'F', 'a', 'f');
        // Escapes of surrogates come in pairs, or not at all.
        Rule unit = rules.rule()
                .or(Rules.range('0', '9', 'A', 'C', 'a', 'c', 'E', 'F', 'e', 'f'), hex, hex, hex)
                .or(Rules.range('D', 'D', 'd', 'd'), Rules.range('0', '7'), hex, hex);
        Rule pair = rules.rule()
                .or(
                        Rules.range('D', 'D', 'd', 'd'),
                        Rules.range('8', '9', 'A', 'B', 'a', 'b'),
                        hex,
                        hex,
                        rules.literal("\\u"),
                        Rules.range('D', 'D', 'd', 'd'),
                        Rules.range('C', 'F', 'c', 'f'),
                        hex,
                        hex);
        Rule escape = rules.rule()
                .or(Rules.range('"', '"', '\\', '\\', '/', '/', 'b', 'b', 'f', 'f', 'n', 'n', 'r', 'r', 't', 't'))
                .or(Rules.range('u', 'u'), unit)
                .or(Rules.range('u', 'u'), pair);
        // Well-formed UTF-8, by table 3-7 of the Unicode Standard.
        character = rules.rule()
                .or(Rules.range(' ', '!', '#', '[', ']', 0x7F))
                .or(Rules.range('\\', '\\'), escape)
                .or(Rules.range(0xC2, 0xDF), FOLLOWS)
                .or(Rules.range(0xE0, 0xE0), Rules.range(0xA0, 0xBF), FOLLOWS)
                .or(Rules.range(0xE1, 0xEC, 0xEE, 0xEF), FOLLOWS, FOLLOWS)
                .or(Rules.range(0xED, 0xED), Rules.range(0x80, 0x9F), FOLLOWS)
                .or(Rules.range(0xF0, 0xF0), Rules.range(0x90, 0xBF), FOLLOWS, FOLLOWS)
                .or(Rules.range(0xF1, 0xF3), FOLLOWS, FOLLOWS, FOLLOWS)
                .or(Rules.range(0xF4, 0xF4), Rules.range(0x80, 0x8F), FOLLOWS, FOLLOWS);
        string = quoted(rules.many(character));
        Rule whole = rules.rule().or(Rules.range('0', '0')).or(Rules.range('1', '9'), rules.repeat(DIGIT, 0, 15));
        Rule sign = rules.optional(Rules.range('-', '-'));
        integer = rules.rule().or(sign, whole);
        Rule fraction = rules.optional(rules.rule().or(Rules.range('.', '.'), rules.repeat(DIGIT, 1, 16)));
        Rule exponent = rules.optional(rules.rule()
                .or(
                        Rules.range('E', 'E', 'e', 'e'),
                        rules.optional(Rules.range('+', '+', '-', '-')),
                        rules.repeat(DIGIT, 1, 2)));
        number = rules.rule().or(sign, whole, fraction, exponent);
        bool = rules.rule().or(rules.literal("true")).or(rules.literal("false"));
        none = rules.literal("null");
        value = rules.rule();
        object = map(value);
        array = list(value, 0, Integer.MAX_VALUE);
        value.or(string).or(number).or(bool).or(none).or(object).or(array);
    }

    Rule quoted(Item inside) {
        return rules.rule().or(Rules.range('"', '"'), inside, Rules.range('"', '"'));
    }

    Rule comma() {
        return rules.rule().or(Rules.range(',', ','), blank);
    }

    Rule colon() {
        return rules.rule().or(Rules.range(':', ':'), blank);
    }

    /** An object of any keys, whose values are all of a kind. */
    Rule map(Item values) {
        Rule entry = rules.rule().or(string, colon(), values);
        Rule more = rules.many(rules.rule().or(comma(), entry));
        Rule entries = rules.optional(rules.rule().or(entry, more));
        return rules.rule().or(Rules.range('{', '{'), entries, Rules.range('}', '}'));
    }

    /** @param most {@link Integer#MAX_VALUE}: any number */
    Rule list(Item item, int least, int most) {
        Rule next = rules.rule().or(comma(), item);
        Rule more = most == Integer.MAX_VALUE
                ? rules.rule().or(rules.repeat(next, Math.max(0, least - 1), Math.max(0, least - 1)), rules.many(next))
                : rules.repeat(next, Math.max(0, least - 1), Math.max(0, most - 1));
        Rule items = rules.rule().or(item, more);
        Rule inside = most == 0 ? rules.rule().or() : least == 0 ? rules.optional(items) : items;
        return rules.rule().or(Rules.range('[', '['), inside, Rules.range(']', ']'));
    }
}
