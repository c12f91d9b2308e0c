package dev.skald.kernel;

import static dev.skald.assembler.Instruction.VCVTDQ2PS;
import static dev.skald.assembler.Instruction.VCVTPH2PS;
import static dev.skald.assembler.Instruction.VFMADD213PS;
import static dev.skald.assembler.Instruction.VFMADD231PS;
import static dev.skald.assembler.Instruction.VFNMADD213PS;
import static dev.skald.assembler.Instruction.VFNMADD231PS;
import static dev.skald.assembler.Instruction.VMOVUPS;
import static dev.skald.assembler.Instruction.VMOVUPS_STORE;
import static dev.skald.assembler.Instruction.VMULPS;
import static dev.skald.assembler.Instruction.VPADDD;
import static dev.skald.assembler.Instruction.VPADDW;
import static dev.skald.assembler.Instruction.VPAND;
import static dev.skald.assembler.Instruction.VPBROADCASTD;
import static dev.skald.assembler.Instruction.VPDPBUSD;
import static dev.skald.assembler.Instruction.VPMADDUBSW;
import static dev.skald.assembler.Instruction.VPMADDWD;
import static dev.skald.assembler.Instruction.VPMOVSXWD;
import static dev.skald.assembler.Instruction.VPMOVZXWD;
import static dev.skald.assembler.Instruction.VPMULLD;
import static dev.skald.assembler.Instruction.VPOR;
import static dev.skald.assembler.Instruction.VPSLLD;
import static dev.skald.assembler.Instruction.VPSRAD;
import static dev.skald.assembler.Instruction.VPSRLD;
import static dev.skald.assembler.Instruction.VPXOR;
import static dev.skald.kernel.GroupLayout.HALVES;
import static dev.skald.kernel.GroupLayout.VECTOR;

import dev.skald.assembler.Assembler;
import dev.skald.assembler.Gpr;
import dev.skald.assembler.Instruction;
import dev.skald.assembler.Operand;
import dev.skald.assembler.Operand.Vector;
import dev.skald.assembler.Processor;
import dev.skald.tensor.Format;

/**
 * The machine code of products of some rows of activations with groups of weights, in integers: {@link GroupLayout} and {@link ActivationTiles} have what lies where. A
 * lane belongs to a row of weights. For each block the code adds up products of four unsigned bytes (quants of four columns of a row of weights) and four signed ones (the
 * same for all lanes), and adds the sum times both scales to the result in f32: one fixed sequence for a result, whatever else is computed.
 *
 * <p>With VNNI a product of four bytes is one instruction with a sum of 32 bits. Else {@code vpmaddubsw} sums two products in 16 bits, and {@code vpmaddwd} makes 32 of them: with
 * quants of 4 bits 16 products fit, with 5 bits 8, and with centred 6 bits 8, sums that overflow in between being exact modulo 2^16. Either way the integers are the same.
 *
 * <p>The function's arguments: address of the groups, which lie one after the other, of the tile of activations, of the results {@code [rows, ROWS * groups]} in f32,
 * number of blocks in a row, number of groups, and bytes from a row of results to the next.
 */
final class GroupCode {

    private static final Gpr WEIGHTS = Gpr.RDI;
    private static final Gpr TILE = Gpr.RSI;
    private static final Gpr OUT = Gpr.RDX;
    private static final Gpr BLOCKS = Gpr.RCX;
    private static final Gpr GROUPS = Gpr.R8;
    private static final Gpr STRIDE = Gpr.R9;
    private static final Gpr INPUTS = Gpr.R10;
    private static final Gpr COUNT = Gpr.R11;
    private static final Gpr STRIDES_3 = Gpr.RAX;

    /** Bytes between what is read and what the caches are asked for. */
    private static final int AHEAD = 8192;

    private static final int LINE = 64;

    private final Processor processor;
    private final Format format;
    private final int rows;
    private final Assembler code;
    private final long scalesAt;
    private final long highAt;

    private int registers;
    /** Sums of products of bytes; of low and, where they are apart, of high nibbles. */
    private final Vector[][] sums;

    private final Vector[][] highSums;
    /** Sums of a block over its runs. */
    private final Vector[][] blocks;
    /** The results, where there are registers for them. */
    private final Vector[][] results;
    /** Quants of four columns, of both halves. */
    private final Vector[] quants;
    /** The scales of a run. */
    private final Vector[] scales;

    private final Vector nibbles;
    private final Vector highs;
    private final Vector ones;
    private final Vector sixteens;
    private final Vector input;
    private final Vector spare;
    /** What {@link #spare} cannot have beside it; a register that has another use before. */
    private final Vector scaled;

