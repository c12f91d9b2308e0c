package dev.skald.tensor;

import java.lang.foreign.MemorySegment;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** A tensor's bytes as a {@link MemorySegment}, and the reverse; nothing is copied either way. CPU only. */
public final class TensorMemory {

    private TensorMemory() {}

    /**
     * A tensor over existing memory, which the caller keeps alive, and unchanged in place, for as long as the tensor is in use.
     *
     * @param memory native memory of at least the tensor's bytes
     * @param shape the tensor's sizes
     */
    public static Tensor wrap(MemorySegment memory, DType dtype, long... shape) {
        long elements = 1;
        for (long size : shape) {
            elements = Math.multiplyExact(elements, size);
        }
        if (memory.byteSize() < elements * dtype.bytes()) {
            throw new IllegalArgumentException(
                    "memory of " + memory.byteSize() + " bytes for " + elements * dtype.bytes());
        }
        try (TensorOptions options = new TensorOptions(dtype.scalarType());
                Address address = new Address(memory.address())) {
            return torch.from_blob(address, shape, options);
        }
    }

    /** The bytes of a contiguous CPU tensor; valid while the tensor's storage lives. */
    public static MemorySegment of(Tensor tensor) {
        long bytes = tensor.numel() * tensor.element_size();
        return MemorySegment.ofAddress(address(tensor)).reinterpret(bytes);
    }

    /** The address of a CPU tensor's first element. */
    public static long address(Tensor tensor) {
        try (Pointer data = tensor.data_ptr()) {
            return data.address();
        }
    }

    /** JavaCPP's pointer to an address that somebody else frees. */
    private static final class Address extends Pointer {
        Address(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }
}
