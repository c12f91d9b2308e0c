package dev.skald.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {

    @TempDir
    Path directory;

    @Test
    void encodesAndDecodes() throws Exception {
        Tokenizer tokenizer =
                new SmallTokenizer().bytes().merge("h", "e").merge("he", "j").load(directory);
        assertThat(tokenizer.encode("hej då")).hasSize(5);
        assertThat(tokenizer.decode(tokenizer.encode("hej då"), false)).isEqualTo("hej då");
    }
}
