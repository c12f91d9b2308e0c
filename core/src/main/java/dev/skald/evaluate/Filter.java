package dev.skald.evaluate;

import dev.skald.config.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What is done to a text before it is compared with the target; as {@code filter_list} of lm-evaluation-harness.
 *
 * @param name stands behind the metric's name in results: {@code exact_match,name}
 */
record Filter(String name, List<UnaryOperator<String>> steps) {

    /** The name of the filter that changes nothing. */
    static final String NONE = "none";

    private static final String NOT_FOUND = "[invalid]";

    /** The filters of a task: where none are given one that changes nothing, named {@code none}. */
    static List<Filter> of(Value list) {
        if (list.isAbsent()) {
            return List.of(new Filter(NONE, List.of()));
        }
        List<Filter> filters = new ArrayList<>();
        for (Value each : list.list()) {
            List<UnaryOperator<String>> steps = new ArrayList<>();
            for (Value step : each.at("filter").list()) {
                steps.add(step(step));
            }
            filters.add(new Filter(each.at("name").text(), List.copyOf(steps)));
        }
        return filters;
    }

    String apply(String text) {
        String result = text;
        for (UnaryOperator<String> step : steps) {
            result = step.apply(result);
        }
        return result;
    }

    private static UnaryOperator<String> step(Value step) {
        return switch (step.at("function").text()) {
            case "take_first", "majority_vote" -> UnaryOperator.identity(); // there is one text
            case "lowercase" -> text -> text.toLowerCase(Locale.ROOT);
            case "uppercase" -> text -> text.toUpperCase(Locale.ROOT);
            case "remove_whitespace" -> String::stripLeading;
            case "regex" -> regex(step);
            default ->
                throw step.at("function")
                        .wrong("one of regex, lowercase, uppercase, remove_whitespace, take_first, majority_vote");
        };
    }

    /** The match of a pattern, its first group that matched something, or a text that says that there is none. */
    private static UnaryOperator<String> regex(Value step) {
        Value given = step.at("regex_pattern");
        Pattern pattern;
        try {
            pattern = Pattern.compile(given.text(), Pattern.UNICODE_CHARACTER_CLASS);
        } catch (PatternSyntaxException e) {
            throw given.wrong("a regular expression: " + e.getDescription());
        }
        int select =
                step.at("group_select").isAbsent() ? 0 : step.at("group_select").integer();
        String fallback =
                step.at("fallback").isAbsent() ? NOT_FOUND : step.at("fallback").text();
        return text -> {
            List<String> found = new ArrayList<>();
            Matcher matcher = pattern.matcher(text);
            while (matcher.find()) {
                found.add(match(matcher, fallback));
            }
            int at = select < 0 ? found.size() + select : select;
            return at < 0 || at >= found.size() ? fallback : found.get(at).strip();
        };
    }

    /** As Python's {@code findall} gives it: all of it, its group, or of several groups the first that is not empty. */
    private static String match(Matcher matcher, String fallback) {
        int groups = matcher.groupCount();
        if (groups < 2) {
            String all = matcher.group(groups);
            return all == null ? "" : all;
        }
        for (int group = 1; group <= groups; group++) {
            String part = matcher.group(group);
            if (part != null && !part.isEmpty()) {
                return part;
            }
        }
        return fallback;
    }
}
