package dev.skald.assembler;

import dev.skald.assembler.Operand.Memory;
import dev.skald.assembler.Operand.Vector;
import java.io.ByteArrayOutputStream;

/**
 * Writes a function of x86-64 in machine code: vector instructions of one width, in VEX encoding for 256 bits and in EVEX encoding for 512, and as much of the general ones as loops need.
 * Displacements always have 32 bits, which all encodings have in common.
 */
public final class Assembler {

    private final boolean wide;
    private final ByteArrayOutputStream code = new ByteArrayOutputStream();

    /** @param wide whether vectors have 512 bits and there are 32 of them, else 256 and 16 */
    public Assembler(boolean wide) {
        this.wide = wide;
    }

    /** An instruction of two operands. */
    public void emit(Instruction instruction, Vector d, Operand b) {
        emit(instruction, d, new Vector(0), b);
    }

    /** An instruction of three operands. */
    public void emit(Instruction instruction, Vector d, Vector a, Operand b) {
        if (instruction.isShift()) {
            throw new IllegalArgumentException(instruction + " needs a number of bits");
        }
        encode(instruction, d.number(), a.number(), b);
    }

    /** A shift of {@code b} by {@code bits} to {@code d}. */
    public void shift(Instruction instruction, Vector d, Vector b, int bits) {
        encode(instruction, instruction.extension, d.number(), b);
        code.write(bits);
    }

    private void encode(Instruction instruction, int register, int first, Operand b) {
        int limit = wide ? 32 : 16;
        if (register >= limit || first >= limit || (b instanceof Vector(int number) && number >= limit)) {
            throw new IllegalArgumentException("there are " + limit + " vector registers");
        }
        // The second source is a register of five bits, or memory of two registers of four.
        int low = switch (b) {
            case Vector(int number) -> (number >> 3) & 1;
            case Memory m -> m.base().number >> 3;
        };
        int high = switch (b) {
            case Vector(int number) -> number >> 4;
            case Memory m -> m.scale() == 0 ? 0 : m.index().number >> 3;
        };
        boolean broadcast = b instanceof Memory m && m.broadcast();
        if (wide) {
            code.write(0x62);
            code.write(not(register >> 3, 7) | not(high, 6) | not(low, 5) | not(register >> 4, 4) | instruction.map);
            code.write(((~first & 15) << 3) | 4 | instruction.prefix);
            code.write((2 << 5) | (broadcast ? 1 << 4 : 0) | not(first >> 4, 3));
        } else {
            if (broadcast) {
                throw new IllegalArgumentException("no broadcasts from memory but in 512 bits");
            }
            code.write(0xC4);
            code.write(not(register >> 3, 7) | not(high, 6) | not(low, 5) | instruction.map);
            code.write(((~first & 15) << 3) | 4 | instruction.prefix);
        }
        code.write(instruction.opcode);
        operand(register & 7, b);
    }

    /** The lowest bit, inverted, at a place. */
    private static int not(int bit, int at) {
        return (~bit & 1) << at;
    }

    private void operand(int register, Operand b) {
        switch (b) {
            case Vector(int number) -> code.write(0xC0 | (register << 3) | (number & 7));
            case Memory m
            when m.scale() == 0 -> {
                code.write(0x80 | (register << 3) | (m.base().number & 7));
                number(m.displacement());
            }
            case Memory m -> {
                code.write(0x80 | (register << 3) | 4);
                code.write((Integer.numberOfTrailingZeros(m.scale()) << 6)
                        | ((m.index().number & 7) << 3)
                        | (m.base().number & 7));
                number(m.displacement());
            }
        }
    }

    private void number(int value) {
        for (int i = 0; i < 4; i++) {
            code.write(value >> (8 * i));
        }
    }

    /** {@code d = b}. */
    public void move(Gpr d, Gpr b) {
        general(0x89, b.number, d.number);
    }

    /** {@code d += number}. */
    public void add(Gpr d, long number) {
        general(0x81, 0, d.number);
        number(Math.toIntExact(number));
    }

    /** {@code d -= 1}; what {@link #jumpUnlessZero} looks at. */
    public void decrement(Gpr d) {
        general(0x81, 5, d.number);
        number(1);
    }

    /** {@code d = base + index * scale}. */
    public void address(Gpr d, Gpr base, Gpr index, int scale) {
        code.write(0x48 | ((d.number >> 3) << 2) | ((index.number >> 3) << 1) | (base.number >> 3));
        code.write(0x8D);
        operand(d.number & 7, Operand.at(base, index, scale, 0));
    }

    private void general(int opcode, int register, int operand) {
        code.write(0x48 | ((register >> 3) << 2) | (operand >> 3));
        code.write(opcode);
        code.write(0xC0 | ((register & 7) << 3) | (operand & 7));
    }

    /** All 32-bit lanes of {@code d} are a number; overwrites {@link Gpr#RAX}. */
    public void constant(Vector d, int number) {
        if (d.number() >= 16) {
            throw new IllegalArgumentException("constants go to the first 16 registers");
        }
        code.write(0xB8); // mov eax, number
        number(number);
        code.write(0xC5); // vmovd xmm, eax
        code.write(not(d.number() >> 3, 7) | 0x79);
        code.write(0x6E);
        code.write(0xC0 | (d.number() & 7) << 3);
        emit(Instruction.VPBROADCASTD, d, d);
    }

    /** Asks for the cache line at an address of memory to come to the caches. */
    public void prefetch(Memory memory) {
        code.write(0x40 | ((memory.index().number >> 3) << 1) | (memory.base().number >> 3));
        code.write(0x0F);
        code.write(0x18);
        operand(1, memory);
    }

    /** Where the next instruction will be. */
    public int here() {
        return code.size();
    }

    /** Goes on at {@code target} unless the last {@link #decrement} gave zero. */
    public void jumpUnlessZero(int target) {
        code.write(0x0F);
        code.write(0x85);
        number(target - (here() + 4));
    }

    /** Ends the function. */
    public void end() {
        code.write(0xC5); // vzeroupper
        code.write(0xF8);
        code.write(0x77);
        code.write(0xC3);
    }

    /** What was written. */
    public byte[] code() {
        return code.toByteArray();
    }
}
