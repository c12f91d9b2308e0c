package dev.skald.tokenizer;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same ids and texts as Hugging Face's tokenizers, with tokenizers that are trained here. */
class DifferentialTest {

    @TempDir
    static Path directory;

    private static Path trained(boolean addBos) throws Exception {
        Path target = directory.resolve("trained-" + addBos);
        if (!java.nio.file.Files.exists(target)) {
            TokenizerTrainer.Options options = TokenizerTrainer.Options.of(1500);
            TokenizerTrainer trainer = new TokenizerTrainer(new TokenizerTrainer.Options(
                    1500,
                    options.specialTokens(),
                    options.bos(),
                    options.eos(),
                    addBos,
                    options.minFrequency(),
                    options.maxPieces()));
            trainer.read(Texts.nordic(new Random(1), 2000));
            trainer.read(Texts.hostile(new Random(2), 20_000));
            trainer.train().write(target);
        }
        return target.resolve("tokenizer.json");
    }

    @Test
    void llama3OnHostileText() throws Exception {
        try (HuggingFace both = new HuggingFace(trained(true))) {
            Random random = new Random(3);
            for (int i = 0; i < 3000; i++) {
                both.assertSame(Texts.hostile(random, 1 + random.nextInt(30)));
            }
        }
    }

    @Test
    void llama3OnEveryCodePoint() throws Exception {
        try (HuggingFace both = new HuggingFace(trained(false))) {
            StringBuilder text = new StringBuilder();
            for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
                boolean surrogate = codePoint >= 0xD800 && codePoint <= 0xDFFF;
                if (!surrogate && (Character.isDefined(codePoint) || codePoint % 16 == 0)) {
                    text.append('a').appendCodePoint(codePoint).append("1 ");
                }
                if (text.length() > 4000 || codePoint == Character.MAX_CODE_POINT) {
                    both.assertSameIds(text.toString());
                    text.setLength(0);
                }
            }
        }
    }

    @Test
    void llama3OnMegabytes() throws Exception {
        try (HuggingFace both = new HuggingFace(trained(true))) {
            both.assertSame(Texts.nordic(new Random(4), 12_000));
            both.assertSame(Texts.hostile(new Random(5), 100_000));
        }
    }

    @Test
    void llama3OnLongRuns() throws Exception {
        try (HuggingFace both = new HuggingFace(trained(true))) {
            for (String unit : new String[] {"a", " ", "å", "\n", "!", "1", "ab", " \n", "🇸🇪"}) {
                both.assertSameIds(unit.repeat(20_000));
                both.assertSameIds("x" + unit.repeat(20_000) + "x");
            }
        }
    }
}
