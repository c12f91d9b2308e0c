package dev.skald.tensor;

import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** Computations that free every tensor they make but their result. */
public final class Scoped {

    private Scoped() {}

    /**
     * Runs {@code body} in a scope of its own. Its result belongs to the scope around this call, or, where there is none, to the garbage
     * collector; everything else native that it made is freed.
     */
    public static Tensor tensor(Supplier<Tensor> body) {
        PointerScope outer = PointerScope.getInnerScope();
        try (PointerScope _ = new PointerScope()) {
            Tensor result = body.get();
            if (outer == null) {
                result.retainReference();
            } else {
                outer.attach(result);
            }
            return result;
        }
    }
}
