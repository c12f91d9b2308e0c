package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code skald tokenize} and {@code skald tokenizer train}, as a user calls them. */
class TokenizeCommandTest {

    @TempDir
    Path directory;

    private Path model;

    private record Result(int code, String out, String err) {}

    private static Result skald(byte[] input, String... args) {
        InputStream in = System.in;
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
        ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
        try {
            System.setIn(new ByteArrayInputStream(input));
            System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
            int code = Main.run(args);
            return new Result(
                    code, outBytes.toString(StandardCharsets.UTF_8), errBytes.toString(StandardCharsets.UTF_8));
        } finally {
            System.setIn(in);
            System.setOut(out);
            System.setErr(err);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @BeforeEach
    void train() throws Exception {
        Path text = directory.resolve("text.txt");
        Files.writeString(text, "Sommar och sol och sommar och sol.\n".repeat(20));
        model = directory.resolve("model");
        Result result = skald(
                new byte[0],
                "tokenizer",
                "train",
                "--vocab-size",
                "270",
                "--output",
                model.toString(),
                text.toString());
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).isEqualTo(model.resolve("tokenizer.json") + System.lineSeparator());
    }

    @Test
    void textToIdsAndBack() {
        Result ids = skald(utf8("sol, sommar på sjön"), "tokenize", "--model", model.toString(), "--json");
        assertThat(ids.code()).isZero();
        assertThat(ids.out()).matches("\\{\"ids\":\\[\\d+(,\\d+)*]}\\s*");
        String plain = ids.out().replaceAll("[^0-9,]", "");
        Result text = skald(utf8(plain), "tokenize", "--model", model.toString(), "--decode", "--json");
        assertThat(text.out().strip()).isEqualTo("{\"text\":\"sol, sommar på sjön\"}");
    }

    @Test
    void specialTokensOnlyWhenAsked() {
        Result without = skald(utf8("sol"), "tokenize", "--model", model.toString());
        Result with = skald(utf8("sol"), "tokenize", "--model", model.toString(), "--add-special-tokens");
        assertThat(with.out()).isEqualTo("268 " + without.out());
    }

    @Test
    void nothingIsNoIds() {
        assertThat(skald(new byte[0], "tokenize", "--model", model.toString(), "--json")
                        .out()
                        .strip())
                .isEqualTo("{\"ids\":[]}");
        assertThat(skald(utf8(" \n"), "tokenize", "--model", model.toString(), "--decode", "--json")
                        .out()
                        .strip())
                .isEqualTo("{\"text\":\"\"}");
    }

    @Test
    void mistakesAreOneLine() {
        assertThat(skald(new byte[] {'a', (byte) 0xE5, 'b'}, "tokenize", "--model", model.toString()))
                .isEqualTo(new Result(2, "", "error: standard input: not UTF-8 at byte 1\n"));
        assertThat(skald(utf8("1 x"), "tokenize", "--model", model.toString(), "--decode"))
                .isEqualTo(new Result(2, "", "error: standard input: expected a token id, found \"x\"\n"));
        assertThat(skald(utf8("270"), "tokenize", "--model", model.toString(), "--decode")
                        .err())
                .isEqualTo("error: token id 270 is not in the vocabulary of 270 tokens\n");
        Result missing = skald(
                new byte[0], "tokenize", "--model", directory.resolve("no").toString());
        assertThat(missing.code()).isEqualTo(2);
        assertThat(missing.err()).startsWith("error: ").contains("no").endsWith("no such file or directory\n");
    }
}
