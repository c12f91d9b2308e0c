package dev.skald.assembler;

/** What an instruction reads or writes. */
public sealed interface Operand permits Operand.Vector, Operand.Memory {

    /** A vector register, 0 to 15, or to 31 with AVX-512. */
    record Vector(int number) implements Operand {}

    /**
     * Memory at {@code base + index * scale + displacement}.
     *
     * @param index no register where {@code scale} is 0
     * @param broadcast whether one 32-bit element is read for all lanes; only with AVX-512
     */
    record Memory(Gpr base, Gpr index, int scale, int displacement, boolean broadcast) implements Operand {}

    /** Memory at {@code base + displacement}. */
    static Memory at(Gpr base, long displacement) {
        return new Memory(base, base, 0, Math.toIntExact(displacement), false);
    }

    /** Memory at {@code base + index * scale + displacement}; the scale is 1, 2, 4 or 8. */
    static Memory at(Gpr base, Gpr index, int scale, long displacement) {
        return new Memory(base, index, scale, Math.toIntExact(displacement), false);
    }

    /** One 32-bit element at {@code base + displacement} for all lanes; only with AVX-512. */
    static Memory each(Gpr base, long displacement) {
        return new Memory(base, base, 0, Math.toIntExact(displacement), true);
    }
}
