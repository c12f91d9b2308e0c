package dev.skald.cli;

import static dev.skald.cli.CommandLineRun.skald;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.generate.ModelTokenizer;
import dev.skald.nano.SkaldNano;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {

    private static final String TEXT =
            "Kjære Åse, 12345 får:\n\n  det er kl. 10.30 – ikkje sant? <|end_of_text|> Søren's æble";

    @TempDir
    private Path folder;

    /** Tokenizer, weights and settings of the shipped model outlive the way to GGUF and back. */
    @Test
    void theShippedModelIsConvertedThereAndBack() throws IOException {
        Path nano = SkaldNano.directory();
        Path gguf = folder.resolve("nano.gguf");
        Path back = folder.resolve("back");
        assertThat(skald("convert", nano.toString(), "--out", gguf.toString()).out())
                .contains("5,786,368 parameters", "BF16 100.0 %");
        assertThat(skald("convert", gguf.toString(), "--to", "hf", "--out", back.toString())
                        .exitCode())
                .isZero();
        assertThat(back.resolve("model.safetensors")).hasSameBinaryContentAs(nano.resolve("model.safetensors"));
        int[] ids = Tokenizer.load(nano).encode(TEXT, true);
        for (Path model : new Path[] {gguf, back}) {
            Tokenizer tokenizer = ModelTokenizer.load(model);
            assertThat(tokenizer.encode(TEXT, true)).isEqualTo(ids);
            assertThat(tokenizer.decode(ids, true))
                    .isEqualTo(Tokenizer.load(nano).decode(ids, true));
            assertThat(tokenizer.bosId()).hasValue(8190);
        }
        String greedy = "generate --greedy --max-new-tokens 8 skog --model ";
        assertThat(skald((Object[]) (greedy + gguf).split(" ")).result())
                .isEqualTo(skald((Object[]) (greedy + nano).split(" ")).result());
    }

    /** Blocks are in memory as they are in the file, the norms in bf16. */
    @Test
    void aQuantisedModelIsInspected() {
        Path gguf = folder.resolve("nano.gguf");
        skald("convert", SkaldNano.directory(), "--out", gguf, "--type", "q8_0").result();
        assertThat(skald("inspect", gguf, "--context", 256).result())
                .containsPattern("bits_per_weight +8.51")
                .containsPattern("cpu_dtype +bfloat16")
                .containsPattern(
                        "weight_bytes +" + String.format(Locale.ROOT, "%,d", (5_786_368L - 2816) / 32 * 34 + 2 * 2816))
                .containsPattern("Q8_0 +36 +5,783,552");
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        String nano = SkaldNano.directory().toString();
        String out = folder.resolve("nano.gguf").toString();
        assertThat(skald("convert", nano, "--out", out, "--type", "q4_k").err())
                .contains("error: --type: 'q4_k' is not one of f32, f16, bf16")
                .contains("did you mean 'q4_0'?");
        Files.writeString(folder.resolve("nano.gguf"), "mine");
        CommandLineRun again = skald("convert", nano, "--out", out, "--type", "q8_0");
        assertThat(again.exitCode()).isEqualTo(2);
        assertThat(again.err()).contains("error: " + out + ": is there already; --overwrite replaces it");
        assertThat(skald("convert", nano, "--out", out, "--type", "q8_0", "--overwrite")
                        .out())
                .contains("Q8_0 100.0 %", "8.90 bits a parameter");
    }
}
