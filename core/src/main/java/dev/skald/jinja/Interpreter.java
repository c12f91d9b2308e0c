package dev.skald.jinja;

import dev.skald.jinja.Node.Expression;
import dev.skald.jinja.Node.Statement;
import dev.skald.jinja.Python.Function;
import dev.skald.jinja.Python.Namespace;
import dev.skald.jinja.Python.Tuple;
import dev.skald.jinja.Python.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Renders a template once: goes through its statements and writes what they say. Bounded in steps and in output. */
final class Interpreter {

    /** Items of a range, and chars of what a repetition makes, at most; Jinja's sandbox has the same bound for ranges. */
    static final int MOST_ITEMS = 100_000;

    private static final long MOST_STEPS = 50_000_000;
    private static final int MOST_CHARS = 64 << 20;

    private final String template;
    /** Whether a name that stands for nothing is an error where it is written. */
    private final boolean strict;

    private final List<Rendered.Part> generations = new ArrayList<>();
    private Text.Builder out = new Text.Builder();
    private long steps;
    /** Blocks whose text is captured, around what is written now. */
    private int captures;

    /** What a statement does to the loop around it. */
    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    Interpreter(String template, boolean strict) {
        this.template = template;
        this.strict = strict;
    }

    Rendered render(List<Statement> statements, Scope scope) {
        execute(statements, scope);
        return new Rendered(out.build().string(), out.origins(), generations);
    }

    private TemplateException error(Node node, String message) {
        return TemplateException.at(template, node.line(), message);
    }

    private void step(Node node) {
        if (++steps > MOST_STEPS || out.length() > MOST_CHARS) {
            throw error(node, "rendering takes too long, or writes too much");
        }
    }

