package dev.skald.cli;

import static dev.skald.cli.CommandLineRun.skald;
import static dev.skald.cli.CommandLineRun.skaldReading;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.TinyLlama;
import dev.skald.base.HostMemory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A mistake in the input gets one line that names what, where, found and expected, exit code 2, and nothing is written. */
class BadInputTest {

    private static final String Q = "model.layers.0.self_attn.q_proj.weight";

    @TempDir
    private Path directory;

    @Test
    void missingDirectoryOrFile() throws IOException {
        assertThat(generate(directory.resolve("nowhere"))).contains("nowhere", "no such directory");
        for (String name : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
            Path model = TinyLlama.random(1).write(directory.resolve("without-" + name));
            Files.delete(model.resolve(name));
            assertThat(generate(model)).contains(model.toString(), name).containsAnyOf("no such file", "neither");
        }
        Path model = TinyLlama.random(1).write(directory.resolve("model"));
        assertThat(skald("evaluate", "--model", model, "--text", directory.resolve("no.txt"))
                        .error())
                .contains("no.txt", "no such file");
        assertThat(skald("generate", "--model", model, "--bogus", "x").error()).contains("--bogus");
        assertThat(skald("generat").error()).contains("generat");
    }

    @Test
    void pointersInPlaceOfFiles() throws IOException {
        for (String name : new String[] {
            "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"
        }) {
            Path model = TinyLlama.random(1).write(directory.resolve("pointer-" + name));
            Files.writeString(
                    model.resolve(name), "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n");
            assertThat(generate(model)).as(name).contains(name + ": is a Git LFS pointer", "git lfs pull");
        }
    }

