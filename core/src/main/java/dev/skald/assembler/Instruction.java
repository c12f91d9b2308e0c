package dev.skald.assembler;

/**
 * Vector instructions, by their encoding: prefix, opcode map and opcode as the Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, has them. All have their
 * W bit zero. What one does is told for destination {@code d} and sources {@code a} and {@code b}, of which {@code b} may be memory.
 */
public enum Instruction {
    /** {@code d = b}, floats or bits, of any alignment. */
    VMOVUPS(0, 1, 0x10),
    /** {@code b = d}. */
    VMOVUPS_STORE(0, 1, 0x11),
    /** {@code d = a * b}, floats. */
    VMULPS(0, 1, 0x59),
    /** {@code d += a * b}, floats, rounded once. */
    VFMADD231PS(1, 2, 0xB8),
    /** {@code d -= a * b}, floats, rounded once. */
    VFNMADD231PS(1, 2, 0xBC),
    /** {@code d = a * d + b}, floats, rounded once. */
    VFMADD213PS(1, 2, 0xA8),
    /** {@code d = b - a * d}, floats, rounded once. */
    VFNMADD213PS(1, 2, 0xAC),
    /** {@code d = (float) b}, 32-bit integers. */
    VCVTDQ2PS(0, 1, 0x5B),
    /** {@code d = (float) b}, half a vector of f16. */
    VCVTPH2PS(1, 2, 0x13),
    /** {@code d = a & b}. */
    VPAND(1, 1, 0xDB),
    /** {@code d = a | b}. */
    VPOR(1, 1, 0xEB),
    /** {@code d = a ^ b}. */
    VPXOR(1, 1, 0xEF),
    /** {@code d = a + b}, 16 bits. */
    VPADDW(1, 1, 0xFD),
    /** {@code d = a + b}, 32 bits. */
    VPADDD(1, 1, 0xFE),
    /** {@code d = a * b}, the low 32 bits. */
    VPMULLD(1, 2, 0x40),
    /** {@code d = } sums of two products of neighbouring signed 16-bit elements. */
    VPMADDWD(1, 1, 0xF5),
    /** {@code d = } sums of two products of neighbouring bytes, {@code a} unsigned and {@code b} signed, saturated to 16 bits. */
    VPMADDUBSW(1, 2, 0x04),
    /** {@code d += } sums of four products of neighbouring bytes, {@code a} unsigned and {@code b} signed (VNNI). */
    VPDPBUSD(1, 2, 0x50),
    /** {@code d += } sums of two products of neighbouring signed 16-bit elements (VNNI). */
    VPDPWSSD(1, 2, 0x52),
    /** {@code d = } one 32-bit element for all lanes. */
    VPBROADCASTD(1, 2, 0x58),
    /** {@code d = } half a vector of 16-bit elements, zero-extended to 32 bits. */
    VPMOVZXWD(1, 2, 0x33),
    /** {@code d = } half a vector of 16-bit elements, sign-extended to 32 bits. */
    VPMOVSXWD(1, 2, 0x23),
    /** Shifts of 32-bit elements by a number of bits: left, right with zeros, right with the sign. */
    VPSLLD(1, 1, 0x72, 6),
    VPSRLD(1, 1, 0x72, 2),
    VPSRAD(1, 1, 0x72, 4);

    /** None: the registers are destination and sources. */
    private static final int NONE = -1;

    final int prefix;
    final int map;
    final int opcode;
    /** What the register field of a shift has. */
    final int extension;

    Instruction(int prefix, int map, int opcode) {
        this(prefix, map, opcode, NONE);
    }

    Instruction(int prefix, int map, int opcode, int extension) {
        this.prefix = prefix;
        this.map = map;
        this.opcode = opcode;
        this.extension = extension;
    }

    boolean isShift() {
        return extension != NONE;
    }
}
