package dev.skald.train;

import dev.skald.kernel.Workers;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The sum of squares of f32 gradients, in f64 and in an order that does not depend on the number of threads. */
final class GradientNorm {

    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final long CHUNK = 1 << 16;

    private GradientNorm() {}

    /** The sum of squares of {@code length} elements from {@code from} on; not finite where one of them is not. */
    static double sumOfSquares(Tensor gradients, long from, long length, Workers workers) {
        if (!gradients.device().is_cpu()) {
            try (PointerScope _ = new PointerScope()) {
                double norm = torch.linalg_vector_norm(gradients.narrow(0, from, length))
                        .item_double();
                return norm * norm;
            }
        }
        MemorySegment memory = TensorMemory.of(gradients);
        double[] sums = new double[Math.toIntExact(Math.ceilDiv(length, CHUNK))];
        workers.run(sums.length, 1, (first, last) -> {
            for (int i = first; i < last; i++) {
                sums[i] = chunk(memory, from + i * CHUNK, Math.min(CHUNK, length - i * CHUNK));
            }
        });
        double sum = 0;
        for (double part : sums) {
            sum += part;
        }
        return sum;
    }

    private static double chunk(MemorySegment memory, long from, long length) {
        DoubleVector low = DoubleVector.zero(D);
        DoubleVector high = DoubleVector.zero(D);
        long end = length - length % F.length();
        for (long i = 0; i < end; i += F.length()) {
            FloatVector x = FloatVector.fromMemorySegment(F, memory, (from + i) << 2, ByteOrder.nativeOrder());
            DoubleVector a = (DoubleVector) x.convertShape(VectorOperators.F2D, D, 0);
            DoubleVector b = (DoubleVector) x.convertShape(VectorOperators.F2D, D, 1);
            low = a.fma(a, low);
            high = b.fma(b, high);
        }
        // Not reduceLanes, whose order of addition is another one once this method is compiled.
        double sum = 0;
        for (double lane : low.add(high).toArray()) {
            sum += lane;
        }
        for (long i = end; i < length; i++) {
            double x = memory.getAtIndex(FLOAT, from + i);
            sum += x * x;
        }
        return sum;
    }
}