    private GroupCode(Processor processor, Format format, int rows) {
        this.processor = processor;
        this.format = format;
        this.rows = rows;
        this.code = new Assembler(processor.wide());
        this.scalesAt = GroupLayout.scalesAt(format);
        this.highAt = GroupLayout.highAt(format);
        boolean runs = format.blockElements() == 256;
        // Constants first: they have to be in the first 16 registers.
        nibbles = take();
        highs = take(format == Format.Q5_K || format == Format.Q6_K || (format == Format.Q8_0 && processor.vnni()));
        ones = take(!processor.vnni() && !runs);
        sixteens = take(!processor.vnni() && format == Format.Q8_0);
        sums = take(rows, true);
        highSums = take(rows, !processor.vnni() && format == Format.Q8_0);
        blocks = take(rows, runs);
        results = take(rows, processor.wide() || rows == 1 || format == Format.Q4_0);
        quants = new Vector[] {take(), take()};
        scales = new Vector[] {take(runs), take(runs)};
        input = take(!(processor.wide() && processor.vnni()));
        spare = take();
        scaled = input.number() < registers ? input : take();
    }

    private Vector take() {
        return new Vector(registers++);
    }

    private Vector take(boolean needed) {
        return needed ? take() : new Vector(Integer.MAX_VALUE);
    }

    private Vector[][] take(int rows, boolean needed) {
        Vector[][] vectors = new Vector[needed ? rows : 0][];
        for (int m = 0; m < vectors.length; m++) {
            vectors[m] = new Vector[] {take(), take()};
        }
        return vectors;
    }

    /** The largest number of rows that a function takes at a time: as many as there are registers for. */
    static int mostRows(Processor processor) {
        return processor.wide() ? 4 : 2;
    }

    /** The function for a format and a number of rows up to {@link #mostRows}. */
    static byte[] of(Processor processor, Format format, int rows) {
        GroupCode code = new GroupCode(processor, format, rows);
        code.function();
        return code.code.code();
    }

    private void function() {
        constant(nibbles, 0x0f0f0f0f);
        switch (format) {
            case Q5_K -> constant(highs, 0x10101010);
            case Q6_K -> constant(highs, 0x30303030);
            case Q8_0 -> {
                if (processor.vnni()) {
                    constant(highs, 0xf0f0f0f0);
                } else {
                    constant(sixteens, 0x00100010);
                }
            }
            default -> {}
        }
        constant(ones, 0x00010001);
        code.address(STRIDES_3, STRIDE, STRIDE, 2);
        int group = code.here();
        code.move(INPUTS, TILE);
        code.move(COUNT, BLOCKS);
        zero(results);
        if (results.length == 0) {
            code.emit(VPXOR, spare, spare, spare);
            for (int m = 0; m < rows; m++) {
                code.emit(VMOVUPS_STORE, spare, result(m, 0));
                code.emit(VMOVUPS_STORE, spare, result(m, 1));
            }
        }
        int block = code.here();
        switch (format) {
            case Q4_0, Q8_0 -> block();
            case Q4_K, Q5_K, Q6_K -> runs();
            default -> throw new IllegalArgumentException(format + " has no layout in groups");
        }
        code.add(WEIGHTS, GroupLayout.record(format));
        code.add(INPUTS, ActivationTiles.blockBytes(format, rows));
        code.decrement(COUNT);
        code.jumpUnlessZero(block);
        for (int m = 0; m < results.length; m++) {
            code.emit(VMOVUPS_STORE, results[m][0], result(m, 0));
            code.emit(VMOVUPS_STORE, results[m][1], result(m, 1));
        }
        code.add(OUT, 4L * GroupLayout.ROWS);
        code.decrement(GROUPS);
        code.jumpUnlessZero(group);
        code.end();
    }

    private void constant(Vector to, int value) {
        if (to.number() < registers) {
            code.constant(to, value);
        }
    }

    private void zero(Vector[][] vectors) {
        for (Vector[] each : vectors) {
            for (Vector v : each) {
                code.emit(VPXOR, v, v, v);
            }
        }
    }

    private Operand result(int m, int half) {
        long at = VECTOR / 2 * half;
        return switch (m) {
            case 0 -> Operand.at(OUT, at);
            case 1, 2 -> Operand.at(OUT, STRIDE, m, at);
            default -> Operand.at(OUT, STRIDES_3, 1, at);
        };
    }

