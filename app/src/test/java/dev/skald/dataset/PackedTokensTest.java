package dev.skald.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import dev.skald.dataset.PackedIndex.Encoding;
import dev.skald.dataset.PackedIndex.Shard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackedTokensTest {

    private static final Encoding SMALL = new Encoding("aa", 300, 1, 2);
    private static final Encoding LARGE = new Encoding("bb", 128256, 128000, 128001);

    @TempDir
    Path directory;

    @Test
    void aShardIsReadAsItWasWritten() throws IOException {
        Shard first;
        try (PackedTokensWriter writer = PackedTokensWriter.shard(directory, 0, SMALL, "a.jsonl")) {
            writer.add("kapitel 1 – å", "sv", "romaner", 12, new int[] {10, 299});
            writer.add("2", "da", "taler", 0, new int[] {});
            first = writer.commit();
        }
        Shard second;
        try (PackedTokensWriter writer = PackedTokensWriter.shard(directory, 1, SMALL, "b.jsonl")) {
            writer.add("3", "sv", "taler", 7, new int[] {5});
            second = writer.commit();
        }
        PackedTokensWriter.commitIndex(directory, SMALL, List.of(first, second));

        PackedTokens packed = PackedTokens.open(directory);
        packed.verify();
        assertThat(packed.tokens()).isEqualTo(9);
        assertThat(packed.documents()).isEqualTo(3);
        int[] ids = new int[9];
        packed.read(0, ids, 0, 9);
        assertThat(ids).containsExactly(1, 10, 299, 2, 1, 2, 1, 5, 2);
        assertThat(packed.document(0)).isEqualTo(new PackedDocument("kapitel 1 – å", "sv", "romaner", 4, 12));
        assertThat(packed.document(1)).isEqualTo(new PackedDocument("2", "da", "taler", 2, 0));
        assertThat(packed.document(2)).isEqualTo(new PackedDocument("3", "sv", "taler", 3, 7));
        assertThat(packed.start(2)).isEqualTo(6);
        assertThat(packed.end(2)).isEqualTo(9);
        assertThat(packed.index().languages().get("sv")).isEqualTo(new PackedIndex.Counts(2, 7, 19));
        assertThat(packed.index().datasets().get("taler")).isEqualTo(new PackedIndex.Counts(2, 5, 7));
    }

    @Test
    void theIdsLieAtOffsetZeroLittleEndian() throws IOException {
        write(directory, SMALL, 0, List.of(new int[] {258}));
        write(directory.resolve("large"), LARGE, 0, List.of(new int[] {70000}));

        byte[] small = Files.readAllBytes(directory.resolve("shard-00000.tokens"));
        assertThat(small).startsWith(1, 0, 2, 1, 2, 0);
        ByteBuffer large = ByteBuffer.wrap(Files.readAllBytes(directory.resolve("large/shard-00000.tokens")))
                .order(ByteOrder.LITTLE_ENDIAN);
        assertThat(large.getInt(4)).isEqualTo(70000);
        assertThat(new String(large.array(), large.limit() - 8, 8, java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("SKALDTOK");
    }

    @Property(tries = 30)
    void documentsAndTokensAreFoundAcrossShards(@ForAll long seed, @ForAll @IntRange(min = 1, max = 5) int shards)
            throws IOException {
        Path data = Files.createTempDirectory("packed");
        Random random = new Random(seed);
        List<Integer> stream = new ArrayList<>();
        List<Long> ends = new ArrayList<>();
        List<Shard> entries = new ArrayList<>();
        Encoding plain = new Encoding("cc", 70000, null, null);
        for (int shard = 0; shard < shards; shard++) {
            List<int[]> documents = new ArrayList<>();
            int count = random.nextInt(4);
            for (int i = 0; i < count; i++) {
                int[] ids = random.ints(random.nextInt(6), 0, 70000).toArray();
                documents.add(ids);
                for (int id : ids) {
                    stream.add(id);
                }
                if (ids.length > 0) {
                    ends.add((long) stream.size());
                }
            }
            entries.add(write(data, plain, shard, documents));
        }
        PackedTokensWriter.commitIndex(data, plain, entries);
        PackedTokens packed = PackedTokens.open(data);
        assertThat(packed.documents()).isEqualTo(ends.size());
        int[] ids = new int[stream.size()];
        packed.read(0, ids, 0, ids.length);
        assertThat(ids).containsExactly(stream.stream().mapToInt(i -> i).toArray());
        for (int position = 0; position < stream.size(); position++) {
            int document = 0;
            while (ends.get(document) <= position) {
                document++;
            }
            assertThat(packed.documentAt(position)).isEqualTo(document);
            assertThat(packed.end(document)).isEqualTo(ends.get(document));
            assertThat(packed.start(document)).isEqualTo(document == 0 ? 0 : ends.get(document - 1));
            int[] one = new int[1];
            packed.read(position, one, 0, 1);
            assertThat(one[0]).isEqualTo(stream.get(position));
        }
        try (Stream<Path> files = Files.walk(data)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }

    @Test
    void whatIsNotCommittedLeavesNothing() throws IOException {
        try (PackedTokensWriter writer = PackedTokensWriter.shard(directory, 0, SMALL, "")) {
            writer.add("1", "", "d", 1, new int[] {3});
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aCommittedShardIsFoundAgainOnlyForTheSameSourceAndEncoding() throws IOException {
        Shard entry = write(directory, SMALL, 3, List.of(new int[] {5}));
        assertThat(PackedTokens.findShard(directory, 3, SMALL, "source")).isEqualTo(Optional.of(entry));
        assertThat(PackedTokens.findShard(directory, 3, SMALL, "other")).isEmpty();
        assertThat(PackedTokens.findShard(directory, 3, LARGE, "source")).isEmpty();
        assertThat(PackedTokens.findShard(directory, 4, SMALL, "source")).isEmpty();
    }

    @Test
    void theIndexRemovesWhatIsNotItsOwn() throws IOException {
        Shard kept = write(directory, SMALL, 0, List.of(new int[] {5}));
        write(directory, SMALL, 1, List.of(new int[] {6}));
        Files.writeString(directory.resolve("shard-00002.tokens.x.part"), "cut");
        PackedTokensWriter.commitIndex(directory, SMALL, List.of(kept));
        assertThat(directory).isDirectoryNotContaining("glob:**shard-00001*").isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void damageIsNamed() throws IOException {
        Shard entry = write(directory, SMALL, 0, List.of(new int[] {5, 6, 7}));
        PackedTokensWriter.commitIndex(directory, SMALL, List.of(entry));
        Path shard = directory.resolve(entry.file());
        byte[] good = Files.readAllBytes(shard);

        byte[] changed = good.clone();
        changed[2] ^= 1;
        Files.write(shard, changed);
        PackedTokens packed = PackedTokens.open(directory);
        assertThatThrownBy(packed::verify)
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("shard-00000.tokens: damaged")
                .hasMessageContaining(entry.sha256());
        for (int length : new int[] {0, 5, 24, good.length / 2, good.length - 1}) {
            Files.write(shard, java.util.Arrays.copyOf(good, length));
            assertThatThrownBy(() -> PackedTokens.open(directory))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("shard-00000.tokens");
            assertThat(PackedTokens.findShard(directory, 0, SMALL, "source")).isEmpty();
        }
        Files.delete(shard);
        assertThatThrownBy(() -> PackedTokens.open(directory)).isInstanceOf(java.nio.file.NoSuchFileException.class);
    }

    @Test
    void anIndexThatIsNoneIsRefused() throws IOException {
        assertThatThrownBy(() -> PackedTokens.open(directory)).hasMessageContaining("not a packed dataset");
        for (String content : List.of("", "{", "[]", "{\"version\": 7}", "{\"version\": 1}", "{\"version\": \"x\"}")) {
            Files.writeString(directory.resolve("index.json"), content);
            assertThatThrownBy(() -> PackedTokens.open(directory))
                    .as(content)
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining(directory.toString());
        }
    }

    @Test
    void anIdOutsideTheVocabularyIsRefused() throws IOException {
        try (PackedTokensWriter writer = PackedTokensWriter.shard(directory, 0, SMALL, "")) {
            assertThatThrownBy(() -> writer.add("doc-7", "sv", "d", 1, new int[] {300}))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("doc-7")
                    .hasMessageContaining("300");
        }
    }

    private static Shard write(Path directory, Encoding encoding, int number, List<int[]> documents)
            throws IOException {
        try (PackedTokensWriter writer = PackedTokensWriter.shard(directory, number, encoding, "source")) {
            for (int i = 0; i < documents.size(); i++) {
                writer.add(number + "/" + i, "sv", "d", 1, documents.get(i));
            }
            return writer.commit();
        }
    }
}
