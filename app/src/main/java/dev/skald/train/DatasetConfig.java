package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import java.nio.file.Path;

/** One entry of {@code datasets} or {@code test_datasets}. */
public record DatasetConfig(
        @Key(
                value =
                        "A file, directory or glob of .jsonl, .txt (.gz, .zst) or .parquet, or the directory of a packed dataset.",
                alone = true)
        String path,

        @Key(
                value = "How a row becomes a document; completion, or pretrain: its text, as it is.",
                defaultValue = "completion")
        String type,

        @Key(
                value = "The field, or column, of the text.",
                defaultValue = "text",
                alsoCalled = {"field", "text_column"})
        String textField,

        @Key(
                value = "The field of the language, for validation per language; ignored where a row has none.",
                defaultValue = "lang")
        String langField,

        @Key("Its name in validation and messages; the last part of the path without a wildcard when not given.")
        String name,

        @Key(
                value = "How often each of its sequences is seen in an epoch; 0.5: every second one, 2: twice.",
                defaultValue = "1")
        double weight) {

    public DatasetConfig {
        if (path == null || path.isBlank()) {
            throw new InvalidInputException("datasets: an entry has no path");
        }
        type = type.equals("pretrain") ? "completion" : type;
        if (!type.equals("completion")) {
            throw new InvalidInputException("datasets: " + path + ": type: found '" + type + "', expected completion");
        }
        if (!(weight > 0) || weight > 1000) {
            throw new InvalidInputException(
                    "datasets: " + path + ": weight: found " + weight + ", expected more than 0, at most 1000");
        }
        name = name == null ? lastPart(path) : name;
    }

    /** The last part of a path that has no wildcard, without the endings of text files. */
    private static String lastPart(String path) {
        String plain = path.replaceFirst("(^|/)[^/]*[*?{\\[].*", "").replaceFirst("/+$", "");
        String last = plain.substring(plain.lastIndexOf('/') + 1);
        if (last.equals(".") || last.equals("..")) {
            Path directory = Path.of(plain).toAbsolutePath().normalize().getFileName();
            last = directory == null ? "" : directory.toString();
        }
        return last.isEmpty() ? "texts" : last.replaceFirst("\\.(jsonl|ndjson|txt|parquet)(\\.gz|\\.zst)?$", "");
    }
}
