package dev.skald.dataset;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.skald.dataset.PackedIndex.Counts;
import dev.skald.dataset.PackedIndex.Encoding;
import dev.skald.dataset.PackedIndex.Shard;
import java.util.List;
import java.util.SortedMap;

/** The JSON at the end of a shard: all that its index entry says, but the checksum. */
@JsonNaming(SnakeCaseStrategy.class)
record Footer(
        int version,
        Encoding encoding,
        int documents,
        long tokens,
        String source,
        List<String> languageNames,
        List<String> datasetNames,
        SortedMap<String, Counts> languages,
        SortedMap<String, Counts> datasets) {

    Shard shard(String file, long bytes, String sha256) {
        return new Shard(file, documents, tokens, bytes, sha256, source, languages, datasets);
    }
}
