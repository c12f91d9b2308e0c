package dev.skald.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.base.StrictJson;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The body of a request: named values of stated types and ranges. Null counts as absent, and what nobody asks for is ignored, for clients send more than a
 * server knows.
 */
final class Parameters {

    private static final ObjectMapper JSON = StrictJson.builder(JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(200).build())
                    .build())
            .build();

    private final ObjectNode body;

    private Parameters(ObjectNode body) {
        this.body = body;
    }

    /** @throws ApiException when the body is no JSON object */
    static Parameters of(byte[] body) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            JsonNode node = JSON.readTree(text);
            if (node instanceof ObjectNode object) {
                return new Parameters(object);
            }
        } catch (CharacterCodingException e) {
            throw ApiException.invalid(null, "the body is not UTF-8");
        } catch (JsonProcessingException e) {
            throw ApiException.invalid(null, "the body is not JSON: " + e.getOriginalMessage());
        }
        throw ApiException.invalid(null, "the body is not a JSON object");
    }

    boolean has(String name) {
        return body.hasNonNull(name);
    }

    JsonNode node(String name) {
        return body.path(name);
    }

    Parameters object(String name) {
        return new Parameters(
                has(name)
                        ? expect(name, body.path(name).isObject(), "an object", ObjectNode.class)
                        : JSON.createObjectNode());
    }

    private <T> T expect(String name, boolean valid, String expected, Class<T> type) {
        if (!valid) {
            throw wrong(name, expected);
        }
        return type.cast(body.get(name));
    }

    ApiException wrong(String name, String expected) {
        String found = body.path(name).toString();
        String shown = found.length() > 60 ? found.substring(0, 60) + "..." : found;
        return ApiException.invalid(name, name + " is " + shown + ", expected " + expected);
    }

    Optional<String> text(String name) {
        if (!has(name)) {
            return Optional.empty();
        }
        if (!body.get(name).isTextual()) {
            throw wrong(name, "a text");
        }
        return Optional.of(body.get(name).asText());
    }

    boolean flag(String name, boolean absent) {
        if (!has(name)) {
            return absent;
        }
        if (!body.get(name).isBoolean()) {
            throw wrong(name, "true or false");
        }
        return body.get(name).asBoolean();
    }

    OptionalInt integer(String name, int least, int most) {
        if (!has(name)) {
            return OptionalInt.empty();
        }
        JsonNode value = body.get(name);
        boolean whole =
                value.isIntegralNumber() || (value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue()));
        if (!whole || value.doubleValue() < least || value.doubleValue() > most) {
            throw wrong(name, "a whole number from " + least + " to " + most);
        }
        return OptionalInt.of(value.intValue());
    }

    Optional<Double> number(String name, double least, double most) {
        if (!has(name)) {
            return Optional.empty();
        }
        JsonNode value = body.get(name);
        if (!value.isNumber() || value.doubleValue() < least || value.doubleValue() > most) {
            throw wrong(name, "a number from " + least + " to " + most);
        }
        return Optional.of(value.doubleValue());
    }

    Optional<Long> seed(String name) {
        if (!has(name)) {
            return Optional.empty();
        }
        if (!body.get(name).canConvertToLong() || !body.get(name).isIntegralNumber()) {
            throw wrong(name, "a whole number of 64 bits");
        }
        return Optional.of(body.get(name).longValue());
    }

    /** One text, or a list of them. */
    List<String> texts(String name, int most) {
        if (!has(name)) {
            return List.of();
        }
        JsonNode value = body.get(name);
        if (value.isTextual()) {
            return value.asText().isEmpty() ? List.of() : List.of(value.asText());
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode each : value) {
            if (!each.isTextual() || each.asText().isEmpty()) {
                throw wrong(name, "a text, or a list of texts that are not empty");
            }
            texts.add(each.asText());
        }
        if (!value.isArray() || texts.size() > most) {
            throw wrong(name, "a text, or a list of at most " + most + " texts");
        }
        return texts;
    }

    /** A list of token ids. */
    List<Integer> ids(String name) {
        List<Integer> ids = new ArrayList<>();
        if (has(name)) {
            if (!body.get(name).isArray()) {
                throw wrong(name, "a list of token ids");
            }
            for (JsonNode id : body.get(name)) {
                ids.add(tokenId(name, id));
            }
        }
        return ids;
    }

    private int tokenId(String name, JsonNode id) {
        if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
            throw wrong(name, "token ids, whole numbers from 0");
        }
        return id.intValue();
    }

    /** Numbers by token id: {@code {"123": -100}}. */
    Map<Integer, Double> byToken(String name, double most) {
        Map<Integer, Double> numbers = new HashMap<>();
        if (has(name)) {
            if (!body.get(name).isObject()) {
                throw wrong(name, "an object of token ids and numbers");
            }
            for (Map.Entry<String, JsonNode> entry : body.get(name).properties()) {
                double value = entry.getValue().doubleValue();
                if (!entry.getKey().matches("\\d{1,9}") || !entry.getValue().isNumber() || Math.abs(value) > most) {
                    throw wrong(name, "an object of token ids, and numbers from -" + most + " to " + most);
                }
                numbers.put(Integer.valueOf(entry.getKey()), value);
            }
        }
        return numbers;
    }

    /** A prompt in one of its four forms: a text, texts, the ids of one, lists of ids. */
    List<Prompt> prompts(String name, int most) {
        JsonNode value = body.path(name);
        String expected = "a text, a list of texts, a list of token ids or a list of such lists, and not empty";
        List<Prompt> prompts = new ArrayList<>();
        if (value.isTextual()) {
            prompts.add(new Prompt.OfText(value.asText()));
        } else if (value.isArray() && !value.isEmpty() && value.get(0).isNumber()) {
            prompts.add(new Prompt.OfIds(tokenIds(name, value)));
        } else if (value.isArray()) {
            boolean texts = value.path(0).isTextual();
            for (JsonNode each : value) {
                if (texts ? !each.isTextual() : !each.isArray() || each.isEmpty()) {
                    throw wrong(name, expected);
                }
                prompts.add(texts ? new Prompt.OfText(each.asText()) : new Prompt.OfIds(tokenIds(name, each)));
            }
        }
        if (prompts.isEmpty()) {
            throw wrong(name, expected);
        }
        if (prompts.size() > most) {
            throw ApiException.invalid(name, name + " has " + prompts.size() + " prompts, expected at most " + most);
        }
        return prompts;
    }

    private int[] tokenIds(String name, JsonNode ids) {
        int[] found = new int[ids.size()];
        for (int i = 0; i < found.length; i++) {
            found[i] = tokenId(name, ids.get(i));
        }
        return found;
    }

    /** What is to be continued. */
    sealed interface Prompt {

        /** A text, to which the tokenizer adds what it adds. */
        record OfText(String text) implements Prompt {}

        /** Token ids, as they are. */
        @SuppressWarnings("ArrayRecordComponent") // read only
        record OfIds(int[] ids) implements Prompt {}
    }
}
