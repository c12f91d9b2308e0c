package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.base.HostMemory;
import dev.skald.gguf.Gguf;
import dev.skald.gguf.GgufTensor;
import dev.skald.kernel.Gemm;
import dev.skald.kernel.GroupPacking;
import dev.skald.kernel.Workers;
import dev.skald.tensor.DType;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.MemoryAdvice;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The weights of a GGUF file on the CPU, matrices with their blocks as they are: rearranged for the processor where there are loops for their format, which
 * then are the only copy in memory, else where they lie in the mapped file. Rows of the embedding are looked up in the file. Norms, and matrices that are not in blocks, are
 * tensors of one dtype. Nothing is learned. {@link #close} frees the memory and unmaps the file.
 */
final class BlockWeights implements Weights, StoredWeights {

    private final Gguf gguf;
    private final GgufLlama llama;
    private final LlamaConfig config;
    private final DType dtype;
    private final Workers workers;
    private final Map<String, Tensor> tensors = new HashMap<>();
    private final Map<String, Matrix> matrices = new HashMap<>();
    /** The embedding as it lies in the file, where it is in blocks. */
    private Optional<Matrix> table = Optional.empty();

    private BlockWeights(Gguf gguf, GgufLlama llama, DType dtype, Workers workers) {
        this.gguf = gguf;
        this.llama = llama;
        this.config = llama.config().withDType(dtype);
        this.dtype = dtype;
        this.workers = workers;
    }

    /** Whether a file has matrices in blocks. */
    static boolean has(Path file) {
        if (!Gguf.isGguf(file)) {
            return false;
        }
        try (Gguf gguf = Gguf.open(file)) {
            return gguf.tensors().values().stream().anyMatch(BlockWeights::inBlocks);
        }
    }

    /**
     * Opens a file.
     *
     * @throws InvalidInputException when it is not a valid Llama, or needs more memory than there is
     */
    static BlockWeights open(Path file, Workers workers) {
        Gguf gguf = Gguf.open(file);
        BlockWeights weights = null;
        try {
            GgufLlama llama = new GgufLlama(gguf);
            llama.check();
            weights = new BlockWeights(gguf, llama, DType.BF16, workers);
            long bytes = bytes(llama.config(), gguf);
            if (bytes > HostMemory.available()) {
                throw new InvalidInputException(String.format(
                        "%s: not enough memory: the weights need %.1f GiB, %.1f are free",
                        file, bytes / (double) (1L << 30), HostMemory.available() / (double) (1L << 30)));
            }
            Parameter.of(llama.config()).forEach(weights::read);
            return weights;
        } catch (RuntimeException e) {
            if (weights == null) {
                gguf.close();
            } else {
                weights.close();
            }
            throw e;
        }
    }

    private static boolean inBlocks(GgufTensor tensor) {
        return tensor.format().blockElements() > 1;
    }

    /** Bytes of a file's weights in memory, those that stay in the file included. */
    static long bytes(LlamaConfig config, Gguf gguf) {
        long bytes = 0;
        for (Parameter parameter : Parameter.of(config)) {
            GgufTensor tensor = gguf.tensors().get(GgufLlama.name(parameter.name()));
            long columns = parameter.shape()[parameter.shape().length - 1];
            if (!inBlocks(tensor)) {
                bytes += parameter.numel() * DType.BF16.bytes();
            } else if (isHead(config, parameter) && GroupPacking.canPack(tensor.format())) {
                bytes += GroupPacking.bytes(tensor.format(), parameter.numel() / columns, columns);
            }
            if (inBlocks(tensor)
                    && (parameter.name().equals(Parameter.EMBEDDING) || !GroupPacking.canPack(tensor.format()))) {
                bytes += tensor.bytes().byteSize();
            }
        }
        return bytes;
    }

    /** Whether a parameter is multiplied by: all are, but for an embedding beside an output layer of its own. */
    private static boolean isHead(LlamaConfig config, Parameter parameter) {
        return !parameter.name().equals(Parameter.EMBEDDING) || config.tie_word_embeddings();
    }

    private void read(Parameter parameter) {
        GgufTensor source = gguf.tensors().get(GgufLlama.name(parameter.name()));
        if (!inBlocks(source)) {
            tensors.put(parameter.name(), llama.tensor(parameter, dtype));
            MemoryAdvice.letGo(source.bytes());
            return;
        }
        Matrix.Blocks blocks = new Matrix.Blocks(
                source.bytes(), parameter.shape()[0], parameter.shape()[parameter.shape().length - 1], source.format());
        if (parameter.name().equals(Parameter.EMBEDDING)) {
            table = Optional.of(blocks);
            if (!config.tie_word_embeddings()) {
                return;
            }
        }
        if (GroupPacking.canPack(source.format())) {
            MemorySegment to = memory(parameter, GroupPacking.bytes(source.format(), blocks.rows(), blocks.columns()));
            matrices.put(
                    parameter.name(), GroupPacking.pack(blocks, row -> llama.sourceRow(parameter, row), to, workers));
            MemoryAdvice.letGo(source.bytes());
        } else if (WeightRows.isTurned(parameter)) {
            matrices.put(parameter.name(), turned(parameter, blocks));
        } else {
            matrices.put(parameter.name(), blocks);
        }
    }

    /** Memory that is freed with the weights. */
    private MemorySegment memory(Parameter parameter, long bytes) {
        try (PointerScope _ = new PointerScope()) {
            Tensor tensor = torch.empty(new long[] {bytes}, new TensorOptions(ScalarType.Byte), null);
            tensor.retainReference();
            tensors.put(parameter.name(), tensor);
            MemorySegment memory = TensorMemory.of(tensor);
            MemoryAdvice.hugePages(memory);
            return memory;
        }
    }

    /** A copy with the rows in our order. */
    private Matrix.Blocks turned(Parameter parameter, Matrix.Blocks blocks) {
        MemorySegment to = memory(parameter, blocks.memory().byteSize());
        long rowBytes = blocks.format().bytes(blocks.columns());
        for (int row = 0; row < blocks.rows(); row++) {
            MemorySegment.copy(
                    blocks.memory(), llama.sourceRow(parameter, row) * rowBytes, to, row * rowBytes, rowBytes);
        }
        return new Matrix.Blocks(to, blocks.rows(), blocks.columns(), blocks.format());
    }

    @Override
    public LlamaConfig config() {
        return config;
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public long bytes() {
        return bytes(config, gguf);
    }

    @Override
    public Weights weights() {
        return this;
    }

    /** Of a norm, or a matrix that is not in blocks. */
    @Override
    public Tensor weight(Parameter parameter) {
        if (matrices.containsKey(parameter.name()) || !tensors.containsKey(parameter.name())) {
            throw new IllegalArgumentException(parameter.name() + " is in blocks");
        }
        return tensors.get(parameter.name());
    }

    @Override
    public Matrix matrix(Parameter parameter) {
        Matrix matrix = matrices.get(parameter.name());
        return matrix == null ? Matrix.of(weight(parameter)) : matrix;
    }

    @Override
    public Matrix table(Parameter parameter) {
        return table.orElseGet(() -> matrix(parameter));
    }

    @Override
    public Optional<Parameter> learned(Parameter parameter) {
        return Optional.empty();
    }

    @Override
    public Linear linear(Parameter parameter, Gemm gemm) {
        return new Linear.Frozen(matrix(parameter), gemm);
    }

    @Override
    public void close() {
        matrices.clear();
        table = Optional.empty();
        tensors.values().forEach(Tensor::releaseReference);
        tensors.clear();
        gguf.close();
    }
}
