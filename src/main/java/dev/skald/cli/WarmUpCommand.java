package dev.skald.cli;

import dev.skald.model.LlamaCheckpointWriter;
import dev.skald.model.LlamaConfig;
import dev.skald.model.Parameter;
import dev.skald.torch.DType;
import dev.skald.torch.DeviceType;
import dev.skald.torch.Natives;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import picocli.CommandLine.Command;

/**
 * {@code skald warm-up}: loads and runs what {@code generate} needs, on a model of two tokens. The launcher runs it once after a build, so that
 * the JVM's ahead-of-time cache holds those classes; it is of no use to anybody else, and hidden.
 */
@Command(name = "warm-up", hidden = true, description = "Runs a tiny model once, for the ahead-of-time cache.")
final class WarmUpCommand implements Callable<Integer> {

    private static final String TOKENIZER = """
            {"added_tokens":[],"normalizer":null,
             "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
             "post_processor":null,"decoder":{"type":"ByteLevel"},
             "model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]}}
            """;

    @Override
    public Integer call() throws IOException {
        Natives.load();
        Path parent = Files.createTempDirectory("skald-warm-up-");
        Path model = parent.resolve("model");
        try (PointerScope _ = new PointerScope()) {
            LlamaConfig config = new LlamaConfig(
                    64,
                    64,
                    1,
                    2,
                    1,
                    32,
                    2,
                    64,
                    1e-5,
                    1e4,
                    Optional.empty(),
                    true,
                    Optional.empty(),
                    List.of(),
                    Optional.empty());
            List<Tensor> weights = Parameter.of(config).stream()
                    .map(parameter -> DeviceType.CPU.zeros(DType.BF16, parameter.shape()))
                    .toList();
            LlamaCheckpointWriter.write(
                    model, config, weights, Optional.empty(), LlamaCheckpointWriter.DEFAULT_SHARD_BYTES);
            Files.writeString(model.resolve("tokenizer.json"), TOKENIZER);
            int done = Main.run("generate", "--model", model.toString(), "--temperature", "1", "--json", "ab");
            return done == 0
                    ? Main.run("generate", "--model", model.toString(), "--dtype", "f32", "--max-new-tokens", "4", "ab")
                    : done;
        } finally {
            try (Stream<Path> files = Files.walk(parent)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