    private Flow execute(List<Statement> statements, Scope scope) {
        for (Statement statement : statements) {
            step(statement);
            Flow flow;
            try {
                flow = execute(statement, scope);
            } catch (EvaluationError e) {
                throw error(statement, e.getMessage());
            }
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow execute(Statement statement, Scope scope) {
        switch (statement) {
            case Node.Plain plain -> out.add(plain.text());
            case Node.Print print -> {
                Object value = evaluate(print.value(), scope);
                if (strict && value instanceof Undefined undefined) {
                    throw undefined.error();
                }
                out.add(Python.text(value));
            }
            case Node.If branch -> {
                return execute(
                        Python.isTrue(evaluate(branch.condition(), scope)) ? branch.body() : branch.other(), scope);
            }
            case Node.For loop -> run(loop, scope);
            case Node.Set set -> assign(set.target(), evaluate(set.value(), scope), scope);
            case Node.SetBlock set -> assign(set.target(), filtered(set.filtered(), set.body(), scope), scope);
            case Node.FilterBlock filter -> out.add(Python.text(filtered(filter.filtered(), filter.body(), scope)));
            case Node.With with -> {
                Scope inner = scope.inside();
                with.values().forEach((name, value) -> inner.set(name, evaluate(value, scope)));
                return execute(with.body(), inner);
            }
            case Node.Macro macro ->
                scope.set(macro.name(), function(macro.name(), macro.parameters(), macro.body(), scope));
            case Node.CallBlock block -> {
                Function caller = function("caller", block.parameters(), block.body(), scope);
                Arguments arguments = arguments(block.call().arguments(), scope);
                Map<String, Object> names = new LinkedHashMap<>(arguments.names());
                names.put("caller", caller);
                Object called = evaluate(block.call().target(), scope);
                out.add(Python.text(call(called, new Arguments(arguments.places(), names))));
            }
            case Node.Generation generation -> {
                int from = out.length();
                Flow flow = execute(generation.body(), scope);
                if (captures == 0) {
                    generations.add(new Rendered.Part(from, out.length()));
                }
                return flow;
            }
            case Node.Break _ -> {
                return Flow.BREAK;
            }
            case Node.Continue _ -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private void run(Node.For loop, Scope scope) {
        List<Object> items = new ArrayList<>();
        for (Object item : Python.iterate(evaluate(loop.items(), scope))) {
            step(loop);
            Scope inner = scope.inside();
            assign(loop.target(), item, inner);
            if (loop.condition().isEmpty()
                    || Python.isTrue(evaluate(loop.condition().get(), inner))) {
                items.add(item);
            }
        }
        if (items.isEmpty()) {
            execute(loop.other(), scope.inside());
        }
        for (int i = 0; i < items.size(); i++) {
            Scope inner = scope.inside();
            inner.set("loop", new Loop(items, i));
            assign(loop.target(), items.get(i), inner);
            if (execute(loop.body(), inner) == Flow.BREAK) {
                break;
            }
        }
    }

    private Text capture(List<Statement> body, Scope scope) {
        Text.Builder around = out;
        out = new Text.Builder();
        captures++;
        try {
            execute(body, scope);
            return out.build();
        } finally {
            captures--;
            out = around;
        }
    }

    private Object filtered(Expression filters, List<Statement> body, Scope scope) {
        Scope inner = scope.inside();
        Text captured = capture(body, inner);
        // A name that no template can spell.
        inner.set("captured text", captured);
        return evaluate(filters, inner);
    }

    private void assign(Expression target, Object value, Scope scope) {
        switch (target) {
            case Node.Name name -> scope.set(name.name(), value);
            case Node.TupleOf tuple -> {
                List<Object> items = Python.iterate(value);
                if (items.size() != tuple.items().size()) {
                    throw new EvaluationError(
                            "expected " + tuple.items().size() + " values to unpack, found " + items.size());
                }
                for (int i = 0; i < items.size(); i++) {
                    assign(tuple.items().get(i), items.get(i), scope);
                }
            }
            case Node.Attribute attribute -> {
                if (!(evaluate(attribute.target(), scope) instanceof Namespace namespace)) {
                    throw new EvaluationError("only attributes of a namespace can be set");
                }
                namespace.attributes().put(Text.of(attribute.name()), value);
            }
            default -> throw new EvaluationError("cannot assign to this");
        }
    }

    private Function function(String name, Node.Parameters parameters, List<Statement> body, Scope scope) {
        return arguments -> {
            Scope inner = scope.inside();
            Map<String, Object> defaults = new LinkedHashMap<>();
            parameters.defaults().forEach((each, value) -> defaults.put(each, evaluate(value, scope)));
            arguments.bind(name, parameters.names(), defaults).forEach(inner::set);
            Object caller = arguments.names().get("caller");
            if (caller != null) {
                inner.set("caller", caller);
            }
            return capture(body, inner);
        };
    }

    private Arguments arguments(Node.ArgumentNodes nodes, Scope scope) {
        if (nodes.equals(Node.ArgumentNodes.NONE)) {
            return Arguments.NONE;
        }
        List<Object> places = evaluate(nodes.places(), scope);
        nodes.more().ifPresent(more -> places.addAll(Python.iterate(evaluate(more, scope))));
        Map<String, Object> names = new LinkedHashMap<>();
        nodes.names().forEach((name, value) -> names.put(name, evaluate(value, scope)));
        if (nodes.moreNames().isPresent()) {
            if (!(evaluate(nodes.moreNames().get(), scope) instanceof Map<?, ?> more)) {
                throw new EvaluationError("expected a dict after **");
            }
            more.forEach((name, value) -> names.put(Python.string(name), value));
        }
        return new Arguments(places, names);
    }

    private List<Object> evaluate(List<Expression> expressions, Scope scope) {
        List<Object> values = new ArrayList<>();
        expressions.forEach(each -> values.add(evaluate(each, scope)));
        return values;
    }

    private Object evaluate(Expression expression, Scope scope) {
        step(expression);
        return switch (expression) {
            case Node.Literal literal -> literal.value();
            case Node.Name name -> scope.get(name.name());
            case Node.Captured _ -> scope.get("captured text");
            case Node.ListOf list -> evaluate(list.items(), scope);
            case Node.TupleOf tuple -> new Tuple(evaluate(tuple.items(), scope));
            case Node.DictOf dict -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                dict.entries()
                        .forEach(entry -> map.put(evaluate(entry.getKey(), scope), evaluate(entry.getValue(), scope)));
                yield map;
            }
            case Node.Attribute attribute -> Python.attribute(evaluate(attribute.target(), scope), attribute.name());
            case Node.Item item -> Python.item(evaluate(item.target(), scope), evaluate(item.index(), scope));
            case Node.Slice slice ->
                Python.slice(
                        evaluate(slice.target(), scope),
                        bound(slice.from(), scope),
                        bound(slice.to(), scope),
                        bound(slice.step(), scope));
            case Node.Call call -> call(evaluate(call.target(), scope), arguments(call.arguments(), scope));
            case Node.Filter filter ->
                Filters.apply(filter.name(), evaluate(filter.target(), scope), arguments(filter.arguments(), scope));
            case Node.Test test ->
                Tests.holds(test.name(), evaluate(test.target(), scope), arguments(test.arguments(), scope));
            case Node.Not not -> !Python.isTrue(evaluate(not.value(), scope));
            case Node.Sign sign -> {
                Object value = evaluate(sign.value(), scope);
                yield sign.minus() ? Arithmetic.of("-", 0L, value) : Arithmetic.of("+", 0L, value);
            }
            case Node.Either either -> {
                Object left = evaluate(either.left(), scope);
                yield Python.isTrue(left) == either.and() ? evaluate(either.right(), scope) : left;
            }
            case Node.Binary binary ->
                Arithmetic.of(binary.operator(), evaluate(binary.left(), scope), evaluate(binary.right(), scope));
            case Node.Compare compare -> compare(compare, scope);
            case Node.Conditional conditional -> {
                if (Python.isTrue(evaluate(conditional.condition(), scope))) {
                    yield evaluate(conditional.value(), scope);
                }
                yield conditional.other().isPresent()
                        ? evaluate(conditional.other().get(), scope)
                        : new Undefined("the value of an if without else");
            }
        };
    }

    private Object bound(Optional<Expression> bound, Scope scope) {
        return bound.isPresent() ? evaluate(bound.get(), scope) : Python.NONE;
    }

    private boolean compare(Node.Compare compare, Scope scope) {
        Object left = evaluate(compare.first(), scope);
        for (Node.Comparison comparison : compare.rest()) {
            Object right = evaluate(comparison.right(), scope);
            boolean holds = switch (comparison.operator()) {
                case "==" -> Python.equal(left, right);
                case "!=" -> !Python.equal(left, right);
                case "in" -> Python.contains(right, left);
                case "not in" -> !Python.contains(right, left);
                case "<" -> order(left, right) < 0;
                case "<=" -> order(left, right) <= 0;
                case ">" -> order(left, right) > 0;
                default -> order(left, right) >= 0;
            };
            if (!holds) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private static int order(Object left, Object right) {
        if (left instanceof Undefined undefined) {
            throw undefined.error();
        }
        return Python.compare(left, right);
    }

    private static Object call(Object target, Arguments arguments) {
        return switch (target) {
            case Function function -> function.call(arguments);
            case Undefined undefined -> throw undefined.error();
            default -> throw new EvaluationError(Python.type(target) + " cannot be called");
        };
    }
}
