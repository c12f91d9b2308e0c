package dev.skald.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LatestCheckpointTest {

    @TempDir
    private Path output;

    private Path checkpoint(long step) throws IOException {
        return Files.createDirectories(LatestCheckpoint.folder(output, step));
    }

    @Test
    void isTheOneThatIsNamed() throws IOException {
        Path nine = checkpoint(9);
        checkpoint(10);
        LatestCheckpoint.set(output, 9);
        assertThat(output.resolve("latest")).hasContent("checkpoint-9");
        assertThat(LatestCheckpoint.in(output)).contains(nine);
        assertThat(LatestCheckpoint.all(output).keySet()).containsExactly(9L, 10L);
    }

    /** By number, not as text: 10 is after 9. A checkpoint that is being written has another name. */
    @Test
    void isTheLastWhereNoneIsNamed() throws IOException {
        assertThat(LatestCheckpoint.in(output)).isEmpty();
        assertThat(LatestCheckpoint.in(output.resolve("no"))).isEmpty();
        checkpoint(9);
        Path ten = checkpoint(10);
        Files.createDirectory(output.resolve(".checkpoint-11.partial"));
        Files.createDirectory(output.resolve("checkpoint-last"));
        assertThat(LatestCheckpoint.in(output)).contains(ten);
        for (String name : new String[] {"checkpoint-3", "", "..", "../checkpoint-9"}) {
            Files.writeString(output.resolve("latest"), name);
            assertThat(LatestCheckpoint.in(output)).contains(ten);
        }
    }
}
