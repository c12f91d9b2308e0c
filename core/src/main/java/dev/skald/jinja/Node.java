package dev.skald.jinja;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a template is made of once it is parsed. */
sealed interface Node {

    /** The line that it begins on, from 1. */
    int line();

    /** A node that has a value. */
    sealed interface Expression extends Node {}

    /** A value that stands there. */
    record Literal(int line, Object value) implements Expression {}

    /** A variable. */
    record Name(int line, String name) implements Expression {}

    /** {@code [a, b]}. */
    record ListOf(int line, List<Expression> items) implements Expression {}

    /** {@code (a, b)}. */
    record TupleOf(int line, List<Expression> items) implements Expression {}

    /** {@code {key: value}}. */
    record DictOf(int line, List<Map.Entry<Expression, Expression>> entries) implements Expression {}

    /** {@code target.name}. */
    record Attribute(int line, Expression target, String name) implements Expression {}

    /** {@code target[index]}. */
    record Item(int line, Expression target, Expression index) implements Expression {}

    /** {@code target[from:to:step]}. */
    record Slice(
            int line, Expression target, Optional<Expression> from, Optional<Expression> to, Optional<Expression> step)
            implements Expression {}

    /** {@code target(arguments)}. */
    record Call(int line, Expression target, ArgumentNodes arguments) implements Expression {}

    /** {@code target | name(arguments)}. */
    record Filter(int line, Expression target, String name, ArgumentNodes arguments) implements Expression {}

    /** {@code target is name(arguments)}. */
    record Test(int line, Expression target, String name, ArgumentNodes arguments) implements Expression {}

    /** {@code not value}. */
    record Not(int line, Expression value) implements Expression {}

    /** {@code -value} and {@code +value}. */
    record Sign(int line, boolean minus, Expression value) implements Expression {}

    /** {@code left and right}, {@code left or right}: the value of one of them. */
    record Either(int line, boolean and, Expression left, Expression right) implements Expression {}

    /** Arithmetic, and {@code ~}. */
    record Binary(int line, String operator, Expression left, Expression right) implements Expression {}

    /** {@code first < second <= third}. */
    record Compare(int line, Expression first, List<Comparison> rest) implements Expression {}

    /** The second half of a comparison. */
    record Comparison(String operator, Expression right) {}

    /** {@code value if condition else other}. */
    record Conditional(int line, Expression condition, Expression value, Optional<Expression> other)
            implements Expression {}

    /** Arguments by place and by name; {@code more} and {@code moreNames} are {@code *list} and {@code **dict}. */
    record ArgumentNodes(
            List<Expression> places,
            Map<String, Expression> names,
            Optional<Expression> more,
            Optional<Expression> moreNames) {
        static final ArgumentNodes NONE = places(List.of());

        static ArgumentNodes places(List<Expression> places) {
            return new ArgumentNodes(places, Map.of(), Optional.empty(), Optional.empty());
        }
    }

    /** A node that writes. */
    sealed interface Statement extends Node {}

    /** Text outside of any tag. */
    record Plain(int line, Text text) implements Statement {}

    /** {@code {{ value }}}. */
    record Print(int line, Expression value) implements Statement {}

    /** {@code if}, and {@code elif} as its other body. */
    record If(int line, Expression condition, List<Statement> body, List<Statement> other) implements Statement {}

    /** {@code for target in items if condition}. */
    record For(
            int line,
            Expression target,
            Expression items,
            Optional<Expression> condition,
            List<Statement> body,
            List<Statement> other)
            implements Statement {}

    /** {@code set target = value}. */
    record Set(int line, Expression target, Expression value) implements Statement {}

    /** {@code set target}, with what its body writes; the filters are those of the tag, around {@link Captured}. */
    record SetBlock(int line, Expression target, Expression filtered, List<Statement> body) implements Statement {}

    /** {@code filter name}: the body goes through the filters, around {@link Captured}. */
    record FilterBlock(int line, Expression filtered, List<Statement> body) implements Statement {}

    /** What a block wrote, as the innermost operand of its filters. */
    record Captured(int line) implements Expression {}

    /** {@code with a = 1}. */
    record With(int line, Map<String, Expression> values, List<Statement> body) implements Statement {}

    /** Parameters of a macro, the last ones with defaults. */
    record Parameters(List<String> names, Map<String, Expression> defaults) {}

    /** {@code macro name(parameters)}. */
    record Macro(int line, String name, Parameters parameters, List<Statement> body) implements Statement {}

    /** {@code call(parameters) target(arguments)}. */
    record CallBlock(int line, Call call, Parameters parameters, List<Statement> body) implements Statement {}

    /** {@code generation}: what the model is to learn to write. */
    record Generation(int line, List<Statement> body) implements Statement {}

    /** {@code break}. */
    record Break(int line) implements Statement {}

    /** {@code continue}. */
    record Continue(int line) implements Statement {}
}
