package dev.skald.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import dev.skald.tokenizer.DocumentMarks.Mark;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentMarksTest {

    @TempDir
    Path directory;

    private Tokenizer tokenizer(boolean named) throws Exception {
        TokenizerTrainer trainer = new TokenizerTrainer(TokenizerTrainer.Options.of(300));
        trainer.read("en text");
        trainer.train().write(directory);
        if (!named) {
            Files.writeString(directory.resolve("tokenizer_config.json"), "{}");
        }
        return Tokenizer.load(directory);
    }

    @Test
    void whatIsAroundADocument() throws Exception {
        Tokenizer tokenizer = tokenizer(true);
        int bos = tokenizer.bosId().getAsInt();
        int eos = tokenizer.eosId().getAsInt();
        int[] ids = {7, 8};
        assertThat(DocumentMarks.of(tokenizer, Mark.REQUIRED, Mark.IF_KNOWN).around(ids))
                .containsExactly(bos, 7, 8, eos);
        assertThat(DocumentMarks.of(tokenizer, Mark.ABSENT, Mark.REQUIRED).around(ids))
                .containsExactly(7, 8, eos);
        assertThat(DocumentMarks.of(tokenizer, Mark.IF_KNOWN, Mark.ABSENT).around(ids))
                .containsExactly(bos, 7, 8);
        assertThat(DocumentMarks.of(tokenizer, Mark.ABSENT, Mark.ABSENT)
                        .withBos(3)
                        .around(new int[0]))
                .containsExactly(3);
        assertThat(DocumentMarks.of(tokenizer, Mark.ABSENT, Mark.ABSENT).around(ids))
                .containsExactly(7, 8);
    }

    @Test
    void aTokenThatIsNotThere() throws Exception {
        Tokenizer tokenizer = tokenizer(false);
        assertThat(DocumentMarks.of(tokenizer, Mark.IF_KNOWN, Mark.IF_KNOWN).around(new int[] {7}))
                .containsExactly(7);
        assertThatThrownBy(() -> DocumentMarks.of(tokenizer, Mark.REQUIRED, Mark.ABSENT))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("bos_token is missing, or not in the vocabulary, and documents begin with it");
        assertThatThrownBy(() -> DocumentMarks.of(tokenizer, Mark.ABSENT, Mark.REQUIRED))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("eos_token is missing");
    }
}
