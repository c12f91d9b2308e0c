package dev.skald.model;

import dev.skald.kernel.Gemm;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.Scoped;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The trained parameters of a Llama: one flat tensor, and the weights as views of it. {@link #close} frees the flat tensor. */
public final class LlamaParameters implements TrainableWeights {

    private final List<Parameter> list;
    private final Tensor flat;
    private final List<Tensor> views;
    private final double initializerRange;

    /** Zeros. */
    public LlamaParameters(LlamaConfig config, DType dtype, DeviceType device) {
        this.list = Parameter.of(config);
        this.initializerRange = config.initializerRange();
        long elements = list.getLast().offset() + list.getLast().numel();
        try (PointerScope _ = new PointerScope()) {
            this.flat = kept(device.zeros(dtype, elements));
            this.views = list.stream()
                    .map(p -> kept(flat.narrow(0, p.offset(), p.numel()).view(p.shape())))
                    .toList();
        }
    }

    /** The parameters in the order of {@link Parameter#of}. */
    @Override
    public List<Parameter> list() {
        return list;
    }

    @Override
    public Tensor flat() {
        return flat;
    }

    @Override
    public Tensor view(Parameter parameter) {
        return views.get(parameter.index());
    }

    @Override
    public Tensor weight(Parameter parameter) {
        return view(parameter);
    }

    @Override
    public Optional<Parameter> learned(Parameter parameter) {
        return Optional.of(parameter);
    }

    @Override
    public Linear linear(Parameter parameter, Gemm gemm) {
        return new Linear.Plain(parameter, Matrix.of(view(parameter)), gemm);
    }

    @Override
    public void begin(long seed) {}

    @Override
    public void end() {}

    /**
     * Copies a model's weights, in the order of {@link Parameter#of}, rounding them to this dtype. Of a model with fewer tokens the rows of the others
     * become the mean of those that it has.
     */
    public void copyFrom(List<Tensor> tensors) {
        for (int i = 0; i < views.size(); i++) {
            copy(views.get(i), tensors.get(i));
        }
    }

    /** Copies what there are rows for; the other rows become the mean. */
    static void copy(Tensor to, Tensor from) {
        try (PointerScope _ = new PointerScope()) {
            long rows = from.size(0);
            to.narrow(0, 0, rows).copy_(from);
            if (rows < to.size(0)) {
                Tensor mean = from.to(DType.F32.scalarType()).mean(new long[] {0}, true, new ScalarTypeOptional());
                to.narrow(0, rows, to.size(0) - rows).copy_(mean.expand(to.size(0) - rows, to.size(1)));
            }
        }
    }

    /** Draws them as LlamaForCausalLM starts: matrices normal with the configuration's {@code initializer_range}, norms 1. The same seed gives the same values. */
    public void initialize(long seed) {
        try (PointerScope _ = new PointerScope()) {
            GeneratorOptional generator = new GeneratorOptional(torch.make_generator_cpu(seed));
            for (int i = 0; i < views.size(); i++) {
                Tensor view = views.get(i);
                if (list.get(i).isNorm()) {
                    view.fill_(new Scalar(1.0));
                } else {
                    Tensor drawn =
                            Scoped.tensor(() -> torch.zeros(view.numel()).normal_(0, initializerRange, generator));
                    view.copy_(drawn.view(list.get(i).shape()));
                    drawn.close();
                }
            }
        }
    }

    /** Frees the flat tensor and its views. */
    @Override
    public void close() {
        views.forEach(Tensor::releaseReference);
        flat.releaseReference();
    }

    private static Tensor kept(Tensor tensor) {
        tensor.retainReference();
        return tensor;
    }
}