    /** A block of 32 columns with one scale. */
    private void block() {
        boolean apart = highSums.length > 0;
        start(0);
        for (int v = 0; v < 4; v++) {
            for (int upper = 0; upper < 2; upper++) {
                for (int half = 0; half < 2; half++) {
                    nibbles(quants[half], VECTOR * v + VECTOR / 2 * half, upper);
                    if (format == Format.Q8_0 && !apart) {
                        addHighBits(quants[half], highAt + VECTOR * v + VECTOR / 2 * half, 4 - 4 * upper);
                    }
                }
                multiply(sums, 16 * upper + 4 * v, v == 0 && upper == 0);
                if (apart) {
                    for (int half = 0; half < 2; half++) {
                        nibbles(quants[half], highAt + VECTOR * v + VECTOR / 2 * half, upper);
                    }
                    multiply(highSums, 16 * upper + 4 * v, v == 0 && upper == 0);
                }
            }
        }
        if (!processor.vnni()) {
            for (int m = 0; m < rows; m++) {
                code.emit(VPBROADCASTD, input, sum(m, 0));
                for (int half = 0; half < 2; half++) {
                    Vector sum = sums[m][half];
                    code.emit(VPMADDWD, sum, sum, ones);
                    code.emit(VPADDD, sum, sum, input);
                    if (apart) {
                        code.emit(VPMADDWD, highSums[m][half], highSums[m][half], sixteens);
                        code.emit(VPADDD, sum, sum, highSums[m][half]);
                    }
                }
            }
        }
        addToResults(sums, 0, VFMADD231PS, VFMADD213PS);
    }

    /** A block of 256 columns, with a scale for each of its runs. */
    private void runs() {
        boolean minimums = format != Format.Q6_K;
        int length = 2 * GroupLayout.distance(format);
        int vectors = length / 8;
        int bits = GroupLayout.highBits(format);
        // 16 bits hold eight products of 5 bits and an activation, and sixteen of 4; those of 6 bits are centred.
        int whole = !processor.vnni() && format == Format.Q5_K ? 2 : vectors;
        zero(blocks);
        for (int run = 0; run < 256 / length; run++) {
            runScales(run);
            for (int v = 0; v < vectors; v++) {
                if (v % whole == 0) {
                    start(run);
                }
                for (int upper = 0; upper < 2; upper++) {
                    for (int half = 0; half < 2; half++) {
                        nibbles(quants[half], VECTOR * (run * vectors + v) + VECTOR / 2 * half, upper);
                        if (bits > 0) {
                            addHighBits(
                                    quants[half],
                                    highAt + VECTOR * run + VECTOR / 2 * half,
                                    (upper == 0 ? 4 : 0) - bits * v);
                        }
                    }
                    multiply(sums, run * length + upper * length / 2 + 4 * v, minimums && v % whole == 0 && upper == 0);
                }
                if (v % whole == whole - 1) {
                    for (int m = 0; m < rows; m++) {
                        for (int half = 0; half < 2; half++) {
                            Vector sum = sums[m][half];
                            code.emit(processor.vnni() ? VPMULLD : VPMADDWD, sum, sum, scales[half]);
                            code.emit(VPADDD, blocks[m][half], blocks[m][half], sum);
                        }
                    }
                }
            }
        }
        addToResults(blocks, 8, VFMADD231PS, VFMADD213PS);
        if (minimums) {
            minimums();
            addToResults(blocks, 9, VFNMADD231PS, VFNMADD213PS);
        }
    }

    /** Of each run the minimum times the sum of the activations. */
    private void minimums() {
        zero(blocks);
        for (int run = 0; run < 8; run++) {
            for (int half = 0; half < 2; half++) {
                code.emit(VPMOVZXWD, scales[half], scale(run, half));
                code.shift(VPSRLD, scales[half], scales[half], 8);
            }
            for (int m = 0; m < rows; m++) {
                code.emit(VPBROADCASTD, spare, sum(m, run));
                for (int half = 0; half < 2; half++) {
                    code.emit(VPMADDWD, quants[half], scales[half], spare);
                    code.emit(VPADDD, blocks[m][half], blocks[m][half], quants[half]);
                }
            }
        }
    }

    /** The scales of a run: in 32 bits, or the same in both halves of them for products of 16. */
    private void runScales(int run) {
        for (int half = 0; half < 2; half++) {
            Vector scale = scales[half];
            if (format == Format.Q6_K) {
                code.emit(VPMOVSXWD, scale, scale(run / 2, half));
                if (run % 2 == 0) {
                    code.shift(VPSLLD, scale, scale, 24);
                    code.shift(VPSRAD, scale, scale, 24);
                } else {
                    code.shift(VPSRAD, scale, scale, 8);
                }
            } else {
                code.emit(VPMOVZXWD, scale, scale(run, half));
                code.shift(VPSLLD, scale, scale, 24);
                code.shift(VPSRLD, scale, scale, 24);
            }
            if (!processor.vnni()) {
                code.shift(VPSLLD, spare, scale, 16);
                code.shift(VPSRLD, scale, spare, 16);
                code.emit(VPOR, scale, scale, spare);
            }
        }
    }