    @Test
    void notJson() throws IOException {
        for (String name :
                new String[] {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"}) {
            for (String text : new String[] {"{\"a\": ", "", "[1, 2]", "\u0000\u0001", "nonsense\nand more"}) {
                if (name.equals("tokenizer_config.json") && !text.startsWith("{") && !text.startsWith("n")) {
                    continue; // names nothing, and nothing is missed
                }
                Path model = TinyLlama.random(1).write(directory.resolve("model"));
                Files.writeString(model.resolve(name), text);
                assertThat(generate(model)).as("%s: %s", name, text).contains(name);
                Files.delete(model.resolve(name));
            }
        }
    }

    /** What a copy that went wrong leaves: a file, and the end of another one behind it. */
    @Test
    void nothingMayFollowJson() throws IOException {
        for (String name :
                new String[] {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"}) {
            for (String more : new String[] {"}{", "}", "{}", "x", "\n\n[1]"}) {
                Path model = TinyLlama.random(1).write(directory.resolve("model"));
                Path file = model.resolve(name);
                Files.writeString(file, (Files.exists(file) ? Files.readString(file) : "{}") + more);
                assertThat(generate(model)).as("%s: %s", name, more).contains(name);
                Files.delete(file);
            }
        }
        Path model = TinyLlama.random(1).write(directory.resolve("model"));
        Path index = model.resolve("model.safetensors.index.json");
        Files.delete(model.resolve("model.safetensors"));
        Files.writeString(index, "{\"weight_map\": {}}}{");
        assertThat(generate(model)).contains(index.getFileName().toString(), "not JSON");
        Path adapter = Files.createDirectories(directory.resolve("adapter"));
        Files.writeString(adapter.resolve("adapter_config.json"), "{\"peft_type\": \"LORA\"}}{");
        Files.write(adapter.resolve("adapter_model.safetensors"), new byte[] {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'});
        model = TinyLlama.random(1).write(directory.resolve("model"));
        assertThat(skald("generate", "--model", model, "--adapter", adapter, "x")
                        .error())
                .contains("adapter_config.json", "not JSON");
        Path trainer = Files.writeString(
                directory.resolve("t.yaml"),
                "base_model: %s\ndatasets: [{path: %s}]\noutput_dir: %s\ndeepspeed: %s\nlearning_rate: 1e-4\nsequence_len: 32\n"
                        .formatted(model, model, directory.resolve("out"), directory.resolve("ds.json")));
        Files.writeString(directory.resolve("ds.json"), "{}}{");
        assertThat(skald("train", trainer).error()).contains("ds.json", "not JSON");
    }

    @Test
    void unknownArchitecture() {
        assertThat(config(c -> c.put("model_type", "mistral"))).contains("model_type", "'mistral'", "'llama'");
        assertThat(config(c -> c.putArray("architectures").add("LlamaForSequenceClassification")))
                .contains("architectures", "LlamaForSequenceClassification", "LlamaForCausalLM");
        assertThat(config(c -> c.put("hidden_act", "gelu"))).contains("hidden_act", "'gelu'", "'silu'");
        assertThat(config(c -> c.put("attention_bias", true))).contains("attention_bias", "true");
        assertThat(config(c -> c.put("mlp_bias", true))).contains("mlp_bias", "true");
        assertThat(config(c -> c.putObject("quantization_config").put("bits", 4)))
                .contains("quantization_config");
        assertThat(config(c ->
                        c.putObject("rope_scaling").put("rope_type", "yarn").put("factor", 2)))
                .contains("rope_scaling", "'yarn'", "llama3");
        assertThat(config(c -> c.putObject("rope_scaling").put("type", "linear")))
                .contains("rope_scaling.factor");
    }

    @Test
    void sizesThatCannotBe() {
        assertThat(config(c -> c.remove("hidden_size"))).contains("hidden_size", "missing");
        assertThat(config(c -> c.put("hidden_size", "big"))).contains("hidden_size", "big");
        assertThat(config(c -> c.put("hidden_size", 0))).contains("hidden_size", "0");
        assertThat(config(c -> c.put("num_attention_heads", 0))).contains("num_attention_heads");
        assertThat(config(c -> c.put("num_key_value_heads", 3))).contains("num_key_value_heads 3");
        assertThat(config(c -> c.put("head_dim", 7))).contains("head_dim 7");
        assertThat(config(c -> c.put("vocab_size", -5))).contains("vocab_size");
        assertThat(config(c -> c.put("num_hidden_layers", 2_000_000_000))).contains("num_hidden_layers");
        assertThat(config(c -> c.put("torch_dtype", "int8"))).contains("torch_dtype", "int8");
        assertThat(config(c -> c.put("hidden_size", Integer.MAX_VALUE).put("vocab_size", Integer.MAX_VALUE)))
                .contains("shape");
    }

    @Test
    void missingOrExtraTensor() {
        assertThat(tensors(tiny -> tiny.tensors().remove(Q))).contains(Q, "missing");
        assertThat(tensors(tiny -> tiny.tensors().remove("lm_head.weight"))).contains("lm_head.weight", "missing");
        String bias = "model.layers.0.self_attn.q_proj.bias";
        assertThat(tensors(tiny -> tiny.tensors().put(bias, TinyLlama.FloatTensor.zeros(32))))
                .contains(bias, "model.safetensors");
        assertThat(tensors(tiny -> tiny.config().put("num_hidden_layers", 1))).contains("model.layers.1.");
        assertThat(tensors(tiny -> tiny.config().put("num_hidden_layers", 3))).contains("model.layers.2.");
    }

    @Test
    void wrongShapeOrDType() throws IOException {
        assertThat(tensors(tiny -> tiny.tensors().put(Q, TinyLlama.FloatTensor.zeros(32, 31))))
                .contains(Q, "[32, 31]", "[32, 32]");
        assertThat(tensors(tiny -> tiny.tensors().put(Q, TinyLlama.FloatTensor.zeros(1024))))
                .contains(Q, "[1024]", "[32, 32]");
        assertThat(header(h -> ((ObjectNode) h.get(Q)).put("dtype", "I32")))
                .contains(Q, "I32", "bfloat16, float16, float32");
        assertThat(header(h -> ((ObjectNode) h.get(Q)).put("dtype", "F16"))).contains(Q, "F16", "4096");
    }

    @Test
    void truncatedOverlappingOrTooLarge() throws IOException {
        Path model = TinyLlama.random(1).write(directory.resolve("model"));
        Path file = model.resolve("model.safetensors");
        byte[] whole = Files.readAllBytes(file);
        for (int length : new int[] {0, 7, 8, 100, whole.length - 1}) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(generate(model))
                    .contains("model.safetensors")
                    .containsAnyOf("truncated", "larger than the file");
        }
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertThat(generate(model)).contains("1 bytes follow");
        ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putLong(0, whole.length);
        Files.write(file, whole);
        assertThat(generate(model)).contains("header of " + whole.length, "larger than the file");

        assertThat(header(h -> shift(h, Q, -4))).contains("inside the tensor before it");
        assertThat(header(h -> shift(h, "lm_head.weight", 4))).contains("lm_head.weight");
    }

    private static void shift(ObjectNode header, String name, int bytes) {
        var offsets = header.get(name).get("data_offsets");
        long begin = offsets.get(0).longValue() + bytes;
        long end = offsets.get(1).longValue() + bytes;
        ((ObjectNode) header.get(name)).putArray("data_offsets").add(begin).add(end);
    }

    @Test
    void aNameWithALineEndStaysOnOneLine() {
        assertThat(tensors(tiny -> tiny.tensors().put("a\nerror: b", TinyLlama.FloatTensor.zeros(1))))
                .contains("'a error: b'");
    }

    @Test
    void brokenIndex() throws IOException {
        Path model = TinyLlama.random(1).write(directory.resolve("model"));
        Files.move(model.resolve("model.safetensors"), model.resolve("part.safetensors"));
        Path index = model.resolve("model.safetensors.index.json");
        Files.writeString(index, "{}");
        assertThat(generate(model)).contains("weight_map");
        Files.writeString(index, "{\"weight_map\": {\"" + Q + "\": \"part.safetensors\"}}");
        assertThat(generate(model)).contains("part.safetensors", "is not in the weight_map");
        Files.writeString(index, "{\"weight_map\": {\"extra\": \"part.safetensors\"}}");
        assertThat(generate(model)).contains("'extra' is missing");
        Files.writeString(index, "{\"weight_map\": {\"" + Q + "\": \"other.safetensors\"}}");
        assertThat(generate(model)).contains("other.safetensors", "no such file");
        for (String outside : new String[] {"../part.safetensors", "/etc/passwd", "", "..", "a\\u0000b"}) {
            Files.writeString(index, "{\"weight_map\": {\"" + Q + "\": \"" + outside + "\"}}");
            assertThat(generate(model)).containsAnyOf("expected a plain file name", "no such file");
        }
    }

    @Test
    void idsOutsideTheVocabulary() {
        Path model = TinyLlama.random(1).write(directory.resolve("model"));
        assertThat(skald("generate", "--model", model, "--prompt-ids", "1,258").error())
                .contains("258");
        assertThat(skald("generate", "--model", model, "--prompt-ids", "-1").error())
                .contains("-1");
        assertThat(skald("generate", "--model", model, "--prompt-ids", "1,x").error())
                .contains("x");
        assertThat(skald("generate", "--model", model, "--prompt-ids", "1", "text")
                        .error())
                .contains("--prompt-ids", "PROMPT");
    }

    @Test
    void notUtf8() throws IOException {
        Path model = TinyLlama.random(1).write(directory.resolve("model"));
        byte[] latin1 = "Åland\n".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(skaldReading(latin1, "generate", "--model", model).error()).contains("standard input", "UTF-8");
        Path text = Files.write(directory.resolve("latin1.txt"), latin1);
        assertThat(skald("evaluate", "--model", model, "--text", text).error()).contains("latin1.txt", "UTF-8");
        assertThat(skaldReading(
                                new byte[0],
                                "generate",
                                "--model",
                                TinyLlama.saying("ab").write(model),
                                "--prompt-ids",
                                "")
                        .error())
                .contains("prompt");
    }

    @Test
    void optionsOutOfRange() {
        Path model = TinyLlama.random(1).write(directory.resolve("model"));
        assertThat(option(model, "--temperature", "-0.5")).contains("temperature", "-0.5");
        assertThat(option(model, "--temperature", "warm")).contains("--temperature", "warm");
        assertThat(option(model, "--top-p", "1.5")).contains("top_p", "1.5");
        assertThat(option(model, "--max-length", "2")).contains("max_length is 2", "4 tokens");
        assertThat(option(model, "--dtype", "int4")).contains("int4", "bfloat16");
        assertThat(option(model, "--device", "tpu")).contains("tpu", "cpu");
        assertThat(skald("generate", "--model", model, "--max-new-tokens", 5, "x".repeat(1100))
                        .error())
                .contains("1101 tokens", "1024 positions");
    }

    private static String option(Path model, String name, String value) {
        return skald("generate", "--model", model, name, value, "abc").error();
    }

    /** The name is the longest that a file may have, so that none longer can be written beside it. */
    @Test
    void cannotBeWritten() throws IOException {
        Path model = TinyLlama.saying("abc").write(directory.resolve("model"));
        Path out = Files.createDirectory(directory.resolve("out"));
        Path logits = out.resolve("x".repeat(255 - ".safetensors".length()) + ".safetensors");
        assertThat(skald("generate", "--model", model, "--json", "--logits", logits, "a")
                        .error())
                .startsWith(logits + ": ");
        try (Stream<Path> left = Files.list(out)) {
            assertThat(left).isEmpty();
        }
        assertThat(skald("generate", "--model", model, "--json", "--logits", out.resolve("no/logits"), "a")
                        .error())
                .contains("no such file or directory");
    }

    /** A sparse file as large as the machine's memory and one more GiB; and a cache for more texts than any machine holds. */
    @Test
    void notEnoughMemory() throws IOException {
        Path model = TinyLlama.random(1).write(directory.resolve("model"));
        assertThat(skald("generate", "--model", model, "--num-return-sequences", Integer.MAX_VALUE, "a")
                        .error())
                .contains("not enough memory", "GiB");

        long rows = (HostMemory.total() + (1L << 30)) / (32 * 4);
        TinyLlama tiny = TinyLlama.random(1);
        tiny.config().put("vocab_size", rows).put("tie_word_embeddings", true);
        tiny.tensors().remove("lm_head.weight");
        ObjectNode header = tiny.header();
        long begin = 0;
        for (var tensor : header.properties()) {
            long end = tensor.getKey().contains("embed") ? rows * 32 * 4 : length(tensor.getValue()) + begin;
            ((ObjectNode) tensor.getValue()).putArray("data_offsets").add(begin).add(end);
            begin = end;
        }
        ((ObjectNode) header.get("model.embed_tokens.weight"))
                .putArray("shape")
                .add(rows)
                .add(32);
        tiny.write(model);
        byte[] beginning = TinyLlama.safetensors(header, new byte[0]);
        Path file = model.resolve("model.safetensors");
        Files.write(file, beginning);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(beginning.length + begin);
        }
        assertThat(generate(model))
                .contains(model.toString(), "not enough memory")
                .containsPattern("the weights need [0-9.]+ GiB");
    }

    private static long length(JsonNode tensor) {
        return tensor.get("data_offsets").get(1).longValue()
                - tensor.get("data_offsets").get(0).longValue();
    }

    private String header(Consumer<ObjectNode> change) throws IOException {
        TinyLlama tiny = TinyLlama.random(1);
        Path model = tiny.write(directory.resolve("model"));
        ObjectNode header = new ObjectMapper().readValue(tiny.header().toString(), ObjectNode.class);
        change.accept(header);
        Files.write(model.resolve("model.safetensors"), TinyLlama.safetensors(header, tiny.data()));
        return generate(model);
    }

    private String config(Consumer<ObjectNode> change) {
        return tensors(tiny -> change.accept(tiny.config()));
    }

    private String tensors(Consumer<TinyLlama> change) {
        TinyLlama tiny = TinyLlama.random(1);
        change.accept(tiny);
        return generate(tiny.write(directory.resolve("model")));
    }

    private static String generate(Path model) {
        return skald("generate", "--model", model, "--max-new-tokens", 2, "abc").error();
    }
}
