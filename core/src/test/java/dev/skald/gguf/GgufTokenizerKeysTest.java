package dev.skald.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class GgufTokenizerKeysTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Byte-level, Llama 3's pattern, two merges, a special and a plain added token. */
    private static ObjectNode byteLevel() throws IOException {
        ObjectNode json = (ObjectNode) JSON.readTree("""
                {"added_tokens": [{"id": 5, "content": "<s>", "special": true}, {"id": 6, "content": "[x]", "special": false}],
                 "normalizer": null,
                 "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                   {"type": "Split", "pattern": {}, "behavior": "Isolated", "invert": false},
                   {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
                 "post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel"}, {"type": "TemplateProcessing",
                   "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}]}]},
                 "model": {"type": "BPE", "ignore_merges": true, "vocab": {"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4},
                   "merges": [["a", "b"], ["Ġ", "ab"]]}}
                """);
        ((ObjectNode) json.at("/pre_tokenizer/pretokenizers/0/pattern")).put("Regex", GgufTokenizer.LLAMA_3);
        return json;
    }

    /** SentencePiece's parts as transformers writes them; merges in the order of the tokens' scores. */
    private static ObjectNode sentencePiece() throws IOException {
        return (ObjectNode) JSON.readTree("""
                {"added_tokens": [{"id": 0, "content": "<unk>", "special": true}],
                 "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
                   {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
                 "pre_tokenizer": null,
                 "post_processor": null,
                 "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                   {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
                 "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
                   "vocab": {"<unk>": 0, "<0x0A>": 1, "▁": 2, "a": 3, "b": 4, "ab": 5, "▁a": 6, "▁ab": 7},
                   "merges": ["▁ a", "a b", "▁ ab", "▁a b"]}}
                """);
    }

    private static GgufKeys keys(JsonNode json, JsonNode config, int vocabSize) {
        GgufKeysBuilder keys = new GgufKeysBuilder();
        GgufTokenizerKeys.put("tokenizer.json", json, config, vocabSize, keys);
        return keys.build(Path.of("new.gguf"));
    }

    private static GgufKeys keys(JsonNode json) {
        return keys(json, JSON.createObjectNode().put("bos_token", "<s>"), 10);
    }

    @Test
    void byteLevelTokensKeepIdsTypesAndMerges() throws IOException {
        GgufKeys keys = keys(byteLevel());
        assertThat(keys.text("tokenizer.ggml.model")).contains("gpt2");
        assertThat(keys.text("tokenizer.ggml.pre")).contains("llama-bpe");
        assertThat(keys.texts("tokenizer.ggml.tokens").orElseThrow())
                .containsExactly("a", "b", "Ġ", "ab", "Ġab", "<s>", "[x]", "[PAD7]", "[PAD8]", "[PAD9]");
        assertThat(keys.numbers("tokenizer.ggml.token_type").orElseThrow())
                .containsExactly(1, 1, 1, 1, 1, 3, 4, 5, 5, 5);
        assertThat(keys.texts("tokenizer.ggml.merges").orElseThrow()).containsExactly("a b", "Ġ ab");
        assertThat(keys.flag("tokenizer.ggml.add_bos_token")).contains(true);
        assertThat(keys.flag("tokenizer.ggml.add_eos_token")).contains(false);
        assertThat(GgufTokenizer.of(keys).json().at("/model/vocab")).hasSize(5);
        assertThat(GgufTokenizer.of(keys).json().at("/added_tokens")).hasSize(2);
    }

    @Test
    void thePatternAndIgnoreMergesAreTheNameOfThePreTokenizer() throws IOException {
        ObjectNode smaug = byteLevel();
        ((ObjectNode) smaug.path("model")).put("ignore_merges", false);
        assertThat(keys(smaug).text("tokenizer.ggml.pre")).contains("smaug-bpe");
        ((ArrayNode) smaug.at("/pre_tokenizer/pretokenizers")).remove(0);
        ((ObjectNode) smaug.at("/pre_tokenizer/pretokenizers/0")).put("use_regex", true);
        assertThat(keys(smaug).text("tokenizer.ggml.pre")).contains("gpt-2");
        ObjectNode other = byteLevel();
        ((ObjectNode) other.at("/pre_tokenizer/pretokenizers/0/pattern")).put("Regex", "\\p{L}+");
        refused(other, "the pre_tokenizer is none that GGUF has a name for");
    }

    @Test
    void mergesOfSentencePieceBecomeScores() throws IOException {
        GgufKeys keys = keys(sentencePiece(), JSON.createObjectNode(), 8);
        assertThat(keys.text("tokenizer.ggml.model")).contains("llama");
        assertThat(keys.numbers("tokenizer.ggml.token_type").orElseThrow()).containsExactly(2, 6, 1, 1, 1, 1, 1, 1);
        double[] scores = keys.numbers("tokenizer.ggml.scores").orElseThrow();
        assertThat(scores[6]).isGreaterThan(scores[5]);
        assertThat(scores[5]).isGreaterThan(scores[7]);
        assertThat(GgufTokenizer.of(keys).json().at("/model/merges"))
                .isEqualTo(sentencePiece().at("/model/merges"));
    }

    @Test
    void whatGgufCannotSayIsRefused() throws IOException {
        ObjectNode nfc = byteLevel();
        nfc.putObject("normalizer").put("type", "NFC");
        refused(nfc, "the normalizer NFC is one that GGUF cannot say");
        ObjectNode strip = byteLevel();
        ((ObjectNode) strip.at("/added_tokens/0")).put("lstrip", true);
        refused(strip, "the added token <s> has lstrip, which GGUF cannot say");
        ObjectNode marks = byteLevel();
        ((ArrayNode) marks.at("/post_processor/processors/1/single"))
                .addObject()
                .putObject("SpecialToken")
                .put("id", "<s>");
        refused(marks, "puts [<s>] before and [<s>] after a text");
        ObjectNode order = sentencePiece();
        ((ArrayNode) order.at("/model/merges")).add("b a").remove(0);
        assertThatThrownBy(() -> keys(order, JSON.createObjectNode(), 8))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("its merges are not those that scores of the tokens give");
        assertThatThrownBy(() -> keys(byteLevel(), JSON.createObjectNode(), 6))
                .hasMessage("tokenizer.json: the token [x] has id 6, the model has 6 rows for tokens");
    }

    private static void refused(JsonNode json, String message) {
        assertThatThrownBy(() -> keys(json))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(message);
    }
}
