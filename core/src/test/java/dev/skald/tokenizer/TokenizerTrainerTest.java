package dev.skald.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTrainerTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory;

    private JsonNode written(TokenizerTrainer trainer) throws Exception {
        Path target = Files.createTempDirectory(directory, "trained");
        trainer.train().write(target);
        try (var files = Files.list(target)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("tokenizer.json", "tokenizer_config.json");
        }
        return JSON.readTree(target.resolve("tokenizer.json").toFile());
    }

    private static List<String> merges(JsonNode tokenizer) {
        List<String> merges = new ArrayList<>();
        tokenizer.at("/model/merges").forEach(merge -> merges.add(merge.asText()));
        return merges;
    }

    /** bpe_reference.py counts all pairs anew for each merge. */
    @Test
    void mergesAreThoseOfTheReference() throws Exception {
        JsonNode golden = JSON.readTree(getClass().getResourceAsStream("bpe_reference.json"));
        TokenizerTrainer trainer = new TokenizerTrainer(TokenizerTrainer.Options.of(256 + 400 + 2));
        trainer.read(golden.path("text").asText());
        JsonNode tokenizer = written(trainer);
        List<String> tokens = new ArrayList<>();
        tokenizer.at("/model/vocab").fieldNames().forEachRemaining(tokens::add);
        List<String> expected = new ArrayList<>();
        golden.path("merges")
                .forEach(pair -> expected.add(tokens.get(pair.get(0).asInt()) + " "
                        + tokens.get(pair.get(1).asInt())));
        assertThat(expected).hasSizeGreaterThan(250);
        assertThat(merges(tokenizer)).isEqualTo(expected);
    }

    @Test
    void rarePiecesAreForgottenBeyondTheBound() throws Exception {
        TokenizerTrainer.Options usual = TokenizerTrainer.Options.of(300);
        TokenizerTrainer trainer = new TokenizerTrainer(
                new TokenizerTrainer.Options(300, usual.specialTokens(), usual.bos(), usual.eos(), false, 2, 1000));
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 5000; i++) {
            text.append(" sommar och sol ")
                    .append(Integer.toString(i * 7919 % 46_656 + 46_656, 36).replaceAll("\\d", "q"));
        }
        trainer.read(text.toString());
        assertThat(trainer.counts().differentPieces()).isLessThanOrEqualTo(1000);
        assertThat(trainer.counts().forgottenPieces()).isPositive();
        assertThat(merges(written(trainer))).contains("Ġso l", "Ġsomm ar");
    }

    @Test
    void textWithTooFewPairs() throws Exception {
        TokenizerTrainer trainer = new TokenizerTrainer(TokenizerTrainer.Options.of(1000));
        trainer.read("ab ab ab");
        TokenizerTrainer.Trained trained = trainer.train();
        assertThat(trained.vocabSize()).isEqualTo(256 + 2 + 2);
    }

    @Test
    void mistakes() throws Exception {
        TokenizerTrainer.Options usual = TokenizerTrainer.Options.of(300);
        assertThatThrownBy(() -> TokenizerTrainer.Options.of(200))
                .hasMessageContaining("258")
                .hasMessageContaining("200");
        assertThatThrownBy(() -> new TokenizerTrainer(usual).train()).hasMessage("no text to train a tokenizer on");
        assertThatThrownBy(() -> new TokenizerTrainer.Options(300, List.of("<s>"), "<s>", "</s>", true, 2, 1000))
                .hasMessageContaining("</s>");
    }
}
