package dev.skald.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {

    @TempDir
    Path directory;

    private static SmallTokenizer small() {
        return new SmallTokenizer()
                .bytes()
                .merge("h", "e")
                .merge("he", "j")
                .merge("Ã", "¥")
                .merge("Ġ", "d");
    }

    @Test
    void idsAndText() throws Exception {
        Tokenizer tokenizer = small().load(directory);
        int[] ids = tokenizer.encode("hej då");
        assertThat(ids).containsExactly(257, 259, 258);
        assertThat(tokenizer.decode(ids, false)).isEqualTo("hej då");
        assertThat(tokenizer.token(259)).isEqualTo("Ġd");
        assertThat(tokenizer.id("Ġd")).hasValue(259);
        assertThat(tokenizer.vocabSize()).isEqualTo(260);
        assertThat(tokenizer.bosId()).isEmpty();
        assertThat(tokenizer.addsBos()).isFalse();
    }

    @Test
    void noHalfCharacters() throws Exception {
        Tokenizer tokenizer = new SmallTokenizer().bytes().load(directory);
        IncrementalDecoder decoder = tokenizer.decoder(false);
        List<String> parts = new ArrayList<>();
        for (int id : tokenizer.encode("a€𝔘")) {
            parts.add(decoder.add(id));
        }
        assertThat(parts).containsExactly("a", "", "", "€", "", "", "", "𝔘");
        assertThat(decoder.finish()).isEmpty();
        IncrementalDecoder cut = tokenizer.decoder(false);
        assertThat(cut.add(tokenizer.encode("€")[0])).isEmpty();
        assertThat(cut.finish()).isEqualTo("\uFFFD");
    }

    @Test
    void configurationHasTheChatTemplate() throws Exception {
        Path config = directory.resolve("tokenizer_config.json");
        assertThat(small().load(directory).chatTemplates()).isEmpty();
        Files.writeString(config, "{\"chat_template\": \"{{ bos_token }}\"}");
        assertThat(Tokenizer.load(directory).chatTemplates()).containsEntry("default", "{{ bos_token }}");
        Files.writeString(
                config,
                "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"t\"}, {\"name\": \"default\", \"template\": \"d\"}]}");
        assertThat(Tokenizer.load(directory).chatTemplates())
                .containsEntry("default", "d")
                .containsEntry("tool_use", "t");
        Files.writeString(directory.resolve("chat_template.jinja"), "{{ 'åäö' }}");
        assertThat(Tokenizer.load(directory).chatTemplates()).containsEntry("default", "{{ 'åäö' }}");
    }

    @Test
    void configurationNamesBosAndEos() throws Exception {
        SmallTokenizer small = small();
        small.root
                .putArray("added_tokens")
                .add(SmallTokenizer.json("{'id':260,'content':'<s>','special':true,'normalized':false}"))
                .add(SmallTokenizer.json("{'id':261,'content':'</s>','special':true,'normalized':false}"));
        small.set(
                "post_processor",
                "{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'<s>','type_id':0}},{'Sequence':{'id':'A','type_id':0}}],'pair':[],'special_tokens':{'<s>':{'id':'<s>','ids':[260],'tokens':['<s>']}}}");
        SmallTokenizer.config(directory, "{'bos_token':'<s>','eos_token':{'content':'</s>'}}");
        Tokenizer tokenizer = small.load(directory);
        assertThat(tokenizer.bosId()).hasValue(260);
        assertThat(tokenizer.eosId()).hasValue(261);
        assertThat(tokenizer.addsBos()).isTrue();
        assertThat(tokenizer.isSpecial(261)).isTrue();
        assertThat(tokenizer.isSpecial(3)).isFalse();
        assertThat(tokenizer.encode("hej</s>", true)).containsExactly(260, 257, 261);
        assertThat(tokenizer.decode(new int[] {260, 257, 261}, true)).isEqualTo("hej");
        SmallTokenizer.config(directory, "{'bos_token'");
        assertThatThrownBy(() -> Tokenizer.load(directory))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("tokenizer_config.json: not JSON");
    }

    @Test
    void idsOutOfTheVocabulary() throws Exception {
        Tokenizer tokenizer = small().load(directory);
        for (int id : new int[] {-1, 260, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> tokenizer.decode(new int[] {id}, false))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessage("token id " + id + " is not in the vocabulary of 260 tokens");
        }
    }

    @Test
    void manyThreads() throws Exception {
        Tokenizer tokenizer = small().load(directory);
        List<String> texts = new ArrayList<>();
        List<int[]> expected = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            texts.add(Texts.hostile(new Random(i), 200));
            expected.add(tokenizer.encode(texts.get(i)));
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Future<Boolean>> results = new ArrayList<>();
            for (int thread = 0; thread < 6; thread++) {
                results.add(threads.submit(() -> {
                    for (int i = 0; i < 300; i++) {
                        assertThat(tokenizer.encode(texts.get(i % 50))).isEqualTo(expected.get(i % 50));
                    }
                    return true;
                }));
            }
            for (Future<Boolean> result : results) {
                assertThat(result.get()).isTrue();
            }
        }
    }

    /** What Python's {@code bytes.decode("utf-8", "replace")} gives, which counts as Rust does. */
    @Test
    void malformedBytesAreReplacedAsInRust() throws Exception {
        byte[][] malformed = {
            {-19, -65, -65}, {-19, -96}, {97, -19, -96, -128, 98}, {-16, -97, -104}, {-64, -128}, {-30, -126}
        };
        String[] expected = {
            "\uFFFD\uFFFD\uFFFD", "\uFFFD\uFFFD", "a\uFFFD\uFFFD\uFFFDb", "\uFFFD", "\uFFFD\uFFFD", "\uFFFD"
        };
        for (int i = 0; i < malformed.length; i++) {
            TokenIds ids = new TokenIds();
            BYTES.encode(malformed[i], 0, malformed[i].length, ids);
            assertThat(BYTES.decode(ids.toArray(), false)).isEqualTo(expected[i]);
        }
    }

    /** Bytes that are no UTF-8 are the caller's fault, and still give ids that decode to the same text. */
    @Property(tries = 2000)
    void anyBytesGiveIds(@ForAll byte[] bytes) throws Exception {
        Tokenizer tokenizer = BYTES;
        TokenIds ids = new TokenIds();
        tokenizer.encode(bytes, 0, bytes.length, ids);
        assertThat(tokenizer.decode(ids.toArray(), false)).isEqualTo(Utf8Assembler.text(bytes, bytes.length));
    }

    @Property(tries = 2000)
    void everyTextComesBack(@ForAll String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        assertThat(BYTES.decode(BYTES.encode(text), false)).isEqualTo(new String(utf8, StandardCharsets.UTF_8));
    }

    private static final Tokenizer BYTES = load();

    private static Tokenizer load() {
        try {
            Path directory = java.nio.file.Files.createTempDirectory("tokenizer");
            Tokenizer tokenizer = small().set(
                            "pre_tokenizer",
                            "{'type':'Sequence','pretokenizers':[{'type':'Split','pattern':{'Regex':'"
                                    + Scanner.llama3().replace("\\", "\\\\").replace("'", "\\u0027")
                                    + "'},'behavior':'Isolated','invert':false},{'type':'ByteLevel','add_prefix_space':false,'use_regex':false}]}")
                    .load(directory);
            java.nio.file.Files.delete(directory.resolve("tokenizer.json"));
            java.nio.file.Files.delete(directory);
            return tokenizer;
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** The ids that transformers' fast tokenizers give such tokens: the next free ones, in the order of the ids that are stated. */
    @Test
    void configurationAddsTokensThatTheTokenizerLacks() throws Exception {
        small().write(directory);
        SmallTokenizer.config(
                directory,
                "{'added_tokens_decoder': {'261': {'content': '<b>', 'special': true, 'lstrip': true},"
                        + " '260': {'content': '<a>', 'special': false, 'normalized': false}, '257': {'content': 'hej'}}}");
        Tokenizer tokenizer = Tokenizer.load(directory);
        assertThat(tokenizer.encode("<a>hej  <b>")).containsExactly(260, 257, 261);
        assertThat(tokenizer.vocabSize()).isEqualTo(262);
        assertThat(tokenizer.isSpecial(261)).isTrue();
        assertThat(tokenizer.isSpecial(260)).isFalse();
        SmallTokenizer.config(directory, "{'added_tokens_decoder': {'300': {'content': '<a>'}}}");
        assertThatThrownBy(() -> Tokenizer.load(directory))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("\"<a>\" has id 300, expected 260");
        SmallTokenizer.config(directory, "{'added_tokens_decoder': {'x': {'content': '<a>'}}}");
        assertThatThrownBy(() -> Tokenizer.load(directory))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("added_tokens_decoder: x is");
    }

    @Test
    void theSameAddedTokenTwiceIsOne() throws Exception {
        SmallTokenizer tokenizer = small();
        for (int i = 0; i < 2; i++) {
            tokenizer
                    .root
                    .withArray("added_tokens")
                    .add(
                            SmallTokenizer.json(
                                    "{'id':260,'content':'<a>','single_word':false,'lstrip':false,'rstrip':false,'normalized':false,'special':true}"));
        }
        assertThat(tokenizer.load(directory).encode("<a>d<a>")).containsExactly(260, 'd', 260);
    }
}
