package dev.skald.convert;

import dev.skald.base.AtomicFiles;
import dev.skald.gguf.GgufKeys;
import dev.skald.gguf.GgufWriter;
import dev.skald.model.LlamaConfig;
import dev.skald.model.Parameter;
import dev.skald.model.WeightRows;
import dev.skald.tensor.Format;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/** Writes a GGUF file. */
final class GgufExport implements Conversion.Export {

    /** Bytes that are made before they are written. */
    private static final long PIECE = 16L << 20;

    /** Elements after which the source's pages are let go. */
    private static final long UNLOAD = 64L << 20;

    private static final String ROPE = "rope_freqs.weight";

    private final WeightRows source;
    private final Path out;
    private final List<Format> formats;
    private final GgufKeys keys;
    private final List<GgufWriter.Tensor> tensors = new ArrayList<>();
    private final Map<String, Parameter> parameters = new HashMap<>();
    private final Optional<float[]> divisors;

    private GgufExport(WeightRows source, Path out, List<Format> formats, GgufKeys keys) {
        this.source = source;
        this.out = out;
        this.formats = formats;
        this.keys = keys;
        this.divisors = WeightRows.ropeDivisors(source.config());
        for (Parameter parameter : Parameter.of(source.config())) {
            String name = WeightRows.ggufName(parameter);
            List<Long> shape = Arrays.stream(parameter.shape()).boxed().toList();
            tensors.add(new GgufWriter.Tensor(name, shape, formats.get(parameter.index())));
            parameters.put(name, parameter);
        }
        divisors.ifPresent(
                values -> tensors.add(1, new GgufWriter.Tensor(ROPE, List.of((long) values.length), Format.F32)));
    }

    static GgufExport of(Path model, WeightRows source, Path out, Optional<Preset> wanted, List<String> warnings)
            throws IOException {
        LlamaConfig config = source.config();
        List<Parameter> all = Parameter.of(config);
        Optional<GgufKeys> copied = source.keys();
        List<Format> formats;
        int fileType;
        if (copied.isPresent() && wanted.isEmpty()) {
            formats = all.stream().map(source::format).toList();
            fileType = copied.get().integer("general.file_type").orElse(0);
        } else {
            Preset preset = wanted.orElseGet(() -> Preset.of(source.format(all.getFirst())));
            formats = all.stream().map(each -> preset.of(each, config)).toList();
            fileType = preset.fileType();
            warnAboutRows(all, formats, preset, warnings);
        }
        boolean quantised = formats.stream().anyMatch(format -> format.blockElements() > 1);
        GgufKeys keys = copied.isPresent()
                ? ModelKeys.of(copied.get(), out, fileType, quantised)
                : ModelKeys.of(model, config, out, fileType, quantised, warnings);
        return new GgufExport(source, out, formats, keys);
    }

    private static void warnAboutRows(List<Parameter> all, List<Format> formats, Preset preset, List<String> warnings) {
        if (!preset.isQuantised()) {
            return;
        }
        List<Parameter> others = all.stream()
                .filter(each -> !each.isNorm())
                .filter(each -> WeightRows.columns(each) % preset.base().blockElements() != 0)
                .toList();
        if (!others.isEmpty()) {
            Parameter first = others.getFirst();
            warnings.add(others.size() + " of "
                    + all.stream().filter(each -> !each.isNorm()).count()
                    + " matrices have rows that are no multiple of "
                    + preset.base().blockElements() + ", and get a larger format: " + first.name() + " with rows of "
                    + WeightRows.columns(first) + " has " + formats.get(first.index()));
        }
    }

    @Override
    public List<Format> formats() {
        return formats;
    }

    @Override
    public long bytes() {
        return GgufWriter.size(keys, tensors);
    }

    @Override
    public void write(LongConsumer done) throws IOException {
        RowPump pump = new RowPump(source, true);
        AtomicFiles.write(
                out,
                (Path file) -> Conversion.withoutRemains(
                        file,
                        part -> GgufWriter.write(part, keys, tensors, (tensor, to) -> {
                            if (tensor.name().equals(ROPE)) {
                                to.write(bytes(divisors.orElseThrow()));
                            } else {
                                write(parameters.get(tensor.name()), tensor, pump, to, done);
                            }
                        })));
    }

    private void write(
            Parameter parameter, GgufWriter.Tensor tensor, RowPump pump, GgufWriter.Output out, LongConsumer done)
            throws IOException {
        long rowBytes = tensor.format().bytes(WeightRows.columns(parameter));
        long rows = tensor.bytes() / rowBytes;
        int piece = (int) Math.clamp(PIECE / rowBytes, 1, rows);
        long sinceUnload = 0;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(piece * rowBytes, Long.BYTES);
            for (long first = 0; first < rows; first += piece) {
                int count = (int) Math.min(piece, rows - first);
                pump.write(parameter, first, count, tensor.format(), memory);
                out.write(memory.asSlice(0, count * rowBytes).asByteBuffer());
                done.accept(count * rowBytes);
                sinceUnload += (long) count * WeightRows.columns(parameter);
                if (sinceUnload > UNLOAD) {
                    source.unload(parameter);
                    sinceUnload = 0;
                }
            }
        }
        source.unload(parameter);
    }

    private static ByteBuffer bytes(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * (int) ValueLayout.JAVA_FLOAT.byteSize())
                .order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return bytes.flip();
    }
}
