package dev.skald.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Keys of another program, whose files are read here too, that no component stands for. Some change nothing here: they may have any value,
 * and a warning says why nothing comes of it. Some would change what the run is: they are refused, unless their value says that they are
 * off, which they are here anyway.
 */
public final class ForeignKeys {

    private static final Set<String> OFF = Set.of("", "false", "no", "none", "off", "auto");

    private final Map<String, Known> known = new HashMap<>();

    /**
     * A key that is known.
     *
     * @param reason why it has no effect, or is refused
     * @param refused whether it is
     * @param harmless values, beside those that are off, that a refused key may have
     */
    record Known(String reason, boolean refused, List<String> harmless) {

        /** Whether the value asks for nothing that is not so anyway. */
        boolean asksForNothing(JsonNode value) {
            return isOff(value) || harmless.contains(value.asText());
        }
    }

    /** Keys with dots, without the places in lists ({@code datasets.path}); one that ends with {@code *} stands for all that begin so. */
    public ForeignKeys without(String reason, String... keys) {
        return put(new Known(reason, false, List.of()), keys);
    }

    /** Keys that may be there only when they are off. */
    public ForeignKeys refused(String reason, String... keys) {
        return put(new Known(reason, true, List.of()), keys);
    }

    /** A key that may be there only when it is off or has this value. */
    public ForeignKeys refusedUnless(String harmless, String reason, String... keys) {
        return put(new Known(reason, true, List.of(harmless)), keys);
    }

    private ForeignKeys put(Known how, String... keys) {
        for (String key : keys) {
            known.put(key, how);
        }
        return this;
    }

    /** All names, for a test that none is taken by a component. */
    public Set<String> names() {
        return Set.copyOf(known.keySet());
    }

    /** What is known of a key by its whole name. */
    Optional<Known> find(String key) {
        return Optional.ofNullable(known.get(plain(key)));
    }

    /** What is known of a key by its beginning. */
    Optional<Known> findFamily(String key) {
        String plain = plain(key);
        for (int end = plain.length(); end > 0; end--) {
            Known family = known.get(plain.substring(0, end) + "*");
            if (family != null) {
                return Optional.of(family);
            }
        }
        return Optional.empty();
    }

    private static String plain(String key) {
        return key.replaceAll("\\[\\d+]", "");
    }

    /** Whether a value says that there is nothing: empty, false, 0, none, or {@code {enabled: false}}. */
    static boolean isOff(JsonNode value) {
        return switch (value.getNodeType()) {
            case MISSING, NULL -> true;
            case BOOLEAN -> !value.booleanValue();
            case NUMBER -> value.doubleValue() == 0;
            case STRING -> OFF.contains(value.textValue().toLowerCase(Locale.ROOT));
            case ARRAY -> value.isEmpty();
            case OBJECT -> value.isEmpty() || (value.has("enabled") && isOff(value.get("enabled")));
            case BINARY, POJO -> false;
        };
    }
}
