package dev.skald.demo;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The demo's directory: the texts and configuration files that it begins with, and where its results are. */
record Workspace(Path directory) {

    /** As they are told apart: Swedish, Danish, Bokmål, Nynorsk. */
    static final List<String> LANGUAGES = List.of("sv", "da", "nb", "nn");

    private static final String RESOURCES = "/dev/skald/demo/";

    /**
     * Writes the texts and configuration files.
     *
     * @throws InvalidInputException when the directory is not empty
     */
    void prepare(Path baseModel) throws IOException {
        if (Files.exists(directory) && !isEmptyDirectory()) {
            throw new InvalidInputException(
                    directory + ": exists already; remove it, or name another directory with --output");
        }
        Files.createDirectories(texts());
        Files.createDirectories(directory.resolve("held-out"));
        for (String file : List.of("sv.jsonl", "da.jsonl", "nb.jsonl", "nn.jsonl", "other.jsonl")) {
            Files.write(texts().resolve(file), read(file));
        }
        for (String language : LANGUAGES) {
            Files.write(heldOut(language), read("validation-" + language + ".jsonl"));
        }
        Files.createDirectories(questions().getParent());
        for (String file : List.of("conversations.jsonl", "conversations-held-out.jsonl")) {
            Files.write(questions().resolveSibling(file), read(file));
        }
        for (Path file : List.of(recipe(), trainer(), deepSpeed(), tuning())) {
            String template = new String(read(file.getFileName().toString()), StandardCharsets.UTF_8);
            Files.writeString(
                    file, template.replace("{demo}", quoted(directory)).replace("{nano}", quoted(baseModel)));
        }
    }

    Path texts() {
        return directory.resolve("texts");
    }

    Path heldOut(String language) {
        return directory.resolve("held-out").resolve("validation-" + language + ".jsonl");
    }

    Path recipe() {
        return directory.resolve("corpus.yaml");
    }

    Path trainer() {
        return directory.resolve("trainer.yaml");
    }

    Path deepSpeed() {
        return directory.resolve("deepspeed_zero2.json");
    }

    Path tuning() {
        return directory.resolve("tuning.yaml");
    }

    /** The held-out conversations. */
    Path questions() {
        return directory.resolve("conversations").resolve("conversations-held-out.jsonl");
    }

    /** The adapter that has learned to answer. */
    Path adapter() {
        return directory.resolve("adapter");
    }

    Path corpus() {
        return directory.resolve("corpus");
    }

    /** The trained model. */
    Path model() {
        return directory.resolve("model");
    }

    Path report() {
        return directory.resolve("report.html");
    }

    private boolean isEmptyDirectory() throws IOException {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    /** For the inside of a string in double quotes, of YAML. */
    private static String quoted(Path path) {
        return path.toString().replace("\\", "\\\\").replace("\"", "\\\"");
    }

    private static byte[] read(String resource) throws IOException {
        try (InputStream in = Workspace.class.getResourceAsStream(RESOURCES + resource)) {
            if (in == null) {
                throw new IOException(RESOURCES + resource + " is not on the class path");
            }
            return in.readAllBytes();
        }
    }
}
