package dev.skald.kernel;

import static dev.skald.assembler.Instruction.VFMADD231PS;
import static dev.skald.assembler.Instruction.VMOVUPS;
import static dev.skald.assembler.Instruction.VMOVUPS_STORE;
import static dev.skald.assembler.Instruction.VPMOVZXWD;
import static dev.skald.assembler.Instruction.VPSLLD;
import static dev.skald.kernel.DotTiles.OUTS;
import static dev.skald.kernel.DotTiles.VECTOR;

import dev.skald.assembler.Assembler;
import dev.skald.assembler.Gpr;
import dev.skald.assembler.Operand;
import dev.skald.assembler.Operand.Vector;
import dev.skald.assembler.Processor;

/**
 * The machine code of {@link DotTiles}: every vector of weights is read and turned to floats once for all rows of the tile, and every sum stays in a register.
 *
 * <p>The function's arguments: address of the first of four rows of weights, of the first row of floats, of the sums {@code [rows, 4, lanes]}, which are added to, bytes from
 * a row of weights to the next, from a row of floats to the next, and number of steps of two vectors.
 */
final class DotCode {

    private static final Gpr WEIGHTS = Gpr.RDI;
    private static final Gpr X = Gpr.RSI;
    private static final Gpr SUMS = Gpr.RDX;
    private static final Gpr ROW_BYTES = Gpr.RCX;
    private static final Gpr STRIDE = Gpr.R8;
    private static final Gpr STEPS = Gpr.R9;
    private static final Gpr ROW_BYTES_3 = Gpr.R10;
    private static final Gpr STRIDE_3 = Gpr.R11;

    private final Assembler code;
    private final RowFormat format;
    private final int rows;
    /** Whether the weights of all four rows, and a vector of {@code x}, have registers beside the sums. */
    private final boolean roomy;

    private DotCode(Processor processor, RowFormat format, int rows) {
        this.code = new Assembler(processor.wide());
        this.format = format;
        this.rows = rows;
        this.roomy = (rows + 1) * OUTS + 1 <= (processor.wide() ? 32 : 16);
    }

    /** The largest number of rows that a function takes at a time: as many as there are registers for. */
    static int mostRows(Processor processor) {
        return processor.wide() ? 4 : 3;
    }

    /** The function for weights of a format and a number of rows up to {@link #mostRows}. */
    static byte[] of(Processor processor, RowFormat format, int rows) {
        DotCode code = new DotCode(processor, format, rows);
        code.function();
        return code.code.code();
    }

    private void function() {
        code.address(ROW_BYTES_3, ROW_BYTES, ROW_BYTES, 2);
        code.address(STRIDE_3, STRIDE, STRIDE, 2);
        for (int m = 0; m < rows; m++) {
            for (int o = 0; o < OUTS; o++) {
                code.emit(VMOVUPS, sum(m, o), Operand.at(SUMS, (m * OUTS + o) * VECTOR));
            }
        }
        int step = code.here();
        for (int vector = 0; vector < 2; vector++) {
            if (roomy) {
                for (int o = 0; o < OUTS; o++) {
                    weights(spare(o), o, vector);
                }
                for (int m = 0; m < rows; m++) {
                    code.emit(VMOVUPS, spare(OUTS), row(X, STRIDE, STRIDE_3, m, VECTOR * vector));
                    for (int o = 0; o < OUTS; o++) {
                        code.emit(VFMADD231PS, sum(m, o), spare(o), spare(OUTS));
                    }
                }
            } else {
                for (int o = 0; o < OUTS; o++) {
                    weights(spare(o % 2), o, vector);
                    for (int m = 0; m < rows; m++) {
                        code.emit(VFMADD231PS, sum(m, o), spare(o % 2), row(X, STRIDE, STRIDE_3, m, VECTOR * vector));
                    }
                }
            }
        }
        code.add(WEIGHTS, 2 * format.bytes(VECTOR / 4));
        code.add(X, 2 * VECTOR);
        code.decrement(STEPS);
        code.jumpUnlessZero(step);
        for (int m = 0; m < rows; m++) {
            for (int o = 0; o < OUTS; o++) {
                code.emit(VMOVUPS_STORE, sum(m, o), Operand.at(SUMS, (m * OUTS + o) * VECTOR));
            }
        }
        code.end();
    }

    private static Vector sum(int m, int o) {
        return new Vector(m * OUTS + o);
    }

    private Vector spare(int i) {
        return new Vector(rows * OUTS + i);
    }

    private void weights(Vector to, int o, int vector) {
        Operand at = row(WEIGHTS, ROW_BYTES, ROW_BYTES_3, o, format.bytes(VECTOR / 4) * vector);
        switch (format) {
            case BF16 -> {
                code.emit(VPMOVZXWD, to, at);
                code.shift(VPSLLD, to, to, 16);
            }
            case F32 -> code.emit(VMOVUPS, to, at);
        }
    }

    /** Memory in row 0 to 3. */
    private static Operand row(Gpr base, Gpr bytes, Gpr bytes3, int row, long at) {
        return switch (row) {
            case 0 -> Operand.at(base, at);
            case 1, 2 -> Operand.at(base, bytes, row, at);
            default -> Operand.at(base, bytes3, 1, at);
        };
    }
}
