package dev.skald.convert;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.base.AtomicFiles;
import dev.skald.gguf.GgufTokenizer;
import dev.skald.model.LlamaCheckpointWriter;
import dev.skald.model.LlamaConfig;
import dev.skald.model.Parameter;
import dev.skald.model.WeightRows;
import dev.skald.tensor.DType;
import dev.skald.tensor.Format;
import dev.skald.tensor.Natives;
import dev.skald.tensor.TensorMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Writes a model directory that transformers reads. */
final class HuggingFaceExport implements Conversion.Export {

    private final Path model;
    private final WeightRows source;
    private final Path out;
    private final DType dtype;

    HuggingFaceExport(Path model, WeightRows source, Path out, Optional<Preset> wanted) {
        this.model = model;
        this.source = source;
        this.out = out;
        Format stored = source.format(Parameter.of(source.config()).getFirst());
        this.dtype = switch (wanted.map(Preset::base).orElse(stored)) {
            case F32 -> DType.F32;
            case F16 -> DType.F16;
            default -> DType.BF16;
        };
    }

    @Override
    public List<Format> formats() {
        return Collections.nCopies(Parameter.of(source.config()).size(), Format.of(dtype));
    }

    @Override
    public long bytes() {
        return source.config().parameterCount() * dtype.bytes();
    }

    @Override
    public void write(LongConsumer done) throws IOException {
        Natives.load();
        RowPump pump = new RowPump(source, false);
        LlamaConfig config = source.config().withDType(dtype);
        Map<String, Path> companions =
                source.keys().isPresent() ? Map.of() : LlamaCheckpointWriter.companions(model, model);
        Path before = AtomicFiles.part(out.toAbsolutePath());
        AtomicFiles.writeFolder(
                out,
                folder -> Conversion.withoutRemains(folder, part -> {
                    LlamaCheckpointWriter.writeInto(
                            part,
                            config,
                            parameter -> tensor(parameter, pump, done),
                            companions,
                            LlamaCheckpointWriter.DEFAULT_SHARD_BYTES);
                    if (source.keys().isPresent()) {
                        writeTokenizer(part, GgufTokenizer.of(source.keys().get()));
                    }
                    if (Files.exists(out)) {
                        AtomicFiles.rename(out, before);
                    }
                }));
        AtomicFiles.delete(before);
    }

    private Tensor tensor(Parameter parameter, RowPump pump, LongConsumer done) {
        Tensor tensor = torch.empty(parameter.shape(), new TensorOptions(dtype.scalarType()), null);
        long rows = parameter.numel() / WeightRows.columns(parameter);
        pump.write(parameter, 0, Math.toIntExact(rows), Format.of(dtype), TensorMemory.of(tensor));
        source.unload(parameter);
        done.accept(tensor.nbytes());
        return tensor;
    }

    private static void writeTokenizer(Path folder, GgufTokenizer tokenizer) throws IOException {
        ObjectNode config = tokenizer.config().deepCopy();
        config.put("clean_up_tokenization_spaces", false);
        config.putArray("model_input_names").add("input_ids").add("attention_mask");
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer.json().toPrettyString() + "\n");
        Files.writeString(folder.resolve("tokenizer_config.json"), config.toPrettyString() + "\n");
    }
}
