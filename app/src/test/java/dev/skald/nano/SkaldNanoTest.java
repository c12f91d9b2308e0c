package dev.skald.nano;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.corpus.LanguageIdentifier;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import dev.skald.model.LlamaConfig;
import dev.skald.model.Parameter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SkaldNanoTest {

    @Test
    void theFolderHoldsTheWeightsThatItIsNamedBy() throws IOException, NoSuchAlgorithmException {
        Path directory = SkaldNano.directory();
        byte[] weights = Files.readAllBytes(directory.resolve("model.safetensors"));
        String digest =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(weights));
        assertThat(directory.getFileName()).hasToString("skald-nano-" + digest.substring(0, 12));
        try (var shipped = SkaldNano.class.getResourceAsStream("/dev/skald/nano/model.sha256")) {
            assertThat(new String(shipped.readAllBytes(), StandardCharsets.US_ASCII).strip())
                    .isEqualTo(digest);
        }
    }

    @Test
    void itIsSmall() throws IOException {
        Path directory = SkaldNano.directory();
        long parameters = Parameter.of(LlamaConfig.read(directory.resolve("config.json"))).stream()
                .mapToLong(parameter -> Arrays.stream(parameter.shape()).reduce(1, (product, size) -> product * size))
                .sum();
        assertThat(parameters).isLessThanOrEqualTo(12_000_000);
        assertThat(directory.resolve("model.safetensors").toFile().length()).isLessThanOrEqualTo(25_000_000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sv | Sommar och sol är det bästa jag vet, och därför",
                "da | Jeg vil gerne spørge ministeren, om regeringen",
                "nb | Departementet kan gi nærmere bestemmelser om hva som",
            })
    void itGoesOnInTheLanguageOfThePrompt(String language, String prompt) throws IOException {
        LanguageIdentifier identifier = new LanguageIdentifier();
        GenerationOptions options = GenerationOptions.modelDefaults()
                .maxNewTokens(60)
                .temperature(0.6)
                .seed(1)
                .numReturnSequences(5)
                .sample(true);
        try (Generator model = Generator.load(SkaldNano.directory())) {
            List<String> languages = model.generate(List.of(prompt), options, (_, _) -> {}).stream()
                    .map(text -> identifier.identify(text.generatedText()).language())
                    .toList();
            assertThat(languages).filteredOn(language::equals).hasSizeGreaterThanOrEqualTo(4);
        }
    }
}
