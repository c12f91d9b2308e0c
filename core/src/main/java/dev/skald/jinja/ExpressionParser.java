package dev.skald.jinja;

import dev.skald.jinja.Node.ArgumentNodes;
import dev.skald.jinja.Node.Expression;
import dev.skald.jinja.Parser.Tokens;
import dev.skald.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads expressions, by jinja2's precedence: condition, or, and, not, comparison, sum, ~, product, power, sign, postfix, filter and test. */
final class ExpressionParser {

    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> NO_ARGUMENT = Set.of("else", "or", "and");

    private final Tokens tokens;

    ExpressionParser(Tokens tokens) {
        this.tokens = tokens;
    }

    /** An expression, or several with commas between them as a tuple. */
    Expression tuple() {
        return tuple(true);
    }

    /** The items of a loop, whose {@code if} is the loop's. */
    Expression tupleWithoutCondition() {
        return tuple(false);
    }

    private Expression tuple(boolean conditions) {
        int line = tokens.peek().line();
        Expression first = conditions ? expression() : or();
        if (!tokens.peek().isOperator(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.take(",")) {
            if (isTupleEnd()) {
                break;
            }
            items.add(conditions ? expression() : or());
        }
        return new Node.TupleOf(line, items);
    }

    private boolean isTupleEnd() {
        Token token = tokens.peek();
        return token.kind() == Kind.PRINT_END || token.kind() == Kind.BLOCK_END || token.isOperator(")");
    }

    /** The variables of a loop. */
    Expression target() {
        int line = tokens.peek().line();
        boolean parenthesis = tokens.take("(");
        List<Expression> names = new ArrayList<>();
        do {
            Token name = tokens.expectName("a variable's name");
            names.add(new Node.Name(name.line(), name.value()));
        } while (tokens.take(","));
        if (parenthesis) {
            tokens.expect(Kind.OPERATOR, ")");
        }
        return names.size() == 1 ? names.getFirst() : new Node.TupleOf(line, names);
    }

    /** What {@code set} assigns to: names, or an attribute of a namespace. */
    Expression assignable() {
        if (tokens.peekSecond().isOperator(".")) {
            Token name = tokens.expectName("a variable's name");
            tokens.next();
            Token attribute = tokens.expectName("an attribute's name");
            return new Node.Attribute(name.line(), new Node.Name(name.line(), name.value()), attribute.value());
        }
        return target();
    }

    /** One expression. */
    Expression expression() {
        Expression value = or();
        while (tokens.peek().isName("if")) {
            int line = tokens.next().line();
            Expression condition = or();
            Optional<Expression> other = Optional.empty();
            if (tokens.peek().isName("else")) {
                tokens.next();
                other = Optional.of(expression());
            }
            value = new Node.Conditional(line, condition, value, other);
        }
        return value;
    }

    private Expression or() {
        Expression left = and();
        while (tokens.peek().isName("or")) {
            int line = tokens.next().line();
            left = new Node.Either(line, false, left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.peek().isName("and")) {
            int line = tokens.next().line();
            left = new Node.Either(line, true, left, not());
        }
        return left;
    }

    private Expression not() {
        if (tokens.peek().isName("not")) {
            int line = tokens.next().line();
            return new Node.Not(line, not());
        }
        return comparison();
    }

    private Expression comparison() {
        int line = tokens.peek().line();
        Expression first = sum();
        List<Node.Comparison> rest = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.value())) {
                tokens.next();
                rest.add(new Node.Comparison(token.value(), sum()));
            } else if (token.isName("in")) {
                tokens.next();
                rest.add(new Node.Comparison("in", sum()));
            } else if (token.isName("not") && tokens.peekSecond().isName("in")) {
                tokens.next();
                tokens.next();
                rest.add(new Node.Comparison("not in", sum()));
            } else {
                return rest.isEmpty() ? first : new Node.Compare(line, first, rest);
            }
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (tokens.peek().isOperator("+") || tokens.peek().isOperator("-")) {
            Token operator = tokens.next();
            left = new Node.Binary(operator.line(), operator.value(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression left = product();
        while (tokens.peek().isOperator("~")) {
            Token operator = tokens.next();
            left = new Node.Binary(operator.line(), "~", left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = power();
        while (List.of("*", "/", "//", "%").contains(tokens.peek().value())
                && tokens.peek().kind() == Kind.OPERATOR) {
            Token operator = tokens.next();
            left = new Node.Binary(operator.line(), operator.value(), left, power());
        }
        return left;
    }

    private Expression power() {
        Expression left = unary(true);
        while (tokens.peek().isOperator("**")) {
            Token operator = tokens.next();
            left = new Node.Binary(operator.line(), "**", left, unary(true));
        }
        return left;
    }

    private Expression unary(boolean filters) {
        Token token = tokens.peek();
        Expression value;
        if (token.isOperator("-") || token.isOperator("+")) {
            tokens.next();
            value = new Node.Sign(token.line(), token.isOperator("-"), unary(false));
        } else {
            value = postfix(primary());
        }
        return filters ? filters(value, false) : value;
    }

    private Expression primary() {
        Token token = tokens.next();
        int line = token.line();
        return switch (token.kind()) {
            case NAME ->
                switch (token.value()) {
                    case "true", "True" -> new Node.Literal(line, true);
                    case "false", "False" -> new Node.Literal(line, false);
                    case "none", "None" -> new Node.Literal(line, Python.NONE);
                    default -> new Node.Name(line, token.value());
                };
            case STRING -> {
                StringBuilder text = new StringBuilder(token.value());
                while (tokens.peek().kind() == Kind.STRING) {
                    text.append(tokens.next().value());
                }
                yield new Node.Literal(line, Text.of(text.toString()));
            }
            case INTEGER -> new Node.Literal(line, number(token));
            case FLOAT -> new Node.Literal(line, Double.parseDouble(token.value()));
            default ->
                switch (token.kind() == Kind.OPERATOR ? token.value() : "") {
                    case "(" -> parenthesis(line);
                    case "[" -> new Node.ListOf(line, items("]"));
                    case "{" -> dictionary(line);
                    default -> {
                        tokens.back();
                        throw tokens.unexpected("an expression");
                    }
                };
        };
    }

    private Long number(Token token) {
        try {
            return Long.parseLong(token.value());
        } catch (NumberFormatException e) {
            throw tokens.error(token, "the number " + token.value() + " is too large");
        }
    }

    private Expression parenthesis(int line) {
        if (tokens.take(")")) {
            return new Node.TupleOf(line, List.of());
        }
        Expression value = tuple();
        tokens.expect(Kind.OPERATOR, ")");
        return value;
    }

    private List<Expression> items(String end) {
        List<Expression> items = new ArrayList<>();
        while (!tokens.take(end)) {
            if (!items.isEmpty()) {
                tokens.expect(Kind.OPERATOR, ",");
                if (tokens.take(end)) {
                    break;
                }
            }
            items.add(expression());
        }
        return items;
    }

    private Expression dictionary(int line) {
        List<Map.Entry<Expression, Expression>> entries = new ArrayList<>();
        while (!tokens.take("}")) {
            if (!entries.isEmpty()) {
                tokens.expect(Kind.OPERATOR, ",");
                if (tokens.take("}")) {
                    break;
                }
            }
            Expression key = expression();
            tokens.expect(Kind.OPERATOR, ":");
            entries.add(Map.entry(key, expression()));
        }
        return new Node.DictOf(line, entries);
    }

    private Expression postfix(Expression target) {
        Expression value = target;
        while (true) {
            int line = tokens.peek().line();
            if (tokens.take(".")) {
                Token name = tokens.next();
                value = switch (name.kind()) {
                    case NAME -> new Node.Attribute(line, value, name.value());
                    case INTEGER -> new Node.Item(line, value, new Node.Literal(line, number(name)));
                    default -> {
                        tokens.back();
                        throw tokens.unexpected("an attribute's name");
                    }
                };
            } else if (tokens.take("[")) {
                value = subscript(line, value);
            } else if (tokens.take("(")) {
                value = new Node.Call(line, value, Parser.arguments(tokens, this));
            } else {
                return value;
            }
        }
    }

    private Expression subscript(int line, Expression target) {
        Optional<Expression> from = tokens.peek().isOperator(":") ? Optional.empty() : Optional.of(tuple());
        if (from.isPresent() && tokens.take("]")) {
            return new Node.Item(line, target, from.get());
        }
        tokens.expect(Kind.OPERATOR, ":");
        Optional<Expression> to = bound();
        Optional<Expression> step = tokens.take(":") ? bound() : Optional.empty();
        tokens.expect(Kind.OPERATOR, "]");
        return new Node.Slice(line, target, from, to, step);
    }

    private Optional<Expression> bound() {
        boolean absent = tokens.peek().isOperator(":") || tokens.peek().isOperator("]");
        return absent ? Optional.empty() : Optional.of(expression());
    }

    /**
     * The filters, tests and calls that follow a value.
     *
     * @param named whether the first filter's name is next, without a bar before it
     */
    Expression filters(Expression target, boolean named) {
        Expression value = named ? filter(tokens.peek().line(), target) : target;
        while (true) {
            int line = tokens.peek().line();
            if (tokens.take("|")) {
                value = filter(line, value);
            } else if (tokens.peek().isName("is")) {
                tokens.next();
                value = test(line, value);
            } else if (tokens.take("(")) {
                value = new Node.Call(line, value, Parser.arguments(tokens, this));
            } else {
                return value;
            }
        }
    }

    private Expression filter(int line, Expression target) {
        Token name = tokens.expectName("a filter's name");
        if (!Filters.exists(name.value())) {
            throw tokens.error(name, "unknown filter " + name.shown());
        }
        ArgumentNodes arguments = tokens.take("(") ? Parser.arguments(tokens, this) : ArgumentNodes.NONE;
        return new Node.Filter(line, target, name.value(), arguments);
    }

    private Expression test(int line, Expression target) {
        boolean not = tokens.peek().isName("not");
        if (not) {
            tokens.next();
        }
        Token name = tokens.expectName("a test's name");
        if (!Tests.exists(name.value())) {
            throw tokens.error(name, "unknown test " + name.shown());
        }
        ArgumentNodes arguments = ArgumentNodes.NONE;
        Token next = tokens.peek();
        if (tokens.take("(")) {
            arguments = Parser.arguments(tokens, this);
        } else if (next.isName("is")) {
            throw tokens.error(next, "tests cannot be chained with is");
        } else if (beginsArgument(next)) {
            arguments = ArgumentNodes.places(List.of(postfix(primary())));
        }
        Expression test = new Node.Test(line, target, name.value(), arguments);
        return not ? new Node.Not(line, test) : test;
    }

    private static boolean beginsArgument(Token token) {
        return switch (token.kind()) {
            case NAME -> !NO_ARGUMENT.contains(token.value());
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> token.isOperator("[") || token.isOperator("{");
            default -> false;
        };
    }
}
