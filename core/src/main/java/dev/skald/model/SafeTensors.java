package dev.skald.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.base.LfsPointer;
import dev.skald.base.StrictJson;
import dev.skald.tensor.DType;
import dev.skald.tensor.TensorMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * A safetensors file, memory-mapped: an 8-byte little-endian header length, a JSON header, the tensors' bytes. All of the header is checked
 * when the file is opened: a tensor that is handed out lies wholly inside the file. Format:
 * https://huggingface.co/docs/safetensors. Closing unmaps the file; tensors made from it must not be used afterwards.
 */
public final class SafeTensors implements AutoCloseable {

    /** The format's own limit. */
    private static final long MAX_HEADER = 100_000_000;

    private static final ObjectMapper STRICT = StrictJson.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    private static final Map<String, Integer> DTYPE_BYTES = Map.ofEntries(
            Map.entry("F64", 8),
            Map.entry("F32", 4),
            Map.entry("F16", 2),
            Map.entry("BF16", 2),
            Map.entry("I64", 8),
            Map.entry("I32", 4),
            Map.entry("I16", 2),
            Map.entry("I8", 1),
            Map.entry("U64", 8),
            Map.entry("U32", 4),
            Map.entry("U16", 2),
            Map.entry("U8", 1),
            Map.entry("BOOL", 1),
            Map.entry("F8_E4M3", 1),
            Map.entry("F8_E5M2", 1));

    private final Path file;
    private final Arena arena;
    private final MemorySegment data;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;

    private SafeTensors(
            Path file, Arena arena, MemorySegment data, Map<String, Entry> entries, Map<String, String> metadata) {
        this.file = file;
        this.arena = arena;
        this.data = data;
        this.entries = entries;
        this.metadata = metadata;
    }

    /**
     * What the header says of one tensor.
     *
     * @param dtype as the format spells it: F32, BF16, ...
     * @param begin offset of the first byte after the header
     * @param end offset after the last byte
     */
    public record Entry(String name, String dtype, List<Long> shape, long begin, long end) {}

