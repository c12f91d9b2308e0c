package dev.skald.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tokenizer.json that is wrong gives one line that says where; a byte exchanged anywhere gives that or a tokenizer, and nothing else. */
class BrokenFileTest {

    @TempDir
    Path directory;

    private static SmallTokenizer small() {
        SmallTokenizer small = new SmallTokenizer().bytes().merge("h", "e").merge("he", "j");
        small.root.set("normalizer", SmallTokenizer.json("{'type':'Sequence','normalizers':[{'type':'NFC'}]}"));
        small.root
                .putArray("added_tokens")
                .add(SmallTokenizer.json("{'id':258,'content':'<s>','special':true,'normalized':false}"));
        return small;
    }

    private void refused(SmallTokenizer small, String message) throws Exception {
        Path file = small.write(directory);
        assertThatThrownBy(() -> Tokenizer.load(directory))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(message)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
        Files.delete(file);
    }

    @Test
    void unsupportedTypesAreNamed() throws Exception {
        for (String key : new String[] {"normalizer", "pre_tokenizer", "post_processor", "decoder"}) {
            refused(small().set(key, "{'type':'Nonsense'}"), key + ": type \"Nonsense\" is not supported");
        }
        SmallTokenizer unigram = small();
        unigram.model.put("type", "Unigram");
        refused(unigram, "model: type \"Unigram\" is not supported, expected one of BPE");
        refused(
                small().set("pre_tokenizer", "{'type':'Sequence','pretokenizers':[{'type':'Whitespace'}]}"),
                "pre_tokenizer.pretokenizers[0]: type \"Whitespace\"");
        refused(
                small().set("pre_tokenizer", "{'type':'Metaspace','replacement':'ab','prepend_scheme':'first'}"),
                "pre_tokenizer.replacement: expected one character");
        refused(
                small().set("pre_tokenizer", "{'type':'Metaspace','replacement':'▁','prepend_scheme':'odd'}"),
                "pre_tokenizer.prepend_scheme: expected always, first or never");
        refused(
                small().set("pre_tokenizer", "{'type':'Split','pattern':{'String':'a'},'behavior':'Odd'}"),
                "pre_tokenizer.behavior: expected Removed, Isolated");
    }

    @Test
    void vocabularyAndMerges() throws Exception {
        SmallTokenizer twice = small();
        twice.vocab.put("hejx", 3);
        refused(twice, "model.vocab: id 3 is given twice");
        SmallTokenizer unknown = small();
        unknown.merges.add("he jj");
        refused(unknown, "model.merges[2]: \"jj\" is not in model.vocab");
        SmallTokenizer single = small();
        single.merges.add("he");
        refused(single, "model.merges[2]: \"he\" is not two tokens");
        SmallTokenizer unmade = small();
        unmade.merges.add("j h");
        refused(unmade, "model.merges[2]: the merge of \"j\" and \"h\" is not in model.vocab");
        SmallTokenizer huge = small();
        huge.vocab.put("hejx", 1 << 30);
        refused(huge, "model.vocab: id 1073741824 of \"hejx\"");
        SmallTokenizer text = small();
        text.vocab.put("hejx", "3");
        refused(text, "expected a token id");
        SmallTokenizer none = small();
        none.model.remove("vocab");
        refused(none, "model.vocab: expected an object");
        SmallTokenizer unk = small();
        unk.model.put("unk_token", "<unk>");
        refused(unk, "model.unk_token: \"<unk>\" is not in model.vocab");
        SmallTokenizer dropout = small();
        dropout.model.put("dropout", 0.1);
        refused(dropout, "model.dropout: expected null or 0, found 0.1");
        SmallTokenizer suffix = small();
        suffix.model.put("end_of_word_suffix", "</w>");
        refused(suffix, "model.end_of_word_suffix: expected null");
    }

    @Test
    void addedTokensWithOtherIdsThanTheyWouldGet() throws Exception {
        SmallTokenizer gap = small();
        ((ObjectNode) gap.root.at("/added_tokens/0")).put("id", 300);
        refused(gap, "added_tokens[0]: \"<s>\" has id 300, expected 258");
    }

    @Test
    void filesThatAreNotThere() {
        assertThatThrownBy(() -> Tokenizer.load(directory)).isInstanceOf(java.nio.file.NoSuchFileException.class);
    }

    @Test
    void everyCutIsRefused() throws Exception {
        byte[] whole = Files.readAllBytes(small().write(directory));
        Path file = directory.resolve("tokenizer.json");
        for (int length = 0; length < whole.length; length += length < 400 || length > whole.length - 400 ? 1 : 17) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Tokenizer.load(file)).isInstanceOf(InvalidInputException.class);
        }
    }

    @Test
    void everyOtherByteIsRefusedOrRead() throws Exception {
        byte[] whole = Files.readAllBytes(small().write(directory));
        Path file = directory.resolve("tokenizer.json");
        Random random = new Random(41);
        byte[] other = "\"\\{}[]:,0-9ex \n\0tfn\u00ff".getBytes(StandardCharsets.ISO_8859_1);
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] changed = whole.clone();
            changed[random.nextInt(whole.length)] = other[random.nextInt(other.length)];
            Files.write(file, changed);
            try {
                Tokenizer tokenizer = Tokenizer.load(file);
                tokenizer.decode(tokenizer.encode("hej <s>", true), false);
            } catch (InvalidInputException e) {
                refused++;
                assertThat(e.getMessage()).doesNotContain("\n");
            }
        }
        assertThat(refused).isPositive();
    }
}
