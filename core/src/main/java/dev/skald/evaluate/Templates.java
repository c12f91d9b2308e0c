package dev.skald.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.InvalidInputException;
import dev.skald.jinja.Template;
import dev.skald.jinja.TemplateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a task makes of a row: each part is a column's name or a template, the target also a number, the choices also a list. The rules are those
 * of {@code doc_to_text}, {@code doc_to_target} and {@code doc_to_choice} in lm-evaluation-harness (its api/task.py).
 */
final class Templates {

    private final Part text;
    private final Part target;
    private final Part choices;
    private final Part description;
    private final Part prefix;

    Templates(String file, JsonNode text, JsonNode target, JsonNode choices, JsonNode description, JsonNode prefix) {
        this.text = new Part(file + ": doc_to_text", text);
        this.target = new Part(file + ": doc_to_target", target);
        this.choices = new Part(file + ": doc_to_choice", choices);
        this.description = new Part(file + ": description", description);
        this.prefix = new Part(file + ": gen_prefix", prefix);
    }

    /** The question. */
    String text(Row row) {
        return string(text.of(row));
    }

    String description(Row row) {
        return string(description.of(row));
    }

    String prefix(Row row) {
        return string(prefix.of(row));
    }

    boolean hasChoices() {
        return !choices.isEmpty();
    }

    /**
     * The choices, none of them empty.
     *
     * @throws InvalidInputException when there are none, or one is empty: its likelihood cannot be taken over its length
     */
    List<String> choices(Row row) {
        Object value = choices.of(row);
        if (value instanceof String rendered) {
            value = PythonLiteral.parse(rendered).orElse(rendered);
        }
        if (value instanceof Map<?, ?> map) {
            value = new ArrayList<>(map.values());
        }
        if (!(value instanceof List<?> list) || list.isEmpty()) {
            throw new InvalidInputException(
                    row.place() + ": doc_to_choice: found " + value + ", expected a list of choices");
        }
        List<String> found = new ArrayList<>();
        for (Object each : list) {
            String choice = string(each);
            if (choice.isEmpty()) {
                throw new InvalidInputException(row.place() + ": choice " + found.size() + " is empty");
            }
            found.add(choice);
        }
        return found;
    }

    /** The right answers' places among the choices; the first is the one that a few-shot example shows. */
    List<Integer> gold(Row row, List<String> all) {
        Object value = targetValue(row);
        List<Integer> places = new ArrayList<>();
        for (Object each : value instanceof List<?> list ? list : List.of(value)) {
            int place = switch (each) {
                case Boolean truth -> truth ? 1 : 0;
                case Number number -> number.intValue();
                default -> all.indexOf(string(each));
            };
            if (place < 0 || place >= all.size()) {
                throw new InvalidInputException(
                        row.place() + ": doc_to_target: found " + value + ", expected one of the " + all.size()
                                + " choices, or its number from 0 to " + (all.size() - 1));
            }
            places.add(place);
        }
        return places;
    }

    /** The texts that are right; one, unless the row lists several. */
    List<String> targets(Row row) {
        Object value = targetValue(row);
        if (hasChoices()) {
            List<String> all = choices(row);
            return gold(row, all).stream().map(all::get).toList();
        }
        return value instanceof List<?> list
                ? list.stream().map(Templates::string).toList()
                : List.of(string(value));
    }

    private Object targetValue(Row row) {
        Object value = target.of(row);
        if (target.isColumn(row) || !(value instanceof String rendered)) {
            return value;
        }
        boolean number = hasChoices() && !rendered.isEmpty() && rendered.chars().allMatch(Character::isDigit);
        boolean list = rendered.startsWith("[") && rendered.endsWith("]");
        return number || list ? PythonLiteral.parse(rendered).orElse(rendered) : rendered;
    }

    private static String string(Object value) {
        return value == null ? "" : value.toString();
    }

    /** A column's name, a template, or a value. */
    private static final class Part {

        private final String where;
        private final JsonNode given;
        private final Optional<Template> template;

        Part(String where, JsonNode given) {
            this.where = where;
            this.given = given;
            this.template = given.isTextual() ? Optional.of(parse(given.textValue())) : Optional.empty();
        }

        private Template parse(String source) {
            try {
                return Template.parseStrict(where, source);
            } catch (TemplateException e) {
                throw new InvalidInputException(e.getMessage(), e);
            }
        }

        boolean isEmpty() {
            return given.isTextual() && given.textValue().isEmpty();
        }

        boolean isColumn(Row row) {
            return given.isTextual() && row.fields().containsKey(given.textValue());
        }

        Object of(Row row) {
            if (isColumn(row)) {
                Object value = row.fields().get(given.textValue());
                if (value == null) {
                    throw new InvalidInputException(row.place() + ": '" + given.textValue() + "' is empty");
                }
                return value;
            }
            if (template.isEmpty()) {
                return plain(given);
            }
            try {
                return template.get().render(row.fields(), Map.of()).text();
            } catch (TemplateException e) {
                throw new InvalidInputException(
                        row.place() + ": " + e.getMessage() + "; columns are "
                                + String.join(", ", row.fields().keySet()),
                        e);
            }
        }

        private static Object plain(JsonNode node) {
            if (node.isArray() || node.isObject()) {
                List<Object> values = new ArrayList<>();
                node.forEach(each -> values.add(plain(each)));
                return values;
            }
            return node.isIntegralNumber() ? (Object) node.longValue() : node.asText();
        }
    }
}
