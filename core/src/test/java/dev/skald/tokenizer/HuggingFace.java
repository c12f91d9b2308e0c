package dev.skald.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Hugging Face's own tokenizers (the Rust library, through DJL): what ours is compared with. */
final class HuggingFace implements AutoCloseable {

    private final HuggingFaceTokenizer theirs;
    private final Tokenizer ours;

    /** Both read the same tokenizer.json. */
    HuggingFace(Path file) throws IOException {
        theirs = HuggingFaceTokenizer.newInstance(
                file, Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false"));
        ours = Tokenizer.load(file);
    }

    Tokenizer ours() {
        return ours;
    }

    int[] encode(String text, boolean addSpecialTokens) {
        return Arrays.stream(theirs.encode(text, addSpecialTokens, false).getIds())
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    String decode(int[] ids, boolean skipSpecialTokens) {
        return theirs.decode(Arrays.stream(ids).asLongStream().toArray(), skipSpecialTokens);
    }

    /** Ids, with and without special tokens, and the text of the ids, at once and id by id. */
    void assertSame(String text) {
        int[] ids = assertSameIds(text);
        assertThat(ours.encode(text, true))
                .as("ids with special tokens of %s", show(text))
                .isEqualTo(encode(text, true));
        assertSameText(ids);
    }

    /** Returns the ids. */
    int[] assertSameIds(String text) {
        int[] ids = encode(text, false);
        assertThat(ours.encode(text)).as("ids of %s", show(text)).isEqualTo(ids);
        return ids;
    }

    void assertSameText(int[] ids) {
        for (boolean skip : new boolean[] {false, true}) {
            String expected = decode(ids, skip);
            assertThat(ours.decode(ids, skip))
                    .as("text of %s", Arrays.toString(ids))
                    .isEqualTo(expected);
            IncrementalDecoder decoder = ours.decoder(skip);
            StringBuilder text = new StringBuilder();
            for (int id : ids) {
                text.append(decoder.add(id));
            }
            assertThat(text.append(decoder.finish()).toString())
                    .as("text of %s, id by id", Arrays.toString(ids))
                    .isEqualTo(expected);
        }
    }

    private static String show(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints()
                .limit(200)
                .forEach(c -> shown.append(c >= ' ' && c < 0x7F ? Character.toString(c) : String.format("\\u{%x}", c)));
        return shown.toString();
    }

    @Override
    public void close() {
        theirs.close();
    }
}
