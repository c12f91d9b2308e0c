package dev.skald.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every component of tokenizer.json against Hugging Face's tokenizers: a trained tokenizer with that component put in. */
class ComponentsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String BYTES =
            "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':false}";

    @TempDir
    static Path directory;

    private static byte[] trained;

    @BeforeAll
    static void train() throws Exception {
        TokenizerTrainer trainer = new TokenizerTrainer(TokenizerTrainer.Options.of(900));
        trainer.read(Texts.nordic(new Random(11), 600));
        trainer.read(Texts.hostile(new Random(12), 5000));
        trainer.train().write(directory);
        trained = Files.readAllBytes(directory.resolve("tokenizer.json"));
    }

    private static ObjectNode base() throws Exception {
        return (ObjectNode) JSON.readTree(trained);
    }

    private static HuggingFace open(ObjectNode root) throws Exception {
        Path file = Files.createTempDirectory(directory, "t").resolve("tokenizer.json");
        JSON.writeValue(file.toFile(), root);
        return new HuggingFace(file);
    }

    private static void check(ObjectNode root) throws Exception {
        check(root, 150);
    }

    private static void check(ObjectNode root, int texts) throws Exception {
        try (HuggingFace both = open(root)) {
            both.assertSame("");
            for (String text : Texts.NORDIC) {
                both.assertSame(text);
            }
            Random random = new Random(13);
            for (int i = 0; i < texts; i++) {
                both.assertSame(Texts.hostile(random, 1 + random.nextInt(25)));
            }
            int[] ids = random.ints(300, 0, both.ours().vocabSize()).toArray();
            both.assertSameText(ids);
        }
    }

    private static ObjectNode split(String pattern, String behavior, boolean invert) throws Exception {
        ObjectNode root = base();
        ObjectNode sequence = SmallTokenizer.json("{'type':'Sequence','pretokenizers':[]}");
        ObjectNode split =
                ((ArrayNode) sequence.path("pretokenizers")).addObject().put("type", "Split");
        boolean literal = pattern.startsWith("string:");
        split.putObject("pattern")
                .put(literal ? "String" : "Regex", literal ? pattern.substring("string:".length()) : pattern);
        split.put("behavior", behavior).put("invert", invert);
        ((ArrayNode) sequence.path("pretokenizers")).add(SmallTokenizer.json(BYTES));
        root.set("pre_tokenizer", sequence);
        return root;
    }

    static Stream<String> behaviors() {
        return Stream.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous");
    }

    @ParameterizedTest
    @MethodSource("behaviors")
    void everyBehaviorOfSplit(String behavior) throws Exception {
        for (boolean invert : new boolean[] {false, true}) {
            check(split("\\s+", behavior, invert), 60);
            check(split("\\p{L}", behavior, invert), 60);
            check(split("string: ", behavior, invert), 60);
            check(split("string:a", behavior, invert), 60);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
                "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                " ?[^(\\s|[.,!?…。，、।۔،])]+",
                "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "[一-龥぀-ゟ゠-ヿ]+",
                "\\p{Han}+|\\p{Hiragana}|\\p{^L}|\\p{Letter}{2,}?|\\p{Uppercase_Letter}",
                "\\w+|[^\\w\\s]++|\\h",
                "[[:alpha:]]{2,3}+|[[:digit:]&&[0-4]]|[[:^space:]]",
                "(?<=a)b|(?<!x)\\d{,2}|^.|$",
                "(?m:a.b)|(?>h+)e|\\bj|\\v|\\x41|\\x{1F600}",
                "[]a]|}|{|x{a}",
                ""
            })
    void regularExpressions(String pattern) throws Exception {
        check(split(pattern, "Isolated", false));
        check(split(pattern, "Removed", true), 60);
    }

    @ParameterizedTest
    @ValueSource(strings = {"(?~a)", "\\K", "\\R", "\\X", "(a", "[", "\\p{Nonsense}", "\\xE5", "(?<name", "a\\"})
    void regularExpressionsThatAreRefused(String pattern) throws Exception {
        ObjectNode root = split(pattern, "Isolated", false);
        Path file = directory.resolve("tokenizer.json");
        JSON.writeValue(file.toFile(), root);
        assertThatThrownBy(() -> Tokenizer.load(file))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(Quoted.of(pattern));
    }

    @Test
    void groupsRepeatedTooOften() throws Exception {
        try (HuggingFace both = open(split("(?:ab|(c))+", "Isolated", false))) {
            both.assertSameIds("abc".repeat(50));
            String text = "abc".repeat(2_000_000);
            assertThatThrownBy(() -> both.ours().encode(text))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("repeats a group too often at character 0 of the text");
        }
    }

    @ParameterizedTest
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void byteLevel(boolean addPrefixSpace, boolean useRegex) throws Exception {
        ObjectNode root = base();
        ObjectNode byteLevel = SmallTokenizer.json(BYTES)
                .put("add_prefix_space", addPrefixSpace)
                .put("use_regex", useRegex);
        root.set("pre_tokenizer", byteLevel);
        check(root);
        ObjectNode sequence = SmallTokenizer.json(
                "{'type':'Sequence','pretokenizers':[{'type':'Digits','individual_digits':true},{'type':'Sequence','pretokenizers':[]}]}");
        ((ArrayNode) sequence.at("/pretokenizers/1/pretokenizers")).add(byteLevel);
        root.set("pre_tokenizer", sequence);
        check(root);
    }

    @Test
    void byteLevelBeforeOthers() throws Exception {
        ObjectNode root = base();
        root.set(
                "pre_tokenizer",
                SmallTokenizer.json("{'type':'Sequence','pretokenizers':[" + BYTES
                        + ",{'type':'Split','pattern':{'String':'Ġ'},'behavior':'MergedWithNext','invert':false},"
                        + "{'type':'Digits','individual_digits':false}]}"));
        check(root);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'NFC'}",
                "{'type':'NFD'}",
                "{'type':'NFKC'}",
                "{'type':'NFKD'}",
                "{'type':'Lowercase'}",
                "{'type':'Prepend','prepend':'_x'}",
                "{'type':'Replace','pattern':{'String':'a'},'content':'bb'}",
                "{'type':'Replace','pattern':{'Regex':' {2,}|e'},'content':''}",
                "{'type':'Replace','pattern':{'Regex':'[ao]+'},'content':'$1'}",
                "{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'Lowercase'},{'type':'Prepend','prepend':' '}]}"
            })
    void normalizers(String normalizer) throws Exception {
        ObjectNode root = base();
        root.set("normalizer", SmallTokenizer.json(normalizer));
        check(root);
    }

    @ParameterizedTest
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void merges(boolean ignoreMerges, boolean pairs) throws Exception {
        ObjectNode root = base();
        ObjectNode model = (ObjectNode) root.path("model");
        model.put("ignore_merges", ignoreMerges);
        ArrayNode vocabOnly = JSON.createArrayNode();
        if (pairs) {
            model.path("merges").forEach(merge -> {
                ArrayNode pair = vocabOnly.addArray();
                Stream.of(merge.asText().split(" ", -1)).forEach(pair::add);
            });
        } else {
            List<String> kept = new ArrayList<>();
            model.path("merges").forEach(merge -> kept.add(merge.asText()));
            // Without every fifth merge some tokens are only found as a whole.
            for (int i = 0; i < kept.size(); i++) {
                if (i % 5 != 4) {
                    vocabOnly.add(kept.get(i));
                }
            }
        }
        model.set("merges", vocabOnly);
        check(root, 400);
    }

    @Test
    void addedTokensWithEveryFlag() throws Exception {
        Random random = new Random(14);
        String[] contents = {
            "<s>", "</s>", "och", " det", "a", "ab", "Hej", "<|", "LLM ", "å", "日本", "e\u0301", "'s", "."
        };
        for (int round = 0; round < 12; round++) {
            ObjectNode root = base();
            if (round % 3 == 1) {
                root.set("normalizer", SmallTokenizer.json("{'type':'Lowercase'}"));
            } else if (round % 3 == 2) {
                root.set("normalizer", SmallTokenizer.json("{'type':'NFC'}"));
            }
            ArrayNode added = (ArrayNode) root.path("added_tokens");
            ObjectNode vocab = (ObjectNode) root.at("/model/vocab");
            int next = 900;
            for (String content : contents) {
                String spelled = content;
                added.addObject()
                        .put("id", vocab.has(spelled) ? vocab.path(spelled).asInt() : next++)
                        .put("content", content)
                        .put("single_word", random.nextBoolean())
                        .put("lstrip", random.nextBoolean())
                        .put("rstrip", random.nextBoolean())
                        .put("normalized", random.nextBoolean())
                        .put("special", random.nextBoolean());
            }
            check(root, 300);
        }
    }

    @Test
    void templates() throws Exception {
        ObjectNode root = base();
        String[] templates = {
            "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':false,'use_regex':true}",
            "{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'B','type_id':0}},{'Sequence':{'id':'A','type_id':0}},{'SpecialToken':{'id':'E','type_id':0}}],'pair':[{'Sequence':{'id':'A','type_id':0}},{'Sequence':{'id':'B','type_id':1}}],'special_tokens':{'B':{'id':'B','ids':[898,1],'tokens':['<|begin_of_text|>','\\\"']},'E':{'id':'E','ids':[899],'tokens':['<|end_of_text|>']}}}"
        };
        for (String template : templates) {
            root.set("post_processor", SmallTokenizer.json(template));
            check(root, 20);
        }
        root.set(
                "post_processor",
                SmallTokenizer.json("{'type':'Sequence','processors':[" + templates[0] + "," + templates[1] + "]}"));
        check(root, 20);
        root.putNull("post_processor");
        check(root, 20);
    }

    @Test
    void withoutDecoder() throws Exception {
        ObjectNode root = base();
        root.putNull("decoder");
        check(root, 30);
    }

    @Test
    void bytesThatAreNoTokens() throws Exception {
        ObjectNode root = base();
        ObjectNode small = JSON.createObjectNode();
        root.at("/model/vocab").properties().forEach(entry -> {
            if (entry.getKey().codePoints().allMatch(c -> c < 'w')) {
                small.put(entry.getKey(), small.size());
            }
        });
        for (String token : List.of("<0xC4>", "<0xA0>", "<unk>")) {
            small.put(token, small.size());
        }
        ObjectNode model = (ObjectNode) root.path("model");
        model.set("vocab", small);
        ArrayNode merges = JSON.createArrayNode();
        model.path("merges").forEach(merge -> {
            if (small.has(merge.asText().replace(" ", ""))) {
                merges.add(merge);
            }
        });
        model.set("merges", merges);
        root.putArray("added_tokens");
        root.putNull("post_processor");
        for (int i = 0; i < 8; i++) {
            model.put("byte_fallback", (i & 1) != 0).put("fuse_unk", (i & 2) != 0);
            if ((i & 4) != 0) {
                model.put("unk_token", "<unk>");
            } else {
                model.putNull("unk_token");
            }
            check(root, 60);
        }
    }

    @Test
    void hashIsThatOfTheFile() throws Exception {
        Path file = Files.createTempDirectory(directory, "t").resolve("tokenizer.json");
        Files.write(file, trained);
        assertThat(Tokenizer.load(file).hash())
                .isEqualTo(java.util.HexFormat.of()
                        .formatHex(java.security.MessageDigest.getInstance("SHA-256")
                                .digest(trained)));
    }
}
