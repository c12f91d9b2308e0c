package dev.skald.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes a trained tokenizer as Hugging Face's tokenizers and transformers read it. */
final class TokenizerWriter {

    private static final ObjectMapper JSON =
            StrictJson.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final TokenizerTrainer.Options options;
    private final List<BytePairTrainer.Merge> merges;
    private final String[] tokens;

    TokenizerWriter(TokenizerTrainer.Options options, List<BytePairTrainer.Merge> merges) {
        this.options = options;
        this.merges = merges;
        tokens = new String[256 + merges.size()];
        int[] ids = ByteAlphabet.ids();
        for (int b = 0; b < 256; b++) {
            tokens[ids[b]] = String.valueOf(ByteAlphabet.character(b));
        }
        for (int i = 0; i < merges.size(); i++) {
            tokens[256 + i] =
                    tokens[merges.get(i).left()] + tokens[merges.get(i).right()];
        }
        for (String token : tokens) {
            if (options.specialTokens().contains(token)) {
                throw new InvalidInputException("the special token \"" + token + "\" is an ordinary token too");
            }
        }
    }

    void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        AtomicFiles.writeDurably(directory.resolve("tokenizer.json"), JSON.writeValueAsBytes(tokenizer()));
        AtomicFiles.writeDurably(directory.resolve("tokenizer_config.json"), JSON.writeValueAsBytes(config()));
    }

    private int specialId(int index) {
        return tokens.length + index;
    }

    private ObjectNode tokenizer() {
        ObjectNode root = JSON.createObjectNode();
        root.put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        ArrayNode added = root.putArray("added_tokens");
        for (int i = 0; i < options.specialTokens().size(); i++) {
            added.addObject()
                    .put("id", specialId(i))
                    .setAll(addedToken(options.specialTokens().get(i)));
        }
        root.putNull("normalizer");
        ObjectNode sequence = root.putObject("pre_tokenizer").put("type", "Sequence");
        ArrayNode steps = sequence.putArray("pretokenizers");
        ObjectNode split = steps.addObject().put("type", "Split");
        split.putObject("pattern").put("Regex", Scanner.llama3());
        split.put("behavior", "Isolated").put("invert", false);
        steps.add(byteLevel(false, true, false));
        root.set("post_processor", postProcessor());
        root.set("decoder", byteLevel(true, true, true));
        root.set("model", model());
        return root;
    }

    private static ObjectNode addedToken(String content) {
        return JSON.createObjectNode()
                .put("content", content)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
    }

    private static ObjectNode byteLevel(boolean addPrefixSpace, boolean trimOffsets, boolean useRegex) {
        return JSON.createObjectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", addPrefixSpace)
                .put("trim_offsets", trimOffsets)
                .put("use_regex", useRegex);
    }

    private ObjectNode postProcessor() {
        ObjectNode byteLevel = byteLevel(true, false, true);
        if (!options.addBos()) {
            return byteLevel;
        }
        ObjectNode template = JSON.createObjectNode().put("type", "TemplateProcessing");
        ArrayNode single = template.putArray("single");
        ArrayNode pair = template.putArray("pair");
        place(single, "SpecialToken", options.bos(), 0);
        place(single, "Sequence", "A", 0);
        place(pair, "SpecialToken", options.bos(), 0);
        place(pair, "Sequence", "A", 0);
        place(pair, "SpecialToken", options.bos(), 1);
        place(pair, "Sequence", "B", 1);
        ObjectNode bos = template.putObject("special_tokens").putObject(options.bos());
        bos.put("id", options.bos());
        bos.putArray("ids").add(specialId(options.specialTokens().indexOf(options.bos())));
        bos.putArray("tokens").add(options.bos());
        ObjectNode sequence = JSON.createObjectNode().put("type", "Sequence");
        sequence.putArray("processors").add(byteLevel).add(template);
        return sequence;
    }

    private static void place(ArrayNode places, String kind, String id, int type) {
        places.addObject().putObject(kind).put("id", id).put("type_id", type);
    }

    private ObjectNode model() {
        ObjectNode model = JSON.createObjectNode().put("type", "BPE");
        model.putNull("dropout");
        model.putNull("unk_token");
        model.putNull("continuing_subword_prefix");
        model.putNull("end_of_word_suffix");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", true);
        ObjectNode vocab = model.putObject("vocab");
        for (int id = 0; id < tokens.length; id++) {
            vocab.put(tokens[id], id);
        }
        ArrayNode pairs = model.putArray("merges");
        for (BytePairTrainer.Merge merge : merges) {
            pairs.add(tokens[merge.left()] + " " + tokens[merge.right()]);
        }
        return model;
    }

    private ObjectNode config() {
        ObjectNode config = JSON.createObjectNode();
        ObjectNode decoder = config.putObject("added_tokens_decoder");
        for (int i = 0; i < options.specialTokens().size(); i++) {
            decoder.set(
                    String.valueOf(specialId(i)),
                    addedToken(options.specialTokens().get(i)));
        }
        config.put("bos_token", options.bos());
        config.put("clean_up_tokenization_spaces", false);
        config.put("eos_token", options.eos());
        config.putArray("model_input_names").add("input_ids").add("attention_mask");
        config.put("model_max_length", 1_000_000_000_000_000_000L);
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
        return config;
    }
}
