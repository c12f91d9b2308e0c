package dev.skald.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Variables, inside of those around them. */
final class Scope {

    private final Optional<Scope> around;
    private final Map<String, Object> variables;

    private Scope(Optional<Scope> around, Map<String, Object> variables) {
        this.around = around;
        this.variables = variables;
    }

    static Scope of(Map<String, Object> variables) {
        return new Scope(Optional.empty(), new HashMap<>(variables));
    }

    Scope inside() {
        return new Scope(Optional.of(this), new HashMap<>());
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.around.orElse(null)) {
            Object value = scope.variables.get(name);
            if (value != null) {
                return value;
            }
        }
        return new Python.Undefined("'" + name + "'");
    }

    void set(String name, Object value) {
        variables.put(name, value);
    }
}
