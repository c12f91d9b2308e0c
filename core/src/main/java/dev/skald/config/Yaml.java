package dev.skald.config;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * YAML as trees. Jackson's own tree would have an empty value as a text, the text {@code no} as false, {@code 1.10} as 1.1, and would take
 * nothing after the first document. Here an empty value is null, only true and false are truth values, and what is no plain number stays the
 * text that it is; a {@link Binder} reads it as what it needs. Apart from {@link ConfigFile}, so that who reads no YAML needs no library
 * for it.
 */
final class Yaml {

    static final ObjectMapper MAPPER = new YAMLMapper(YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .build());

    private static final Pattern WHOLE = Pattern.compile("-?(0|[1-9][0-9]*)");
    private static final Pattern FRACTION = Pattern.compile("-?(0|[1-9][0-9]*)\\.[0-9]*[1-9]|-?(0|[1-9][0-9]*)\\.0");

    private final YAMLParser parser;

    private Yaml(YAMLParser parser) {
        this.parser = parser;
    }

    /** The one document; a missing node if there is none. */
    static JsonNode parse(String text) throws IOException {
        try (JsonParser parser = MAPPER.createParser(text)) {
            if (parser.nextToken() == null) {
                return MissingNode.getInstance();
            }
            Yaml yaml = new Yaml((YAMLParser) parser);
            JsonNode root = yaml.node();
            if (parser.nextToken() != null) {
                throw yaml.error("found a second document, expected one");
            }
            return root;
        }
    }

    /** The value that begins at the current token. */
    private JsonNode node() throws IOException {
        if (parser.isCurrentAlias()) {
            throw error("found the alias *" + parser.getText() + ", expected a value");
        }
        return switch (parser.currentToken()) {
            case START_OBJECT -> object();
            case START_ARRAY -> {
                ArrayNode list = JsonNodeFactory.instance.arrayNode();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(node());
                }
                yield list;
            }
            case VALUE_NULL -> NullNode.getInstance();
            case VALUE_STRING -> isEmpty() ? NullNode.getInstance() : TextNode.valueOf(parser.getText());
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE -> plain(parser.getText());
            default -> throw error("found " + parser.getText() + ", expected a value");
        };
    }

    private ObjectNode object() throws IOException {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            parser.nextToken();
            object.set(key, node());
        }
        return object;
    }

    /** Nothing at all, not even quotes. */
    private boolean isEmpty() {
        return parser.currentTokenLocation().getCharOffset()
                == parser.currentLocation().getCharOffset();
    }

    private static JsonNode plain(String text) {
        if (WHOLE.matcher(text).matches()) {
            BigInteger number = new BigInteger(text);
            return number.bitLength() < 64
                    ? JsonNodeFactory.instance.numberNode(number.longValue())
                    : BigIntegerNode.valueOf(number);
        }
        if (FRACTION.matcher(text).matches()) {
            return DecimalNode.valueOf(new BigDecimal(text));
        }
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> BooleanNode.TRUE;
            case "false" -> BooleanNode.FALSE;
            default -> TextNode.valueOf(text);
        };
    }

    private JsonParseException error(String problem) {
        return new JsonParseException(parser, problem, parser.currentTokenLocation());
    }
}
