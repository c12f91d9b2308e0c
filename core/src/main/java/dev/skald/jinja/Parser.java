package dev.skald.jinja;

import dev.skald.jinja.Node.ArgumentNodes;
import dev.skald.jinja.Node.Expression;
import dev.skald.jinja.Node.Statement;
import dev.skald.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Makes statements of tokens; {@link ExpressionParser} reads what stands inside the tags. The grammar is that of jinja2's parser.py. */
final class Parser {

    private static final Set<String> NOT_FOR_CHATS = Set.of("include", "import", "from", "extends", "block", "do");

    private final Tokens tokens;
    private final ExpressionParser expressions;
    private int loops;

    private Parser(Tokens tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static List<Statement> parse(String name, String source, boolean keepsSpace) {
        Tokens tokens = new Tokens(name, Lexer.tokens(name, source, keepsSpace));
        List<Statement> statements = new Parser(tokens).body(Set.of());
        if (tokens.peek().kind() != Kind.END) {
            throw tokens.unexpected("the end of the template");
        }
        return statements;
    }

    /** Statements up to a tag with one of these names, whose name is the next token then; all of them where there are no names. */
    private List<Statement> body(Set<String> ends) {
        List<Statement> statements = new ArrayList<>();
        while (true) {
            Token token = tokens.next();
            switch (token.kind()) {
                case TEXT -> statements.add(new Node.Plain(token.line(), Text.of(token.value())));
                case PRINT_BEGIN -> {
                    statements.add(new Node.Print(token.line(), expressions.tuple()));
                    tokens.expect(Kind.PRINT_END, "}}");
                }
                case BLOCK_BEGIN -> {
                    if (tokens.peek().kind() == Kind.NAME
                            && ends.contains(tokens.peek().value())) {
                        return statements;
                    }
                    statements.add(statement(tokens.expectName("the name of a tag")));
                }
                default -> {
                    if (!ends.isEmpty()) {
                        tokens.back();
                        throw tokens.unexpected(
                                String.join(" or ", ends.stream().sorted().toList()));
                    }
                    tokens.back();
                    return statements;
                }
            }
        }
    }

    private Statement statement(Token tag) {
        int line = tag.line();
        return switch (tag.value()) {
            case "if" -> ifStatement(line);
            case "for" -> forStatement(line);
            case "set" -> set(line);
            case "macro" -> macro(line);
            case "call" -> call(line);
            case "with" -> with(line);
            case "filter" -> {
                Expression filtered = expressions.filters(new Node.Captured(line), true);
                yield new Node.FilterBlock(line, filtered, block("endfilter"));
            }
            case "generation" -> new Node.Generation(line, block("endgeneration"));
            case "break" -> inLoop(tag, new Node.Break(line));
            case "continue" -> inLoop(tag, new Node.Continue(line));
            default ->
                throw tokens.error(
                        tag,
                        NOT_FOR_CHATS.contains(tag.value())
                                ? "the tag " + tag.value() + " is not supported in chat templates"
                                : "unknown tag " + tag.shown());
        };
    }

    private Statement inLoop(Token tag, Statement statement) {
        if (loops == 0) {
            throw tokens.error(tag, tag.value() + " outside of a loop");
        }
        end();
        return statement;
    }

    private void end() {
        tokens.expect(Kind.BLOCK_END, "%}");
    }

    /** The rest of a tag, the body, and the tag that ends it. */
    private List<Statement> block(String end) {
        end();
        List<Statement> body = body(Set.of(end));
        tokens.next();
        end();
        return body;
    }

    private Statement ifStatement(int line) {
        Expression condition = expressions.tuple();
        end();
        List<Statement> body = body(Set.of("elif", "else", "endif"));
        Token next = tokens.next();
        List<Statement> other = switch (next.value()) {
            case "elif" -> List.of(ifStatement(next.line()));
            case "else" -> block("endif");
            default -> {
                end();
                yield List.of();
            }
        };
        return new Node.If(line, condition, body, other);
    }

    private Statement forStatement(int line) {
        Expression target = expressions.target();
        tokens.expectName("in", "in");
        Expression items = expressions.tupleWithoutCondition();
        Optional<Expression> condition = Optional.empty();
        if (tokens.peek().isName("if")) {
            tokens.next();
            condition = Optional.of(expressions.expression());
        }
        if (tokens.peek().isName("recursive")) {
            throw tokens.error(tokens.peek(), "recursive loops are not supported in chat templates");
        }
        end();
        loops++;
        List<Statement> body = body(Set.of("else", "endfor"));
        loops--;
        List<Statement> other = List.of();
        if (tokens.next().isName("else")) {
            other = block("endfor");
        } else {
            end();
        }
        return new Node.For(line, target, items, condition, body, other);
    }

    private Statement set(int line) {
        Expression target = expressions.assignable();
        if (tokens.take("=")) {
            Node.Set set = new Node.Set(line, target, expressions.tuple());
            end();
            return set;
        }
        Expression filtered = expressions.filters(new Node.Captured(line), false);
        return new Node.SetBlock(line, target, filtered, block("endset"));
    }

    private Statement macro(int line) {
        String name = tokens.expectName("a macro's name").value();
        Node.Parameters parameters = parameters();
        return new Node.Macro(line, name, parameters, outsideLoops("endmacro"));
    }

    private Statement call(int line) {
        Node.Parameters parameters =
                tokens.peek().isOperator("(") ? parameters() : new Node.Parameters(List.of(), Map.of());
        Token at = tokens.peek();
        if (!(expressions.expression() instanceof Node.Call call)) {
            throw tokens.error(at, "expected a call after the tag call");
        }
        return new Node.CallBlock(line, call, parameters, outsideLoops("endcall"));
    }

    private List<Statement> outsideLoops(String end) {
        int around = loops;
        loops = 0;
        List<Statement> body = block(end);
        loops = around;
        return body;
    }

    private Node.Parameters parameters() {
        tokens.expect(Kind.OPERATOR, "(");
        List<String> names = new ArrayList<>();
        Map<String, Expression> defaults = new LinkedHashMap<>();
        while (!tokens.take(")")) {
            if (!names.isEmpty()) {
                tokens.expect(Kind.OPERATOR, ",");
            }
            String name = tokens.expectName("a parameter's name").value();
            names.add(name);
            if (tokens.take("=")) {
                defaults.put(name, expressions.expression());
            }
        }
        return new Node.Parameters(names, defaults);
    }

    private Statement with(int line) {
        Map<String, Expression> values = new LinkedHashMap<>();
        while (tokens.peek().kind() != Kind.BLOCK_END) {
            if (!values.isEmpty()) {
                tokens.expect(Kind.OPERATOR, ",");
            }
            String name = tokens.expectName("a name").value();
            tokens.expect(Kind.OPERATOR, "=");
            values.put(name, expressions.expression());
        }
        return new Node.With(line, values, block("endwith"));
    }

    /** The tokens, and where the parser is in them. */
    static final class Tokens {
        private final String name;
        private final List<Token> all;
        private int at;
        private boolean ended;

        Tokens(String name, List<Token> all) {
            this.name = name;
            this.all = all;
        }

        Token peek() {
            return all.get(at);
        }

        Token peekSecond() {
            return all.get(Math.min(at + 1, all.size() - 1));
        }

        Token next() {
            ended = at == all.size() - 1;
            return all.get(ended ? at : at++);
        }

        /** The token that {@link #next} gave is the next one again. */
        void back() {
            at -= ended ? 0 : 1;
        }

        boolean take(String operator) {
            boolean found = peek().isOperator(operator);
            at += found ? 1 : 0;
            return found;
        }

        void expect(Kind kind, String text) {
            if (!peek().is(kind, text)) {
                throw unexpected("'" + text + "'");
            }
            next();
        }

        Token expectName(String what) {
            if (peek().kind() != Kind.NAME) {
                throw unexpected(what);
            }
            return next();
        }

        void expectName(String exactly, String what) {
            if (!peek().isName(exactly)) {
                throw unexpected(what);
            }
            next();
        }

        TemplateException unexpected(String expected) {
            return error(peek(), "found " + peek().shown() + ", expected " + expected);
        }

        TemplateException error(Token token, String message) {
            return TemplateException.at(name, token.line(), message);
        }
    }

    /** Arguments of a call, after the opening parenthesis. */
    static ArgumentNodes arguments(Tokens tokens, ExpressionParser expressions) {
        List<Expression> places = new ArrayList<>();
        Map<String, Expression> names = new LinkedHashMap<>();
        Optional<Expression> more = Optional.empty();
        Optional<Expression> moreNames = Optional.empty();
        for (boolean first = true; !tokens.take(")"); first = false) {
            if (!first) {
                tokens.expect(Kind.OPERATOR, ",");
                if (tokens.take(")")) {
                    break;
                }
            }
            if (tokens.take("*")) {
                more = Optional.of(expressions.expression());
            } else if (tokens.take("**")) {
                moreNames = Optional.of(expressions.expression());
            } else if (tokens.peek().kind() == Kind.NAME && tokens.peekSecond().isOperator("=")) {
                String name = tokens.next().value();
                tokens.next();
                names.put(name, expressions.expression());
            } else if (names.isEmpty() && more.isEmpty() && moreNames.isEmpty()) {
                places.add(expressions.expression());
            } else {
                throw tokens.unexpected("an argument with a name");
            }
        }
        return new ArgumentNodes(places, names, more, moreNames);
    }
}
