package dev.skald.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkspaceTest {

    @TempDir
    private Path temp;

    @Test
    void pathsWithBlanksAndQuotesAreQuotedInYaml() throws IOException {
        Path directory = temp.resolve("my \"own\" demo");
        new Workspace(directory).prepare(Path.of("nano"));
        assertThat(Files.readString(directory.resolve("corpus.yaml")))
                .contains("data: \"" + temp + "/my \\\"own\\\" demo/texts\"")
                .contains("tokenizer: \"nano\"");
        assertThat(Files.readString(directory.resolve("trainer.yaml"))).contains("base_model: \"nano\"");
        assertThat(directory.resolve("texts/nn.jsonl")).isNotEmptyFile();
    }

    @Test
    void aDirectoryWithFilesIsLeftAlone() throws IOException {
        Path mine = Files.writeString(temp.resolve("mine.txt"), "mine");
        assertThatThrownBy(() -> new Workspace(temp).prepare(Path.of("nano")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(temp + ": exists already; remove it, or name another directory with --output");
        assertThat(temp).isDirectoryContaining(mine::equals).isDirectoryNotContaining("glob:**.yaml");
    }
}