    /**
     * Maps a file and checks its header.
     *
     * @throws InvalidInputException when the file is missing, truncated, or its header is not valid
     */
    @SuppressWarnings("MustBeClosedChecker") // closed by close(), or here when opening fails
    public static SafeTensors open(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(file + ": no such file");
        }
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            LfsPointer.refuse(file);
            long size = channel.size();
            JsonNode header = header(file, channel, size);
            long dataStart = Long.BYTES + headerLength(file, channel, size);
            Map<String, Entry> entries = entries(file, header);
            checkLayout(file, entries, size - dataStart);
            MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, dataStart, size - dataStart, arena);
            return new SafeTensors(file, arena, data, entries, metadata(header));
        } catch (IOException e) {
            arena.close();
            throw new InvalidInputException(file + ": cannot be read: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** The file that is mapped. */
    public Path file() {
        return file;
    }

    /** All tensors by name, in the order of the header. */
    public Map<String, Entry> entries() {
        return entries;
    }

    /** The header's {@code __metadata__}; empty if there is none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** The bytes of a tensor, if the file has it; valid until this is closed. */
    public Optional<MemorySegment> bytes(String name) {
        return Optional.ofNullable(entries.get(name))
                .map(entry -> data.asSlice(entry.begin(), entry.end() - entry.begin()));
    }

    /**
     * A tensor over the mapped bytes, read-only: writing to it ends the JVM.
     *
     * @throws InvalidInputException when the file has no such tensor, or it is not of bf16, f16 or f32
     */
    public Tensor tensor(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new InvalidInputException(file + ": tensor '" + name + "' is missing");
        }
        DType dtype = DType.parse(entry.dtype(), file + ": tensor '" + name + "'");
        long[] shape = entry.shape().stream().mapToLong(Long::longValue).toArray();
        return TensorMemory.wrap(bytes(name).orElseThrow(), dtype, shape);
    }

    /** Whether all of the file is in memory, as far as the operating system says. */
    boolean isLoaded() {
        return data.isLoaded();
    }

    /** Unmaps the file. */
    @Override
    public void close() {
        arena.close();
    }

    private static long headerLength(Path file, FileChannel channel, long size) throws IOException {
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (size < Long.BYTES || channel.read(length, 0) != Long.BYTES) {
            throw new InvalidInputException(
                    file + ": truncated: " + size + " bytes, a safetensors file has at least " + Long.BYTES);
        }
        long bytes = length.getLong(0);
        if (bytes < 0 || bytes > size - Long.BYTES) {
            throw new InvalidInputException(file + ": header of " + Long.toUnsignedString(bytes)
                    + " bytes is larger than the file (" + size + " bytes)");
        }
        if (bytes > MAX_HEADER) {
            throw new InvalidInputException(file + ": header of " + bytes + " bytes, the format allows " + MAX_HEADER);
        }
        return bytes;
    }

    private static JsonNode header(Path file, FileChannel channel, long size) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) headerLength(file, channel, size));
        while (bytes.hasRemaining() && channel.read(bytes, Long.BYTES + bytes.position()) >= 0) {}
        try {
            String text =
                    StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
            JsonNode header = STRICT.readTree(text);
            if (header == null || !header.isObject()) {
                throw new InvalidInputException(file + ": the safetensors header is not a JSON object");
            }
            return header;
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(file + ": the safetensors header is not UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new InvalidInputException(
                    file + ": the safetensors header is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static Map<String, String> metadata(JsonNode header) {
        Map<String, String> metadata = new LinkedHashMap<>();
        header.path("__metadata__")
                .properties()
                .forEach(e -> metadata.put(e.getKey(), e.getValue().asText()));
        return Collections.unmodifiableMap(metadata);
    }

    private static Map<String, Entry> entries(Path file, JsonNode header) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        header.properties().forEach(property -> {
            if (!property.getKey().equals("__metadata__")) {
                entries.put(property.getKey(), entry(file, property.getKey(), property.getValue()));
            }
        });
        return Collections.unmodifiableMap(entries);
    }

    private static Entry entry(Path file, String name, JsonNode value) {
        String where = file + ": tensor '" + name + "'";
        String dtype = value.path("dtype").asText();
        Integer width = DTYPE_BYTES.get(dtype);
        if (width == null) {
            throw new InvalidInputException(where + " has dtype '" + dtype + "', which safetensors does not know");
        }
        List<Long> shape = longs(value.path("shape"), where + " shape");
        List<Long> offsets = longs(value.path("data_offsets"), where + " data_offsets");
        if (offsets.size() != 2) {
            throw new InvalidInputException(where + " data_offsets has " + offsets.size() + " numbers, expected 2");
        }
        long bytes;
        try {
            bytes = shape.stream().reduce((long) width, Math::multiplyExact);
        } catch (ArithmeticException e) {
            throw new InvalidInputException(where + " shape " + shape + " is too large", e);
        }
        Entry entry = new Entry(name, dtype, shape, offsets.get(0), offsets.get(1));
        if (entry.end() - entry.begin() != bytes) {
            throw new InvalidInputException(where + " of " + dtype + " " + shape + " needs " + bytes
                    + " bytes, data_offsets " + offsets + " give " + (entry.end() - entry.begin()));
        }
        return entry;
    }

    private static List<Long> longs(JsonNode array, String where) {
        if (!array.isArray()) {
            throw new InvalidInputException(where + " is not a list of numbers");
        }
        List<Long> numbers = new ArrayList<>();
        for (JsonNode number : array) {
            if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0) {
                throw new InvalidInputException(where + " has " + number + ", expected a whole number of 0 or more");
            }
            numbers.add(number.longValue());
        }
        return List.copyOf(numbers);
    }

    /** Tensors lie one after the other, without gaps or overlaps, up to the end of the file. */
    private static void checkLayout(Path file, Map<String, Entry> entries, long dataBytes) {
        List<Entry> inOrder = new ArrayList<>(entries.values());
        inOrder.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long end = 0;
        for (Entry entry : inOrder) {
            String where = file + ": tensor '" + entry.name() + "'";
            if (entry.begin() < end) {
                throw new InvalidInputException(
                        where + " begins at " + entry.begin() + ", inside the tensor before it, which ends at " + end);
            }
            if (entry.begin() > end) {
                throw new InvalidInputException(where + " begins at " + entry.begin() + ", expected " + end);
            }
            if (entry.end() > dataBytes) {
                throw new InvalidInputException(where + " ends at byte " + entry.end() + " of the data, the file has "
                        + dataBytes + ": truncated");
            }
            end = entry.end();
        }
        if (end != dataBytes) {
            throw new InvalidInputException(
                    file + ": " + (dataBytes - end) + " bytes follow the last tensor, expected none");
        }
    }
}