    /** Sums begin with what centres the quants, where they need it. */
    private void start(int run) {
        boolean centred = processor.vnni() ? GroupLayout.centre(format) != 0 : format == Format.Q6_K;
        if (!centred && processor.vnni()) {
            zero(sums);
        }
        for (int m = 0; centred && m < rows; m++) {
            code.emit(VPBROADCASTD, sums[m][0], sum(m, run));
            code.emit(VMOVUPS, sums[m][1], sums[m][0]);
        }
    }

    /** Adds the products of the quants of four columns, or those are the sums. */
    private void multiply(Vector[][] sums, int column, boolean first) {
        for (int m = 0; m < rows; m++) {
            long at = ActivationTiles.valueAt(format, m, column);
            if (processor.wide() && processor.vnni()) {
                code.emit(VPDPBUSD, sums[m][0], quants[0], Operand.each(INPUTS, at));
                code.emit(VPDPBUSD, sums[m][1], quants[1], Operand.each(INPUTS, at));
                continue;
            }
            code.emit(VPBROADCASTD, input, Operand.at(INPUTS, at));
            for (int half = 0; half < 2; half++) {
                if (processor.vnni()) {
                    code.emit(VPDPBUSD, sums[m][half], quants[half], input);
                } else if (first) {
                    code.emit(VPMADDUBSW, sums[m][half], quants[half], input);
                } else {
                    code.emit(VPMADDUBSW, spare, quants[half], input);
                    code.emit(VPADDW, sums[m][half], sums[m][half], spare);
                }
            }
        }
    }

    /** The lower nibbles of the bytes at an offset in the record, or the upper ones. */
    private void nibbles(Vector to, long at, int upper) {
        if (upper == 0) {
            prefetch(at);
            code.emit(VPAND, to, nibbles, Operand.at(WEIGHTS, at));
        } else {
            code.emit(VMOVUPS, to, Operand.at(WEIGHTS, at));
            code.shift(VPSRLD, to, to, 4);
            code.emit(VPAND, to, to, nibbles);
        }
    }

    private void prefetch(long at) {
        if (at % LINE == 0) {
            code.prefetch(Operand.at(WEIGHTS, AHEAD + at));
        }
    }

    /** The bits above a nibble, which are those at an offset in the record, shifted to the left. */
    private void addHighBits(Vector to, long at, int left) {
        code.emit(VMOVUPS, spare, Operand.at(WEIGHTS, at));
        if (left > 0) {
            code.shift(VPSLLD, spare, spare, left);
        } else if (left < 0) {
            code.shift(VPSRLD, spare, spare, -left);
        }
        code.emit(VPAND, spare, spare, highs);
        code.emit(VPOR, to, to, spare);
    }

    /**
     * Adds the floats of sums, times the scales of the weights and of the activations.
     *
     * @param scale which of the record's halves has the weights' scales
     * @param add adds to a register
     * @param addMemory adds memory to a product with what is in a register
     */
    private void addToResults(Vector[][] sums, int scale, Instruction add, Instruction addMemory) {
        for (int half = 0; half < 2; half++) {
            code.emit(VCVTPH2PS, quants[half], scale(scale, half));
        }
        for (int m = 0; m < rows; m++) {
            code.emit(VPBROADCASTD, spare, Operand.at(INPUTS, ActivationTiles.scaleAt(format, rows, m)));
            for (int half = 0; half < 2; half++) {
                Vector sum = sums[m][half];
                code.emit(VCVTDQ2PS, sum, sum);
                if (results.length > 0) {
                    code.emit(VMULPS, scaled, quants[half], spare);
                    code.emit(add, results[m][half], sum, scaled);
                } else {
                    code.emit(VMULPS, scaled, quants[half], spare);
                    code.emit(addMemory, scaled, sum, result(m, half));
                    code.emit(VMOVUPS_STORE, scaled, result(m, half));
                }
            }
        }
    }

    private Operand scale(int which, int half) {
        return Operand.at(WEIGHTS, scalesAt + HALVES * which + HALVES / 2 * half);
    }

    private Operand sum(int m, int which) {
        return Operand.at(INPUTS, ActivationTiles.sumAt(format, rows, m, which));
    }
}
