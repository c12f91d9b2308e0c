package dev.skald.jinja;

import dev.skald.jinja.Node.Statement;
import dev.skald.jinja.Python.Function;
import dev.skald.jinja.Python.Namespace;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A Jinja template, with the environment that transformers renders chat templates in (its chat_template_utils.py): {@code trim_blocks} and {@code
 * lstrip_blocks}, nothing that changes its input, {@code break} and {@code continue}, {@code generation}, {@code raise_exception} and {@code
 * strftime_now}. Values follow Python's rules. Immutable and thread-safe.
 *
 * <p>A template cannot read files, nor call anything but the methods and filters of Jinja; loops and output are bounded.
 */
public final class Template {

    private final String name;
    private final List<Statement> statements;
    private final boolean strict;

    private Template(String name, List<Statement> statements, boolean strict) {
        this.name = name;
        this.statements = statements;
        this.strict = strict;
    }

    /**
     * Reads a template.
     *
     * @param name what errors call it
     * @throws TemplateException when it is not valid, or uses what is not supported: {@code name: line N: ...}
     */
    public static Template parse(String name, String source) {
        return parse(name, source, false);
    }

    /**
     * Reads a template as lm-evaluation-harness has them: white space around tags stays, and so does the last line end, and writing a name that stands
     * for nothing is an error (its utils.py: {@code keep_trailing_newline}, {@code StrictUndefined}).
     *
     * @param name what errors call it
     * @throws TemplateException when it is not valid, or uses what is not supported: {@code name: line N: ...}
     */
    public static Template parseStrict(String name, String source) {
        return parse(name, source, true);
    }

    private static Template parse(String name, String source, boolean strict) {
        try {
            return new Template(name, Parser.parse(name, source, strict), strict);
        } catch (StackOverflowError e) {
            throw TemplateException.at(name, 1, "nested too deeply");
        }
    }

    /** Renders with the time of the clock, see {@link #render(Map, Map, Supplier)}. */
    public Rendered render(Map<String, ?> callers, Map<String, String> own) {
        return render(callers, own, ZonedDateTime::now);
    }

    /**
     * Renders the template.
     *
     * @param callers variables whose strings are the caller's words: null, Boolean, Number, String, {@link Numbered}, and maps and
     *     collections of them
     * @param own variables that count as the template's own words, control tokens above all
     * @param now what {@code strftime_now} tells
     * @throws TemplateException when the template refuses its input, or does what its values do not allow
     */
    public Rendered render(Map<String, ?> callers, Map<String, String> own, Supplier<ZonedDateTime> now) {
        Map<String, Object> variables = new HashMap<>();
        variables.put("raise_exception", (Function) arguments -> {
            throw TemplateException.raised(Python.string(arguments.get(0, "message")));
        });
        variables.put("strftime_now", (Function)
                arguments -> Text.of(Strftime.format(now.get(), Python.string(arguments.get(0, "format")))));
        variables.put("range", (Function) Template::range);
        variables.put("namespace", (Function) arguments -> new Namespace(attributes(arguments)));
        variables.put("dict", (Function) arguments -> new LinkedHashMap<Object, Object>(attributes(arguments)));
        own.forEach((key, value) -> variables.put(key, Text.of(value)));
        callers.forEach((key, value) -> variables.put(key, Python.ofCaller(value)));
        try {
            return new Interpreter(name, strict).render(statements, Scope.of(variables));
        } catch (StackOverflowError e) {
            throw TemplateException.at(name, 1, "a macro calls itself without end");
        }
    }

    private static Map<Text, Object> attributes(Arguments arguments) {
        Map<Text, Object> attributes = new LinkedHashMap<>();
        if (!arguments.places().isEmpty() && arguments.places().getFirst() instanceof Map<?, ?> map) {
            map.forEach((key, value) -> attributes.put(Python.text(key), value));
        }
        arguments.names().forEach((key, value) -> attributes.put(Text.of(key), value));
        return attributes;
    }

    private static Object range(Arguments arguments) {
        boolean one = arguments.places().size() == 1;
        long from = one ? 0 : arguments.integer(0, "start", 0);
        long to = Python.integer(arguments.get(one ? 0 : 1, "stop"));
        long step = arguments.integer(2, "step", 1);
        if (step == 0) {
            throw new EvaluationError("range: the step is 0");
        }
        long count = Math.max(0, Math.ceilDiv(to - from, step));
        if (count > Interpreter.MOST_ITEMS) {
            throw new EvaluationError("range: " + count + " items are more than " + Interpreter.MOST_ITEMS);
        }
        List<Object> items = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            items.add(from + i * step);
        }
        return items;
    }
}
