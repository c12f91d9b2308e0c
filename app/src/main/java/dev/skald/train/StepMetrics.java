package dev.skald.train;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.Map;

/**
 * What one update of the parameters was like; a line of {@code metrics.jsonl}.
 *
 * @param step updates done, this one included
 * @param loss mean negative log likelihood of the predicted tokens of the global batch, nats
 * @param gradNorm Euclidean norm of the gradient before clipping
 * @param learningRate used in this update
 * @param tokens of the run up to this update, of all ranks
 * @param tokensPerSecond of all ranks, in this update
 * @param epoch how often the data has been seen
 * @param mfu part of the machine's matmul rate that the model's arithmetic had; null when the rate is not known
 * @param memoryBytes resident memory of this rank
 * @param seconds that this update took
 * @param lossScale of fp16; null otherwise
 * @param skipped whether fp16 overflowed, so that the parameters were left as they were
 * @param objective what the objective has beside its loss, by TRL's names; null where there is nothing
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StepMetrics(
        long step,
        double loss,
        double gradNorm,
        double learningRate,
        long tokens,
        double tokensPerSecond,
        double epoch,
        Double mfu,
        long memoryBytes,
        double seconds,
        Double lossScale,
        boolean skipped,
        Map<String, Double> objective) {}
