package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.generate.Generation;
import dev.skald.model.SafeTensorsWriter;
import dev.skald.tensor.DType;
import dev.skald.tensor.TensorMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** The safetensors file of {@code generate --logits}: {@code logits}, f32 {@code [tokens, vocab]}, sequences one after the other. */
final class LogitsFile {

    private LogitsFile() {}

    static void write(Path file, List<Generation> results) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new InvalidInputException(
                    file + ": is there and no plain file, expected a new file or one to replace");
        }
        List<float[]> rows =
                results.stream().flatMap(result -> result.logits().stream()).toList();
        int vocab = rows.getFirst().length;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate((long) rows.size() * vocab * Float.BYTES, Float.BYTES);
            for (int row = 0; row < rows.size(); row++) {
                MemorySegment.copy(
                        rows.get(row), 0, memory, ValueLayout.JAVA_FLOAT, (long) row * vocab * Float.BYTES, vocab);
            }
            try (Tensor logits = TensorMemory.wrap(memory, DType.F32, rows.size(), vocab)) {
                AtomicFiles.write(
                        file, (Path part) -> SafeTensorsWriter.write(part, Map.of("logits", logits), Map.of()));
            }
        }
    }
}
