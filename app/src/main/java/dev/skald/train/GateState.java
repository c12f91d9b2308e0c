package dev.skald.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a checkpoint keeps of the forgetting gate: {@code forgetting_gate.json}. A run that goes on compares with the values before its first update,
 * item by item.
 *
 * @param thresholds that checks in a row are counted for; of others they are counted anew
 * @param probes in the order of the configuration
 */
@JsonNaming(SnakeCaseStrategy.class)
record GateState(String thresholds, List<Of> probes) {

    static final String FILE = "forgetting_gate.json";

    private static final JsonMapper JSON = StrictJson.mapper();

    GateState {
        probes = List.copyOf(probes);
    }

    /**
     * One probe.
     *
     * @param fingerprint of its items and of how they are measured
     * @param baseline the values of its items before the first update
     * @param inARow checks one after the other whose verdict is to stop
     * @param first what it came to before the first update
     * @param last what the last check said
     */
    @JsonNaming(SnakeCaseStrategy.class)
    record Of(
            String probe,
            String fingerprint,
            List<double[]> baseline,
            @JsonProperty("in_a_row") int inARow,
            ProbeMetrics first,
            ProbeMetrics last) {

        Of {
            baseline = List.copyOf(baseline);
        }

        Of after(int inARow, ProbeMetrics last) {
            return new Of(probe, fingerprint, baseline, inARow, first, last);
        }
    }

    /** Why a run with this gate ends here, in one line, if it does. */
    Optional<String> forgotten(GateConfig config) {
        if (config.action() == GateConfig.Action.WARN || !thresholds.equals(config.thresholds())) {
            return Optional.empty();
        }
        List<Of> fallen = probes.stream()
                .filter(each -> each.inARow() >= config.checksInARow())
                .toList();
        String each = fallen.stream()
                .map(of -> String.format(
                        Locale.ROOT,
                        "%s is %s: %s %.4f, before the first update %.4f",
                        of.probe(),
                        of.last().dropInWords(),
                        of.last().metric(),
                        of.last().value(),
                        of.first().value()))
                .collect(Collectors.joining("; "));
        return fallen.isEmpty()
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "forgetting_gate: %s; %s beyond %s",
                        each,
                        config.checksInARow() == 1 ? "a check" : config.checksInARow() + " checks in a row",
                        thresholds));
    }

    /** Of a checkpoint; empty when its run had no gate. */
    static Optional<GateState> read(Path checkpoint) {
        Path file = checkpoint.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(Files.readString(file), GateState.class));
        } catch (JacksonException e) {
            throw new InvalidInputException(file + ": is not a state that train saved: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new InvalidInputException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    void write(Path checkpoint) throws IOException {
        Files.writeString(checkpoint.resolve(FILE), JSON.writeValueAsString(this) + "\n");
    }
}
