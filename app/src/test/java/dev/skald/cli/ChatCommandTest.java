package dev.skald.cli;

import static dev.skald.cli.CommandLineRun.skald;
import static dev.skald.cli.CommandLineRun.skaldReading;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.TinyLlama;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code skald chat} through a pipe. */
class ChatCommandTest {

    @TempDir
    private static Path directory;

    private static Path model;

    /** Says bcåxyz to whatever is asked. */
    @BeforeAll
    static void write() {
        TinyLlama tiny = TinyLlama.saying("abcåxyz");
        tiny.tokenizerConfig()
                .put(
                        "chat_template",
                        "{% for m in messages %}{{ m.role }}:{{ m.content }}{{ eos_token }}{% endfor %}a");
        model = tiny.write(directory.resolve("model"));
    }

    private static CommandLineRun chat(String lines, Object... options) {
        Object[] words = new Object[options.length + 4];
        System.arraycopy(new Object[] {"chat", "--model", model, "--greedy"}, 0, words, 0, 4);
        System.arraycopy(options, 0, words, 4, options.length);
        return skaldReading(lines.getBytes(StandardCharsets.UTF_8), words);
    }

    @Test
    void eachLineIsAQuestion() {
        assertThat(chat("hej\n\nhur är det?\n").result()).isEqualTo("bcåxyz\nbcåxyz\n");
        assertThat(chat("hej", "--max-new-tokens", 2).result()).isEqualTo("bc\n");
        assertThat(chat("hej", "--stop", "xy").result()).isEqualTo("bcå\n");
    }

    @Test
    void commandsChangeTheConversation() throws IOException {
        Path saved = directory.resolve("samtal.json");
        String out = chat("/tokens\nhej \\\ndu\n/save " + saved + "\n/reset\n/tokens\n/load " + saved
                        + "\n/tokens\n/system Svara kort.\n/tokens\n/nix\n/load nix\n/quit\nhej\n")
                .result();
        // user:hej \n du and the answer, each with its end, and the a that the template ends with.
        int tokens = "user:hej \ndu".length() + 1 + "assistant:".length() + 8 + 1;
        assertThat(out.lines())
                .containsExactly(
                        "0 of 1024 tokens",
                        "bcåxyz",
                        "2 messages written to " + saved,
                        "0 of 1024 tokens",
                        "2 messages read from " + saved,
                        tokens + " of 1024 tokens",
                        "system:Svara kort.".length() + 2 + " of 1024 tokens",
                        "unknown command /nix, expected /system, /reset, /save, /load, /tokens or /quit",
                        "nix: no such file");
        JsonNode messages = new ObjectMapper().readTree(Files.readString(saved)).get("messages");
        assertThat(messages.toString())
                .isEqualTo(
                        "[{\"role\":\"user\",\"content\":\"hej \\ndu\"},{\"role\":\"assistant\",\"content\":\"bcåxyz\"}]");
    }

    @Test
    void wrongInputIsOneLine() {
        Path base = TinyLlama.saying("abc").write(directory.resolve("base"));
        assertThat(skaldReading("hej\n".getBytes(StandardCharsets.UTF_8), "chat", "--model", base)
                        .error())
                .contains("no chat template", "llama3");
        assertThat(skald("chat", "--model", base, "--chat-template", "nix").error())
                .contains("chat template: nix is no file");
        assertThat(chat("a".repeat(2000)).error()).contains("no room");
    }
}
