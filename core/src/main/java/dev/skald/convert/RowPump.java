package dev.skald.convert;

import dev.skald.InvalidInputException;
import dev.skald.kernel.Workers;
import dev.skald.model.LlamaConfig;
import dev.skald.model.Parameter;
import dev.skald.model.WeightRows;
import dev.skald.tensor.BlockQuantiser;
import dev.skald.tensor.Format;
import java.lang.foreign.MemorySegment;

/** Rows of one model's weights in another format, a range at a time, on all processors. */
final class RowPump {

    private static final float LARGEST_F16 = 65504;

    private final WeightRows source;
    private final LlamaConfig config;
    private final boolean gguf;
    private final Workers workers = new Workers(Runtime.getRuntime().availableProcessors());

    /** @param gguf whether rows are wanted in the order of a GGUF file */
    RowPump(WeightRows source, boolean gguf) {
        this.source = source;
        this.config = source.config();
        this.gguf = gguf;
    }

    /**
     * Writes rows.
     *
     * @param to takes them from byte 0 on
     * @throws InvalidInputException when one of them has a number that the format cannot have
     */
    void write(Parameter parameter, long first, int rows, Format format, MemorySegment to) {
        int columns = WeightRows.columns(parameter);
        long bytes = format.bytes(columns);
        boolean same = source.format(parameter) == format;
        workers.run(rows, Math.max(1, 65536 / columns), (from, until) -> {
            float[] values = new float[columns];
            for (int i = from; i < until; i++) {
                long row = gguf ? WeightRows.rowOfGguf(config, parameter, first + i) : first + i;
                if (same) {
                    MemorySegment.copy(source.bytes(parameter, row), 0, to, i * bytes, bytes);
                } else {
                    source.read(parameter, row, values);
                    check(parameter, values, format);
                    BlockQuantiser.write(format, values, 0, columns, to, i * bytes);
                }
            }
        });
    }

    private static void check(Parameter parameter, float[] values, Format format) {
        if (format == Format.F32 || format == Format.BF16) {
            return;
        }
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        if (!(largest <= (format == Format.F16 ? LARGEST_F16 : Float.MAX_VALUE))) {
            throw new InvalidInputException("tensor '" + parameter.name() + "' has " + largest + ", which " + format
                    + " cannot say" + (format == Format.F16 ? "; expected at most " + LARGEST_F16 : ""));
        }
    }
}
