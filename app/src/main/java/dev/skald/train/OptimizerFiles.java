package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.model.Parameter;
import dev.skald.model.SafeTensors;
import dev.skald.model.SafeTensorsWriter;
import dev.skald.tensor.DType;
import dev.skald.tensor.TensorMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Optimizer state on disk: {@code optimizer/master.safetensors}, {@code exp_avg.safetensors} and {@code exp_avg_sq.safetensors}, each with an f32
 * tensor for every parameter, under its name. All ranks write into the same files, each the slices it owns, at places that follow from the
 * model alone; so any number of ranks reads what any number wrote.
 */
final class OptimizerFiles {

    private static final String FOLDER = "optimizer";
    private static final long WRITE = 64L << 20;

    /** The three files. */
    private enum Kind {
        MASTER,
        EXP_AVG,
        EXP_AVG_SQ;

        String file() {
            return FOLDER + "/" + name().toLowerCase(Locale.ROOT) + ".safetensors";
        }

        Tensor of(AdamW.State state) {
            return switch (this) {
                case MASTER -> state.master();
                case EXP_AVG -> state.expAvg();
                case EXP_AVG_SQ -> state.expAvgSq();
            };
        }
    }

    private final List<Parameter> parameters;
    private final ByteBuffer header;

    OptimizerFiles(List<Parameter> parameters) {
        this.parameters = List.copyOf(parameters);
        this.header = header(parameters);
    }

    private static ByteBuffer header(List<Parameter> parameters) {
        List<SafeTensors.Entry> entries = parameters.stream()
                .map(parameter -> {
                    List<Long> shape = Arrays.stream(parameter.shape()).boxed().toList();
                    long begin = parameter.offset() * Float.BYTES;
                    long end = begin + parameter.numel() * Float.BYTES;
                    return new SafeTensors.Entry(parameter.name(), DType.F32.name(), shape, begin, end);
                })
                .toList();
        return SafeTensorsWriter.header(entries, Map.of("format", "pt"));
    }

    /**
     * Writes one rank's slices and forces them to the disk.
     *
     * @param states of the slices, in their order
     * @return what was written
     */
    List<Checksums.Range> write(Path checkpoint, List<Slice> slices, List<AdamW.State> states, boolean firstRank)
            throws IOException {
        Files.createDirectories(checkpoint.resolve(FOLDER));
        List<Checksums.Range> ranges = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            try (FileChannel out = FileChannel.open(
                    checkpoint.resolve(kind.file()), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                if (firstRank) {
                    ranges.add(put(out, kind.file(), 0, header.duplicate()));
                }
                for (int i = 0; i < slices.size(); i++) {
                    MemorySegment memory = TensorMemory.of(kind.of(states.get(i)));
                    long at = header.limit() + slices.get(i).flat() * Float.BYTES;
                    for (long from = 0; from < memory.byteSize(); from += WRITE) {
                        long length = Math.min(WRITE, memory.byteSize() - from);
                        ranges.add(put(
                                out,
                                kind.file(),
                                at + from,
                                memory.asSlice(from, length).asByteBuffer()));
                    }
                }
                out.force(true);
            }
        }
        return ranges;
    }

    private static Checksums.Range put(FileChannel out, String file, long at, ByteBuffer bytes) throws IOException {
        Checksums.Range range = Checksums.Range.of(file, at, bytes);
        for (long position = at; bytes.hasRemaining(); ) {
            position += out.write(bytes, position);
        }
        return range;
    }

    /**
     * Brings an optimizer's slices to where a checkpoint was.
     *
     * @return {@code adamW}
     * @throws InvalidInputException when the files are of another model
     */
    AdamW read(Path checkpoint, List<Slice> slices, AdamW adamW) {
        List<SafeTensors> files = new ArrayList<>();
        try {
            for (Kind kind : Kind.values()) {
                files.add(SafeTensors.open(checkpoint.resolve(kind.file())));
            }
            for (Slice slice : slices) {
                try (PointerScope _ = new PointerScope()) {
                    adamW.restore(
                            slice,
                            new AdamW.State(
                                    tensor(files.get(0), slice),
                                    tensor(files.get(1), slice),
                                    tensor(files.get(2), slice)));
                }
            }
            return adamW;
        } finally {
            files.forEach(SafeTensors::close);
        }
    }

    private Tensor tensor(SafeTensors file, Slice slice) {
        Parameter parameter = parameters.get(slice.parameter());
        MemorySegment whole = file.bytes(parameter.name())
                .filter(bytes -> bytes.byteSize() == parameter.numel() * Float.BYTES)
                .orElseThrow(() -> new InvalidInputException(file.file() + ": tensor '" + parameter.name()
                        + "' is missing or of another shape, expected f32 " + Arrays.toString(parameter.shape())));
        return TensorMemory.wrap(
                whole.asSlice(slice.from() * Float.BYTES, slice.length() * Float.BYTES), DType.F32, slice.length());
    }
}
