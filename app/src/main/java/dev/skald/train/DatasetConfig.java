package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Beside;
import dev.skald.config.Key;
import dev.skald.tune.ConversationKeys;
import dev.skald.tune.DatasetType;
import java.nio.file.Path;
import java.util.List;

/** One entry of {@code datasets} or {@code test_datasets}. */
public record DatasetConfig(
        @Key(
                value =
                        "A file, directory or glob of .jsonl, .txt (.gz, .zst) or .parquet, or the directory of a packed dataset.",
                alone = true)
        String path,

        @Key(
                value =
                        "How a row becomes a text: completion, or pretrain, as it is; chat_template, alpaca, input_output, tokenized, or keys as Axolotl's user-defined types; with rl a kind of preferences.",
                defaultValue = "completion")
        DatasetType type,

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
        double weight,

        @Key("The files, when path is a directory or only says their kind.")
        List<String> dataFiles,

        @Key("Which rows: train, train[:20%], train[100:200].")
        String split,

        @Key(
                value =
                        "Into how many parts the rows are divided, after they were shuffled by seed; one of them is learned.",
                defaultValue = "1")
        int shards,

        @Key(value = "Which of the parts, from 0.", defaultValue = "0")
        int shardsIdx,

        @Beside ConversationKeys conversation) {

    public DatasetConfig {
        if (path == null || path.isBlank()) {
            throw new InvalidInputException("datasets: an entry has no path");
        }
        if (!(weight > 0) || weight > 1000) {
            throw new InvalidInputException(
                    "datasets: " + path + ": weight: found " + weight + ", expected more than 0, at most 1000");
        }
        if (shards < 1 || shardsIdx < 0 || shardsIdx >= shards) {
            throw new InvalidInputException("datasets: " + path + ": shards " + shards + ", shards_idx " + shardsIdx
                    + ": expected at least one, and one of them counted from 0");
        }
        dataFiles = List.copyOf(dataFiles);
        name = name == null ? lastPart(path) : name;
    }

    /** A data set of texts. */
    public static DatasetConfig ofTexts(String path, String textField, String langField) {
        return new DatasetConfig(
                path,
                DatasetType.COMPLETION,
                textField,
                langField,
                null,
                1,
                List.of(),
                null,
                1,
                0,
                ConversationKeys.DEFAULTS);
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
