package dev.skald.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {

    @TempDir
    private Path directory;

    private Path target;

    @BeforeEach
    void place() {
        target = directory.resolve("file.txt");
    }

    @Test
    void aFileIsReplacedAsAWhole() throws IOException {
        AtomicFiles.write(target, "one");
        AtomicFiles.write(target, (Path part) -> {
            assertThat(part).doesNotExist().hasParentRaw(directory);
            Files.writeString(part, "two");
            assertThat(target).hasContent("one");
        });
        assertThat(target).hasContent("two");
        AtomicFiles.writeDurably(target, new byte[] {'3'});
        assertThat(target).hasContent("3");
        assertThat(list()).containsExactly(target);
    }

    @Test
    void aFailureLeavesWhatWasThere() throws IOException {
        AtomicFiles.write(target, "one");
        assertThatThrownBy(() -> AtomicFiles.write(target, (Path part) -> {
                    Files.writeString(part, "tw");
                    throw new IOException("the disk is full");
                }))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(target + ": the disk is full");
        assertThat(target).hasContent("one");
        assertThat(list()).containsExactly(target);
    }

    /** The words of a device that plays a full disk, where there is one. */
    @Test
    void anErrorNamesTheTarget() throws IOException {
        Path full = Path.of("/dev/full");
        assertThatThrownBy(() -> AtomicFiles.write(target, (Path part) -> {
                    Files.createSymbolicLink(part, Files.exists(full) ? full : directory);
                    Files.writeString(part, "a");
                }))
                .isInstanceOf(FileSystemException.class)
                .hasMessageStartingWith(target + ": ");
        assertThat(list()).isEmpty();
        Path nowhere = directory.resolve("no/file");
        assertThatThrownBy(() -> AtomicFiles.write(nowhere, "a"))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessage(nowhere.toString());
    }

    /** All have begun before one ends. */
    @Test
    void writersOfOneFileDoNotDisturbEachOther() throws IOException, InterruptedException, ExecutionException {
        int writers = 4;
        CyclicBarrier all = new CyclicBarrier(writers);
        List<Future<?>> done = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(writers)) {
            for (int i = 0; i < writers; i++) {
                String text = String.valueOf(i).repeat(100);
                done.add(pool.submit(() -> {
                    AtomicFiles.write(target, (Path part) -> {
                        Files.writeString(part, text);
                        await(all);
                        assertThat(part).hasContent(text);
                    });
                    return null;
                }));
            }
        }
        for (Future<?> each : done) {
            each.get();
        }
        assertThat(Files.readString(target)).matches("(\\d)\\1{99}");
        assertThat(list()).containsExactly(target);
    }

    private static void await(CyclicBarrier all) {
        try {
            all.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void foldersAreThereWholeOrNotAtAll() throws IOException {
        Path folder = directory.resolve("new/folder");
        assertThatThrownBy(() -> AtomicFiles.writeFolder(folder, (Path part) -> {
                    Files.createDirectories(part.resolve("a/b"));
                    throw new IOException("no more");
                }))
                .hasMessage("no more");
        assertThat(folder.getParent()).isEmptyDirectory();
        AtomicFiles.writeFolder(folder, part -> Files.writeString(part.resolve("c"), "c"));
        assertThat(folder.resolve("c")).hasContent("c");
        assertThat(folder.getParent()).isDirectoryNotContaining("glob:**.part");
        AtomicFiles.delete(directory.resolve("new"));
        assertThat(list()).isEmpty();
        AtomicFiles.delete(folder);
    }

    /** What a kill leaves is known by its name; a user's own file of such an end is not. */
    @Test
    void leftOverPartsAreDeleted() throws IOException {
        Path below = Files.createDirectory(directory.resolve("below"));
        Path own = Files.writeString(directory.resolve("film.part"), "");
        AtomicFiles.write(target, "one");
        Files.writeString(AtomicFiles.part(target), "cut");
        Files.writeString(AtomicFiles.part(below.resolve("x")), "cut");
        Files.createDirectories(AtomicFiles.part(below).resolve("inside"));
        AtomicFiles.deleteParts(directory);
        assertThat(list()).containsExactly(below, target, own);
        assertThat(below).isEmptyDirectory();
    }

    private List<Path> list() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }
}
