package dev.skald.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.dataset.PackedIndex.Encoding;
import dev.skald.dataset.PackedIndex.Shard;
import dev.skald.dataset.TokenStream.Documents;
import dev.skald.model.PackedRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenStreamTest {

    private static final int NONE = PackedRows.NOT_PREDICTED;

    @TempDir
    Path directory;

    @Test
    void documentsApart() throws IOException {
        PackedTokens packed = pack(List.of(new int[] {1, 2, 3}, new int[] {4, 5, 6, 7, 8}, new int[] {9, 10}), 2);
        TokenStream stream = new TokenStream(List.of(new Documents(packed, 0, 3)), 4, true);
        assertThat(stream.tokens()).isEqualTo(10);
        assertThat(stream.sequences()).isEqualTo(2);

        PackedRows first = stream.rows(0);
        assertThat(first.ids()).containsExactly(1, 2, 3, 4);
        assertThat(first.targets()).containsExactly(2, 3, NONE, 5);
        assertThat(first.positions()).containsExactly(0, 1, 2, 0);
        assertThat(first.documentStarts()).containsExactly(0, 3);

        PackedRows both = stream.rows(1, 0);
        assertThat(both.ids()).containsExactly(5, 6, 7, 8, 1, 2, 3, 4);
        assertThat(both.targets()).containsExactly(6, 7, 8, NONE, 2, 3, NONE, 5);
        assertThat(both.positions()).containsExactly(0, 1, 2, 3, 0, 1, 2, 0);
        assertThat(both.documentStarts()).containsExactly(0, 4, 7);

        assertThat(stream.parts(0))
                .extracting(part -> part.document().id() + ":" + part.from() + "-" + part.to())
                .containsExactly("0:0-3", "1:0-1");
    }

    @Test
    void plainPacking() throws IOException {
        PackedTokens packed = pack(List.of(new int[] {1, 2, 3}, new int[] {4, 5, 6, 7, 8}), 1);
        TokenStream stream = new TokenStream(List.of(new Documents(packed, 0, 2)), 4, false);
        PackedRows first = stream.rows(0);
        assertThat(first.targets()).containsExactly(2, 3, 4, 5);
        assertThat(first.positions()).containsExactly(0, 1, 2, 3);
        assertThat(first.documentStarts()).containsExactly(0);
        assertThat(stream.rows(1).targets()).containsExactly(6, 7, 8, NONE);
    }

    @Test
    void nothingIsLostOrSeenTwiceAndEachTokenButADocumentsFirstIsPredictedOnce() throws IOException {
        Random random = new Random(7);
        List<int[]> documents = new ArrayList<>();
        List<Integer> expected = new ArrayList<>();
        List<Integer> predicted = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < 60; i++) {
            int[] ids = new int[1 + random.nextInt(20)];
            boolean held = i % 7 == 3;
            for (int j = 0; j < ids.length; j++) {
                ids[j] = next++;
                if (!held) {
                    expected.add(ids[j]);
                    if (j > 0) {
                        predicted.add(ids[j]);
                    }
                }
            }
            documents.add(ids);
        }
        PackedTokens packed = pack(documents, 5);
        List<Documents> kept = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            if (i % 7 != 3) {
                kept.add(new Documents(packed, i, i + 1));
            }
        }
        int length = 16;
        TokenStream stream = new TokenStream(kept, length, true);
        assertThat(stream.tokens()).isEqualTo(expected.size());
        List<Integer> seen = new ArrayList<>();
        List<Integer> targets = new ArrayList<>();
        for (int sequence = 0; sequence < stream.sequences(); sequence++) {
            PackedRows rows = stream.rows(sequence);
            for (int r = 0; r < length; r++) {
                seen.add(rows.ids()[r]);
                if (rows.targets()[r] != NONE) {
                    targets.add(rows.targets()[r]);
                    assertThat(rows.targets()[r]).isEqualTo(rows.ids()[r] + 1);
                }
            }
            int tokens = stream.parts(sequence).stream()
                    .mapToInt(part -> (int) (part.to() - part.from()))
                    .sum();
            assertThat(tokens).isEqualTo(length);
        }
        int full = expected.size() / length * length;
        assertThat(seen).isEqualTo(expected.subList(0, full));
        predicted.removeIf(id -> expected.indexOf(id) > full);
        assertThat(targets).isEqualTo(predicted);
    }

    private PackedTokens pack(List<int[]> documents, int shards) throws IOException {
        Encoding encoding = new Encoding("hash", 2000, null, null);
        List<Shard> entries = new ArrayList<>();
        int at = 0;
        for (int shard = 0; shard < shards; shard++) {
            int end = documents.size() * (shard + 1) / shards;
            try (PackedTokensWriter writer = PackedTokensWriter.shard(directory, shard, encoding, "")) {
                for (; at < end; at++) {
                    writer.add(String.valueOf(at), "sv", "test", 1, documents.get(at));
                }
                entries.add(writer.commit());
            }
        }
        PackedTokensWriter.commitIndex(directory, encoding, entries);
        return PackedTokens.open(directory);
    }
}
