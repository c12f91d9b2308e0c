package dev.skald.model;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Noise on the embeddings while a model learns: uniform, up to {@code alpha / sqrt(L d)} for a text of {@code L} tokens and {@code d} features. Its
 * gradient is none. Source: Jain et al., NEFTune (arXiv:2310.05914).
 *
 * @param alpha 5 is usual
 * @param seed the same gives the same noise
 */
public record EmbeddingNoise(double alpha, long seed) {

    /** Adds the noise of each span of attention, by its own length, to {@code x [rows, hidden]}. */
    void addTo(Tensor x, PackedRows rows) {
        int[] starts = rows.documentStarts();
        GeneratorOptional generator = new GeneratorOptional(torch.make_generator_cpu(seed));
        for (int i = 0; i < starts.length; i++) {
            int end = i + 1 < starts.length ? starts[i + 1] : rows.rows();
            int length = end - starts[i];
            double most = alpha / Math.sqrt((double) length * x.size(1));
            try (PointerScope _ = new PointerScope()) {
                Tensor noise = torch.empty(length, x.size(1)).uniform_(-most, most, generator);
                x.narrow(0, starts[i], length).add_(noise.to(x.device(), x.scalar_type()));
            }
        }
    }
}
