package dev.skald.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.TinyLlama;
import dev.skald.chat.Chat;
import dev.skald.chat.ChatTemplate;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser. */
@Timeout(120)
class PageTest {

    /** What the model says after the prompt's last a. */
    private static final String SAYS = "bcåxyz😀 Ⅷ.";

    @TempDir
    private static Path directory;

    private static Browser browser;
    private static Generator chatting;
    private static Generator base;
    private static Server chats;
    private static Server texts;

    @BeforeAll
    static void begin() throws IOException {
        browser = Browser.open(directory.resolve("profile"));
        TinyLlama says = TinyLlama.saying("a" + SAYS);
        says.tokenizerConfig()
                .put(
                        "chat_template",
                        "{% for m in messages %}{{ m.role }}:{{ m.content }}{{ eos_token }}{% endfor %}a");
        chatting = Generator.load(says.write(directory.resolve("chat")));
        base = Generator.load(TinyLlama.random(3).write(directory.resolve("base")));
        chats = new Server("127.0.0.1", 0, List.of(), failure -> {});
        chats.serve(
                chatting,
                ChatTemplate.of(chatting.tokenizer()).map(template -> Chat.of(chatting, template)),
                "tiny",
                OptionalInt.empty());
        texts = new Server("127.0.0.1", 0, List.of("secret"), failure -> {});
        texts.serve(base, Optional.empty(), "tiny-base", OptionalInt.empty());
    }

    @AfterAll
    static void end() throws Exception {
        browser.close();
        chats.close();
        texts.close();
        chatting.close();
        base.close();
    }

    private static void open(Server server, int width) throws InterruptedException {
        browser.size(width, 800);
        browser.go("http://127.0.0.1:" + server.port() + "/");
    }

    private static void submit(String text) {
        browser.evaluate("$('input').value = " + quoted(text) + "; $('form').requestSubmit()");
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    @Test
    void answersInAChat() throws Exception {
        open(chats, 1280);
        browser.await("server.model === 'tiny'");
        browser.evaluate("$('temperature').value = 0");
        submit("hej <b>då</b>");
        browser.await("!running && document.querySelectorAll('.message.assistant .token').length > 5");
        assertThat(browser.evaluate("document.querySelector('.message.assistant span:nth-of-type(2)').textContent")
                        .asText())
                .isEqualTo(SAYS);
        assertThat(browser.evaluate("document.querySelector('.message.user').textContent")
                        .asText())
                .contains("hej <b>då</b>");
        assertThat(browser.evaluate("$('status').textContent").asText()).contains("of 1024 tokens");
        // The alternatives of a token: all but one letter have the same small probability.
        browser.evaluate("document.querySelectorAll('.token')[1].click()");
        assertThat(browser.evaluate("$('tip').textContent").asText()).startsWith("   99 %  c\n");
        assertThat(browser.evaluate("asCurl()").asText())
                .startsWith("curl http://127.0.0.1:" + chats.port() + "/v1/chat/completions")
                .contains("\"content\":\"hej <b>då</b>\"");
        assertThat(browser.evaluate("asJava()").asText()).contains("Message.of(\"user\", \"hej <b>då</b>\")");

        browser.go("http://127.0.0.1:" + chats.port() + "/?again");
        browser.await("document.querySelectorAll('.message').length === 2 && server.model === 'tiny'");
        browser.evaluate("$('temperature').value = 0");
        browser.evaluate("[...document.querySelectorAll('.message.assistant button')].at(-1).click()");
        browser.await("!running && current.items.length === 2 && current.items[1].text === " + quoted(SAYS));
        browser.evaluate("[...document.querySelectorAll('.message.user button')].at(-1).click()");
        assertThat(browser.evaluate("$('input').value").asText()).isEqualTo("hej <b>då</b>");
        assertThat(browser.evaluate("current.items.length").asInt()).isZero();
        assertThat(browser.errors()).isEmpty();
    }

    @Test
    void continuesATextAndStops() throws Exception {
        open(texts, 1280);
        browser.await("!$('keyBox').hidden");
        browser.evaluate("$('key').value = 'secret'; connect()");
        browser.await("server.model === 'tiny-base'");
        browser.evaluate(
                "$('max_tokens').value = 900; $('temperature').value = 0"); // the random model may draw its end
        submit("En gång");
        browser.await("document.querySelectorAll('.token').length > 3");
        browser.evaluate("$('stopButton').click()");
        browser.await("!running");
        for (int i = 0; i < 300 && base.engine().state().active() > 0; i++) {
            Thread.sleep(10);
        }
        assertThat(base.engine().state().active()).isZero();
        assertThat(browser.evaluate("document.querySelector('.given').textContent")
                        .asText())
                .isEqualTo("En gång");
        browser.evaluate("$('max_tokens').value = 0");
        submit("");
        browser.await("$('status').classList.contains('bad')");
        assertThat(browser.evaluate("$('status').textContent").asText()).contains("max_tokens is 0");
        browser.errors().clear(); // the browser's own line about the 401 and the 400
    }

    @Test
    void fitsOnAPhoneAndSpeaksFourLanguages() throws Exception {
        open(chats, 390);
        browser.await("server.model === 'tiny'");
        browser.evaluate("$('temperature').value = 0");
        submit("hej");
        browser.await("!running && document.querySelectorAll('.token').length > 5");
        assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
                .isLessThanOrEqualTo(390);
        assertThat(browser.evaluate("getComputedStyle($('side')).display").asText())
                .isEqualTo("none");
        browser.evaluate("$('menu').click()");
        assertThat(browser.evaluate("getComputedStyle($('side')).display").asText())
                .isEqualTo("block");
        for (String[] each : new String[][] {{"sv", "Skicka"}, {"da", "Send"}, {"nb", "Send"}, {"en", "Send"}}) {
            browser.evaluate("$('lang').value = '" + each[0] + "'; $('lang').dispatchEvent(new Event('change'))");
            assertThat(browser.evaluate("$('send').textContent").asText()).isEqualTo(each[1]);
            assertThat(browser.evaluate("document.documentElement.lang").asText())
                    .isEqualTo(each[0]);
            assertThat(browser.evaluate(
                                    "[...document.querySelectorAll('[data-t],[data-label]')].every(node => node.textContent !== 'undefined' && node.ariaLabel !== 'undefined')")
                            .asBoolean())
                    .isTrue();
        }
        // Every word is there in every language.
        assertThat(browser.evaluate(
                                "Object.values(WORDS).every(words => Object.keys(WORDS.en).every(key => words[key]))")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void needsNothingFromOutside() throws IOException {
        String page =
                new String(PageTest.class.getResourceAsStream("index.html").readAllBytes(), StandardCharsets.UTF_8);
        assertThat(page).doesNotContain("http://").doesNotContain("https://").doesNotContain("src=");
    }
}
