package dev.skald.dataset;

import dev.skald.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The documents of a shard that is being written; grows in memory, about 30 bytes and the id for each. */
final class DocumentTable {

    /** So that every table stays below 2 GiB. */
    private static final int MOST = 1 << 26;

    private final ByteArrayOutputStream ids = new ByteArrayOutputStream();
    private final Map<String, Integer> languages = new LinkedHashMap<>();
    private final Map<String, Integer> datasets = new LinkedHashMap<>();
    private long[] ends = new long[64];
    private long[] idEnds = new long[64];
    private int[] textBytes = new int[64];
    private int[] language = new int[64];
    private int[] dataset = new int[64];
    private int documents;

    /** @param end tokens of the shard up to the document's end */
    void add(long end, String id, String languageName, String datasetName, int bytes) {
        byte[] idBytes = id.getBytes(StandardCharsets.UTF_8);
        if (documents == MOST || ids.size() > Integer.MAX_VALUE - 64 - idBytes.length) {
            throw new InvalidInputException("document " + id + ": one shard cannot hold more than " + documents
                    + " documents; use more shards");
        }
        if (documents == ends.length) {
            ends = Arrays.copyOf(ends, 2 * documents);
            idEnds = Arrays.copyOf(idEnds, 2 * documents);
            textBytes = Arrays.copyOf(textBytes, 2 * documents);
            language = Arrays.copyOf(language, 2 * documents);
            dataset = Arrays.copyOf(dataset, 2 * documents);
        }
        ids.writeBytes(idBytes);
        ends[documents] = end;
        idEnds[documents] = ids.size();
        textBytes[documents] = bytes;
        language[documents] = languages.computeIfAbsent(languageName, name -> languages.size());
        dataset[documents] = datasets.computeIfAbsent(datasetName, name -> datasets.size());
        documents++;
    }

    int documents() {
        return documents;
    }

    List<String> languageNames() {
        return List.copyOf(languages.keySet());
    }

    List<String> datasetNames() {
        return List.copyOf(datasets.keySet());
    }

    /** The tables in the order of the file. */
    List<ByteBuffer> sections() {
        return List.of(
                longs(ends),
                ints(textBytes),
                ints(language),
                ints(dataset),
                longs(idEnds),
                ByteBuffer.wrap(ids.toByteArray()));
    }

    private ByteBuffer longs(long[] values) {
        ByteBuffer section = ByteBuffer.allocate(8 * documents).order(ByteOrder.LITTLE_ENDIAN);
        section.asLongBuffer().put(values, 0, documents);
        return section;
    }

    private ByteBuffer ints(int[] values) {
        ByteBuffer section = ByteBuffer.allocate(4 * documents).order(ByteOrder.LITTLE_ENDIAN);
        section.asIntBuffer().put(values, 0, documents);
        return section;
    }
}
