package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilePatternTest {

    @TempDir
    private Path temporary;

    private Path base;

    @BeforeEach
    void write() throws IOException {
        base = temporary.resolve("my {data} [v1]");
        for (String name : new String[] {
            "a.txt", "b[1].txt", "b1.txt", "c {x}/d.txt", "c {x}/e*.txt", "c {x}/deep/f.txt", "v2/x?.txt", "v3/xy.txt"
        }) {
            Files.createDirectories(base.resolve(name).getParent());
            Files.createFile(base.resolve(name));
        }
    }

    private void finds(String pattern, String... names) throws IOException {
        assertThat(FilePattern.of(base, pattern)
                        .find(file -> file.toString().endsWith(".txt"), directory -> false)
                        .files())
                .as(pattern)
                .extracting(file -> base.relativize(file).toString())
                .containsExactly(names);
    }

    /** A name that is there is no glob, whatever characters it has; and a glob may follow it. */
    @Test
    void namesThatAreThereAreMeantAsTheyAre() throws IOException {
        finds("b[1].txt", "b[1].txt");
        finds("c {x}/e*.txt", "c {x}/e*.txt");
        finds("c {x}", "c {x}/d.txt", "c {x}/deep/f.txt", "c {x}/e*.txt");
        finds("c {x}/*", "c {x}/d.txt", "c {x}/e*.txt");
        finds("c {x}/**/f.txt", "c {x}/deep/f.txt");
        finds(base + "/c {x}/**", "c {x}/d.txt", "c {x}/deep/f.txt", "c {x}/e*.txt");
        finds("v2/x?.txt", "v2/x?.txt");
    }

    @Test
    void whatIsNotThereIsAGlob() throws IOException {
        finds("v3/x?.txt", "v3/xy.txt");
        finds("v[23]/*.txt", "v2/x?.txt", "v3/xy.txt");
        finds("v[!2]/*.txt", "v3/xy.txt");
        finds("{v3,c*}/{x,d}*.txt", "c {x}/d.txt", "v3/xy.txt");
        finds("{v3,c*/deep}/?*.txt", "c {x}/deep/f.txt", "v3/xy.txt");
        finds("**/d*.txt", "c {x}/d.txt");
        finds("[*.txt");
        finds("{*.txt");
        assertThatThrownBy(() -> finds("[z-a]*"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith(base.resolve("[z-a]*") + ": not a glob: ");
    }

    /** As directories of programs that keep versions have them. */
    @Test
    void linksAreFollowedOnce() throws IOException {
        Path loop = Files.createDirectories(base.resolve("v3/loop"));
        Files.createSymbolicLink(loop.resolve("up"), base.resolve("v3"));
        Files.createSymbolicLink(base.resolve("v3/latest.txt"), base.resolve("v3/xy.txt"));
        Files.createSymbolicLink(base.resolve("v3/dangling.txt"), base.resolve("v3/no.txt"));
        Files.createSymbolicLink(base.resolve("v3/other"), base.resolve("v2"));
        finds("v3", "v3/latest.txt", "v3/other/x?.txt");
        finds("v3/**", "v3/latest.txt", "v3/other/x?.txt");
    }
}
