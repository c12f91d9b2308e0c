package dev.skald.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the items of a task from {@code samples_TASK_TIME.jsonl}: a line for each item and filter. */
final class Samples {

    private static final int LONGEST_QUESTION = 240;

    /** With the keys of all maps in order, so that the same document has the same text whoever wrote it. */
    private static final ObjectMapper SORTED = StrictJson.builder()
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    private Samples() {}

    /** The items, by number. */
    static List<Item> read(Path file) throws IOException {
        Map<Long, Item> items = new LinkedHashMap<>();
        ResultJson.readLines(file, (place, line) -> {
            if (!line.path("doc_id").isIntegralNumber()) {
                throw new InvalidInputException(place + ": doc_id is missing, expected a line of a samples file");
            }
            long doc = line.get("doc_id").longValue();
            String filter = line.path("filter").asText("none");
            Map<String, double[]> values = values(place, line, filter.equals("none") ? "" : "," + filter);
            Item before = items.get(doc);
            if (before == null) {
                items.put(doc, item(doc, line, values));
                return;
            }
            for (String metric : values.keySet()) {
                if (before.values().containsKey(metric)) {
                    throw new InvalidInputException(place + ": doc_id " + doc + " with " + metric + " is there twice");
                }
            }
            before.values().putAll(values);
        });
        List<Item> ordered = new ArrayList<>(items.values());
        ordered.sort(Comparator.comparingLong(Item::doc));
        return ordered;
    }

    private static Item item(long doc, ObjectNode line, Map<String, double[]> values) {
        JsonNode arguments = line.path("arguments");
        String prompt = argument(arguments, 0, 0);
        return new Item(
                doc,
                line.path("doc").isObject()
                        ? hash(sorted(line.get("doc")))
                        : line.path("doc_hash").asText(""),
                prompt == null ? line.path("prompt_hash").asText("") : hash(prompt),
                prompt == null ? "" : question(prompt),
                target(line.path("target"), arguments),
                answer(line, arguments),
                values);
    }

    /** What is a number, or numbers; other values are of metrics that are not compared by item. */
    private static Map<String, double[]> values(String place, ObjectNode line, String filter) {
        Map<String, double[]> values = new LinkedHashMap<>();
        for (JsonNode name : line.path("metrics")) {
            String metric = name.asText();
            JsonNode value = line.path(metric);
            if (value.isNumber() || value.isBoolean()) {
                values.put(metric + filter, new double[] {
                    value.isBoolean() ? (value.booleanValue() ? 1 : 0) : ResultJson.finite(place + ": " + metric, value)
                });
            } else if (value.isArray() && value.size() > 1) {
                double[] numbers = new double[value.size()];
                boolean all = true;
                for (int i = 0; i < numbers.length; i++) {
                    all &= value.get(i).isNumber();
                    numbers[i] = value.get(i).isNumber() ? ResultJson.finite(place + ": " + metric, value.get(i)) : 0;
                }
                if (all) {
                    values.put(metric + filter, numbers);
                }
            }
        }
        return values;
    }

    private static String argument(JsonNode arguments, int request, int at) {
        JsonNode all = arguments.isArray() ? arguments.path(request) : arguments.path("gen_args_" + request);
        JsonNode one = all.isArray() ? all.path(at) : all.path("arg_" + at);
        return one.isTextual() ? one.textValue() : null;
    }

    /** The prompt's last paragraph, or its end. */
    private static String question(String prompt) {
        String text = prompt.strip();
        String last = text.substring(text.lastIndexOf("\n\n") + 1).strip();
        return last.length() <= LONGEST_QUESTION
                ? last
                : "…"
                        + last.substring(
                                Character.isLowSurrogate(last.charAt(last.length() - LONGEST_QUESTION))
                                        ? last.length() - LONGEST_QUESTION + 1
                                        : last.length() - LONGEST_QUESTION);
    }

    /** The text of the right choice where its number is given. */
    private static String target(JsonNode target, JsonNode arguments) {
        String text = target.isTextual() ? target.textValue() : target.toString();
        if (text.matches("\\d{1,4}") && argument(arguments, 1, 1) != null) {
            String choice = argument(arguments, Integer.parseInt(text), 1);
            return choice == null ? text : choice.strip();
        }
        return text;
    }

    private static String answer(ObjectNode line, JsonNode arguments) {
        JsonNode responses = line.path("filtered_resps");
        if (responses.path(0).isTextual()) {
            return responses.get(0).textValue();
        }
        if (!responses.path(0).isArray() || responses.size() < 2) {
            return "";
        }
        int most = 0;
        for (int i = 1; i < responses.size(); i++) {
            most = responses.get(i).path(0).asDouble()
                            > responses.get(most).path(0).asDouble()
                    ? i
                    : most;
        }
        String choice = argument(arguments, most, 1);
        return choice == null ? String.valueOf(most) : choice.strip();
    }

    private static String sorted(JsonNode node) {
        try {
            return SORTED.writeValueAsString(SORTED.treeToValue(node, Object.class));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As lm-evaluation-harness makes its hashes: SHA-256 of the text in UTF-8. */
    private static String hash(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
