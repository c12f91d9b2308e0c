package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.evaluate.Probe;
import dev.skald.evaluate.Task;
import dev.skald.evaluate.TaskFile;
import dev.skald.evaluate.TaskRun;
import dev.skald.text.DocumentReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a run is measured by while it goes on, read before anything begins.
 *
 * @param tasks of {@code eval_tasks}
 * @param probes of {@code forgetting_gate}
 */
record ProbeSet(List<Task> tasks, List<Probe> probes) {

    /** With fewer items a standard error says nothing. */
    private static final int FEWEST = 10;

    private static final String PROBES = "forgetting_gate.probes: ";

    /**
     * Reads the files that a configuration names.
     *
     * @throws InvalidInputException when one is missing or not valid, naming key and file
     */
    static ProbeSet read(TrainerConfig config) throws IOException {
        List<Task> tasks = new ArrayList<>();
        for (String path : config.evalTasks()) {
            tasks.addAll(tasks("eval_tasks: ", path));
        }
        List<Probe> probes = new ArrayList<>();
        if (config.forgettingGate() != null) {
            for (ProbeConfig each : config.forgettingGate().probes()) {
                probes.add(probe(each, config.forgettingGate().seed()));
            }
        }
        return new ProbeSet(tasks, probes);
    }

    private static List<Task> tasks(String key, String path) throws IOException {
        if (!TaskFile.isOwn(path)) {
            requireThere(key, path);
        }
        return TaskFile.named(path, TaskRows::read);
    }

    private static void requireThere(String key, String path) {
        if (!Files.exists(Path.of(path))) {
            throw new InvalidInputException(key + path + ": no such file or directory");
        }
    }

    private static Probe probe(ProbeConfig config, long seed) throws IOException {
        TaskRun.Options options = new TaskRun.Options(
                Optional.ofNullable(config.numFewshot()),
                config.limit() == null ? Integer.MAX_VALUE : config.limit(),
                seed);
        Probe probe;
        if (config.isTask()) {
            Task task = tasks(PROBES, config.path()).getFirst();
            try {
                probe = Probe.of(config.name(), task, Optional.ofNullable(config.metric()), options);
            } catch (InvalidInputException e) {
                throw new InvalidInputException(PROBES + config.path() + ": " + e.getMessage(), e);
            }
        } else {
            requireThere(PROBES, config.path());
            if (config.metric() != null || config.numFewshot() != null) {
                throw new InvalidInputException(PROBES + config.path() + ": metric " + config.metric()
                        + " and num_fewshot " + config.numFewshot()
                        + " are for tasks (.yaml); texts are measured in bits per byte");
            }
            probe = Probe.ofTexts(config.name(), texts(Path.of(config.path())), options);
        }
        if (probe.items() < FEWEST) {
            throw new InvalidInputException(PROBES + config.path() + ": found " + probe.items()
                    + " items, expected at least " + FEWEST + ": with fewer a standard error says nothing");
        }
        return probe;
    }

    private static Map<String, String> texts(Path file) throws IOException {
        Map<String, String> texts = new LinkedHashMap<>();
        DocumentReader.readTexts(file, text -> texts.put(file + ": text " + (texts.size() + 1), text), _ -> {});
        if (texts.values().stream().allMatch(String::isBlank)) {
            throw new InvalidInputException(PROBES + file + ": found no text");
        }
        return texts;
    }

    boolean isEmpty() {
        return tasks.isEmpty() && probes.isEmpty();
    }
}
