package dev.skald.kernel;

import dev.skald.tensor.Natives;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The matrix product of the BLAS that libtorch brings (OpenBLAS), in f32, on the calling thread alone. Called by address, since a tile of a
 * product needs leading dimensions and sums in place, and because libtorch's own call divides the work among threads of OpenBLAS, which
 * changes the last bits with their number.
 */
final class Sgemm {

    private static final int ROW_MAJOR = 101;
    private static final int AS_IT_IS = 111;
    private static final int TRANSPOSED = 112;

    private static final Optional<MethodHandle> CBLAS_SGEMM = load();

    private Sgemm() {}

    /** Whether the BLAS that was loaded has the function. */
    static boolean isThere() {
        return CBLAS_SGEMM.isPresent();
    }

    /**
     * {@code c = a b + beta c}, row-major.
     *
     * @param m rows of {@code a} and {@code c}
     * @param n columns of {@code b} and {@code c}
     * @param k columns of {@code a}, rows of {@code b}
     * @param aTransposed whether {@code a} lies in memory as {@code [k, m]}
     * @param lda floats from one row in memory to the next
     */
    static void multiply(
            int m,
            int n,
            int k,
            long a,
            int lda,
            boolean aTransposed,
            long b,
            int ldb,
            boolean bTransposed,
            float beta,
            long c,
            int ldc) {
        try {
            CBLAS_SGEMM
                    .orElseThrow()
                    .invokeExact(
                            ROW_MAJOR,
                            aTransposed ? TRANSPOSED : AS_IT_IS,
                            bTransposed ? TRANSPOSED : AS_IT_IS,
                            m,
                            n,
                            k,
                            1f,
                            a,
                            lda,
                            b,
                            ldb,
                            beta,
                            c,
                            ldc);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static Optional<MethodHandle> load() {
        Natives.load();
        Optional<MethodHandle> threads =
                function("openblas_set_num_threads", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        Optional<MethodHandle> sgemm = function(
                "cblas_sgemm",
                FunctionDescriptor.ofVoid(
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_FLOAT,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_FLOAT,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT));
        if (threads.isEmpty()) {
            return Optional.empty();
        }
        try {
            threads.get().invokeExact(1);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        return sgemm;
    }

    private static Optional<MethodHandle> function(String name, FunctionDescriptor signature) {
        Optional<MemorySegment> address = SymbolLookup.loaderLookup().find(name);
        return address.map(a -> Linker.nativeLinker().downcallHandle(a, signature));
    }
}
