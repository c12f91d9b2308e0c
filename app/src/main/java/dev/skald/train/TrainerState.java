package dev.skald.train;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * What a run needs to go on, besides weights and optimizer state: {@code trainer_state.json}. Keys that the Trainer of transformers writes
 * too have its names.
 *
 * @param globalStep updates done; the data goes on at the next, whatever the number of ranks
 * @param maxSteps updates of the whole run
 * @param epoch how often the data has been seen
 * @param numInputTokensSeen tokens of all ranks so far
 * @param optimizerUpdates updates that AdamW has done: without those that fp16 skipped
 * @param sequencesPerStep sequences of one update, of all ranks
 * @param seed of the data order
 * @param run what may not change when a run goes on: model, data, sequence length
 * @param lossScaler of fp16
 * @param earlyStopping what the validations were, for {@code early_stopping_patience}; null without validation
 * @param savedAt when, UTC, as ISO 8601 writes it; null in a state of an earlier Skald
 * @param sessions one for each time that the run was started; empty in a state of an earlier Skald
 * @param logHistory one entry for each line of the log
 */
@JsonNaming(SnakeCaseStrategy.class)
public record TrainerState(
        long globalStep,
        long maxSteps,
        double epoch,
        long numInputTokensSeen,
        long optimizerUpdates,
        long sequencesPerStep,
        long seed,
        String run,
        LossScaler.State lossScaler,
        EarlyStopping.State earlyStopping,
        String savedAt,
        List<Session> sessions,
        List<LogEntry> logHistory) {

    /** Its name in a checkpoint. */
    public static final String FILE = "trainer_state.json";

    private static final JsonMapper JSON = StrictJson.mapper();

    public TrainerState {
        sessions = sessions == null ? List.of() : List.copyOf(sessions);
        logHistory = List.copyOf(logHistory);
    }

    /**
     * A run from where it was started, or went on, to where the next session went on, or to the end.
     *
     * @param firstStep its first update; those after it that an earlier session did are done again
     * @param startedAt when, UTC, as ISO 8601 writes it
     * @param ranks world size
     * @param machines that they were on
     * @param hardware what rank 0 has: processor, the cores that it may use, memory of its machine
     * @param weights where they came from: {@code base_model}, {@code random} or {@code checkpoint}
     */
    @JsonNaming(SnakeCaseStrategy.class)
    public record Session(long firstStep, String startedAt, int ranks, int machines, String hardware, String weights) {}

    /** One line of the log. */
    @JsonNaming(SnakeCaseStrategy.class)
    public record LogEntry(long step, double epoch, double loss, double gradNorm, double learningRate) {}

    /** This second, UTC, as ISO 8601 writes it. */
    static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /**
     * Reads the state of a checkpoint.
     *
     * @throws InvalidInputException when the directory has none that can be read
     */
    public static TrainerState read(Path checkpoint) {
        Path file = checkpoint.resolve(FILE);
        try {
            return JSON.readValue(Files.readString(file), TrainerState.class);
        } catch (JacksonException e) {
            throw new InvalidInputException(file + ": is not a state that train saved: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new InvalidInputException(
                    checkpoint + ": has no readable " + FILE + ", expected a checkpoint of train", e);
        }
    }

    void write(Path checkpoint) throws IOException {
        Files.writeString(
                checkpoint.resolve(FILE), JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n");
    }
}
