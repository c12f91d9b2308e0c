package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import java.nio.file.Path;

/** One entry of {@code forgetting_gate.probes}. */
public record ProbeConfig(
        @Key(
                value =
                        "A task file of lm-evaluation-harness (.yaml), or texts as .jsonl, .txt (.gz, .zst) or .parquet, measured in bits per byte.",
                alone = true)
        String path,

        @Key("Its name in the log, the report and messages; that of the file when not given.")
        String name,

        @Key("Which of the task's metrics; bits_per_byte where it has them, else its first, when not given.")
        String metric,

        @Key("Examples before each item; as the task says when not given.")
        Integer numFewshot,

        @Key("Items, at most; all when not given.") Integer limit) {

    /** @throws InvalidInputException when a value is none of its key's */
    public ProbeConfig {
        if (path == null || path.isBlank()) {
            throw new InvalidInputException("forgetting_gate.probes: an entry has no path");
        }
        if (numFewshot != null && numFewshot < 0) {
            throw new InvalidInputException(
                    "forgetting_gate.probes: " + path + ": num_fewshot: found " + numFewshot + ", expected 0 or more");
        }
        if (limit != null && limit < 1) {
            throw new InvalidInputException(
                    "forgetting_gate.probes: " + path + ": limit: found " + limit + ", expected 1 or more");
        }
        name = name == null || name.isBlank() ? nameOf(path) : name;
    }

    private static String nameOf(String path) {
        Path last = Path.of(path).getFileName();
        return (last == null ? path : last.toString())
                .replaceFirst("\\.(ya?ml|(jsonl|ndjson|txt|parquet)(\\.gz|\\.zst)?)$", "");
    }

    /** Whether it is a task, and not texts. */
    boolean isTask() {
        return path.matches("(?s).*\\.ya?ml");
    }
}
