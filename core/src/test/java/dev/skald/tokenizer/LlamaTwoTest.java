package dev.skald.tokenizer;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kind of Llama 2 and TinyLlama: characters with byte_fallback, the whole text one piece, U+2581 for blanks. */
class LlamaTwoTest {

    private static final String BOS =
            "{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'<s>','type_id':0}},{'Sequence':{'id':'A','type_id':0}}],'pair':[{'Sequence':{'id':'A','type_id':0}},{'Sequence':{'id':'B','type_id':1}}],'special_tokens':{'<s>':{'id':'<s>','ids':[1],'tokens':['<s>']}}}";

    @TempDir
    Path directory;

    private static SmallTokenizer tokenizer() {
        SmallTokenizer small = new SmallTokenizer();
        small.token("<unk>").token("<s>").token("</s>");
        for (int b = 0; b < 256; b++) {
            small.token(String.format("<0x%02X>", b));
        }
        small.root.set("added_tokens", small.root.arrayNode());
        String[] special = {"<unk>", "<s>", "</s>"};
        for (int id = 0; id < 3; id++) {
            ((com.fasterxml.jackson.databind.node.ArrayNode) small.root.path("added_tokens"))
                    .add(
                            SmallTokenizer.json(
                                    "{'id':" + id + ",'content':'" + special[id]
                                            + "','single_word':false,'lstrip':false,'rstrip':false,'normalized':false,'special':true}"));
        }
        TreeSet<String> characters = new TreeSet<>();
        String text = Texts.nordic(new Random(21), 100).replace(' ', '▁');
        text.codePoints().filter(c -> c > ' ').forEach(c -> characters.add(Character.toString(c)));
        characters.forEach(small::token);
        for (String word :
                new String[] {"▁och", "▁det", "▁som", "▁the", "▁▁▁▁", "ing", "en▁", "ÅÄÖ", "aaaaaaaa", "ab"}) {
            String left = word.substring(0, 1);
            for (int i = 1; i < word.length(); i++) {
                for (String part : new String[] {left, word.substring(i, i + 1)}) {
                    if (!small.vocab.has(part)) {
                        small.token(part);
                    }
                }
                small.merge(left, word.substring(i, i + 1));
                left = word.substring(0, i + 1);
            }
        }
        small.model.put("unk_token", "<unk>").put("fuse_unk", true).put("byte_fallback", true);
        small.set(
                "normalizer",
                "{'type':'Sequence','normalizers':[{'type':'Prepend','prepend':'▁'},{'type':'Replace','pattern':{'String':' '},'content':'▁'}]}");
        small.root.putNull("pre_tokenizer");
        small.set("post_processor", BOS);
        small.set(
                "decoder",
                "{'type':'Sequence','decoders':[{'type':'Replace','pattern':{'String':'▁'},'content':' '},{'type':'ByteFallback'},{'type':'Fuse'},{'type':'Strip','content':' ','start':1,'stop':0}]}");
        return small;
    }

    /** As transformers 5 saves such tokenizers, and as files of before its keys have it. */
    @Test
    void metaspace() throws Exception {
        for (String options : List.of(
                "'prepend_scheme':'first','split':false",
                "'prepend_scheme':'first','split':true",
                "'prepend_scheme':'always','split':true",
                "'prepend_scheme':'never','split':false",
                "'add_prefix_space':true")) {
            SmallTokenizer small = tokenizer();
            small.root.putNull("normalizer");
            small.set("pre_tokenizer", "{'type':'Metaspace','replacement':'▁'," + options + "}");
            check(small);
            small.set("decoder", "{'type':'Metaspace','replacement':'▁'," + options + "}");
            check(small);
        }
    }

    private void check(SmallTokenizer small) throws Exception {
        try (HuggingFace both = new HuggingFace(small.write(directory))) {
            both.assertSame("");
            both.assertSame(" ");
            both.assertSame("<s> Hej<s>");
            both.assertSame("a".repeat(5000));
            both.assertSame(Texts.nordic(new Random(22), 100));
            Random random = new Random(23);
            for (int i = 0; i < 300; i++) {
                both.assertSame(Texts.hostile(random, 1 + random.nextInt(20)));
            }
            for (int i = 0; i < 300; i++) {
                both.assertSameText(
                        random.ints(1 + random.nextInt(12), 0, both.ours().vocabSize())
                                .toArray());
                both.assertSameText(random.ints(1 + random.nextInt(12), 0, 259).toArray());
            }
        }
    }

    @Test
    void byteFallback() throws Exception {
        check(tokenizer());
    }

    @Test
    void unknownTokens() throws Exception {
        SmallTokenizer small = tokenizer();
        small.model.put("byte_fallback", false);
        check(small);
        small.model.put("fuse_unk", false);
        check(small);
    }

    @Test
    void otherDecoders() throws Exception {
        String[] decoders = {
            "{'type':'Sequence','decoders':[{'type':'Replace','pattern':{'String':'▁'},'content':' '},{'type':'ByteFallback'},{'type':'Fuse'}]}",
            "{'type':'Sequence','decoders':[{'type':'ByteFallback'},{'type':'Fuse'},{'type':'Replace','pattern':{'String':'▁'},'content':' '}]}",
            "{'type':'Sequence','decoders':[{'type':'Replace','pattern':{'Regex':'[▁a]'},'content':'_'},{'type':'Strip','content':'e','start':0,'stop':1}]}",
            "{'type':'Sequence','decoders':[{'type':'Replace','pattern':{'String':'▁'},'content':' '},{'type':'ByteFallback'},{'type':'Fuse'},{'type':'Strip','content':' ','start':2,'stop':0}]}",
            "{'type':'Fuse'}",
            "{'type':'ByteFallback'}"
        };
        for (String decoder : decoders) {
            check(tokenizer().set("decoder", decoder));
        }
    }
}
