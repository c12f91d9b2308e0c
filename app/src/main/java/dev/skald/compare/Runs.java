package dev.skald.compare;

import dev.skald.InvalidInputException;
import dev.skald.base.NearestName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The runs that are compared.
 *
 * @param all at least two, the baseline first; the others by step where all of them have one, else as they were given
 * @param baseline what they are compared with
 */
public record Runs(List<Run> all, Run baseline) {

    private static final String EXPECTED =
            "expected a directory or results file of evaluate --out, of lm-evaluation-harness or of EuroEval";

    /**
     * Reads runs.
     *
     * @param given {@code PATH}, or {@code NAME=PATH} of one run
     * @param baseline a name, or a path; empty for the first
     * @param only names of those to compare, in which * stands for anything; none for all
     */
    public static Runs read(List<String> given, Optional<String> baseline, List<String> only) throws IOException {
        Map<Path, String> paths = new LinkedHashMap<>();
        List<Run> runs = new ArrayList<>();
        for (String each : given) {
            addAll(each, runs, paths);
        }
        if (baseline.isPresent() && find(baseline.get(), runs).isEmpty() && isPath(baseline.get())) {
            addAll(baseline.get(), runs, paths);
        }
        checkNames(runs);
        Run first = baseline.isEmpty()
                ? runs.getFirst()
                : find(baseline.get(), runs).orElseThrow(() -> unknown("--baseline", baseline.get(), runs));
        List<Run> others = new ArrayList<>(runs);
        others.remove(first);
        if (!only.isEmpty()) {
            only.forEach(pattern -> {
                if (runs.stream().noneMatch(run -> matches(pattern, run))) {
                    throw unknown("--only", pattern, runs);
                }
            });
            others.removeIf(run -> only.stream().noneMatch(pattern -> matches(pattern, run)));
        }
        if (others.isEmpty()) {
            throw new InvalidInputException(
                    "found one run, " + first.name() + " (" + first.path() + "), expected two or more to compare");
        }
        if (others.stream().allMatch(run -> run.step().isPresent())) {
            others.sort(Comparator.comparing(Run::series)
                    .thenComparingLong(run -> run.step().orElse(0)));
        }
        List<Run> all = new ArrayList<>(List.of(first));
        all.addAll(others);
        return new Runs(List.copyOf(all), first);
    }

    /** Those that are compared with the baseline. */
    List<Run> others() {
        return all.subList(1, all.size());
    }

    private static boolean matches(String pattern, Run run) {
        String expression = Stream.of(pattern.split("\\*", -1))
                .map(Pattern::quote)
                .reduce((a, b) -> a + ".*" + b)
                .orElse("");
        return run.name().matches("(?s)" + expression);
    }

    private static Optional<Run> find(String wanted, List<Run> runs) {
        Optional<Run> named =
                runs.stream().filter(run -> run.name().equals(wanted)).findFirst();
        if (named.isPresent()) {
            return named;
        }
        List<Run> at = runs.stream()
                .filter(run -> Files.exists(Path.of(wanted)) && real(run.path()).equals(real(Path.of(wanted))))
                .toList();
        return at.size() == 1 ? Optional.of(at.getFirst()) : Optional.empty();
    }

    private static InvalidInputException unknown(String option, String wanted, List<Run> runs) {
        List<String> names = runs.stream().map(Run::name).toList();
        String near = NearestName.suggestion(wanted, names);
        return new InvalidInputException(option + ": no run is named '" + wanted + "'"
                + (near.isEmpty() ? ", there are " + names.size() : "; " + near));
    }

    private static boolean isPath(String text) {
        return Files.exists(Path.of(text)) || Files.exists(Path.of(text.substring(text.indexOf('=') + 1)));
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    private static void addAll(String given, List<Run> runs, Map<Path, String> paths) throws IOException {
        int sign = given.indexOf('=');
        boolean named = sign > 0 && !Files.exists(Path.of(given));
        Path path = Path.of(named ? given.substring(sign + 1) : given);
        if (!Files.exists(path)) {
            throw new InvalidInputException(path + ": no such file or directory, " + EXPECTED);
        }
        String before = paths.put(real(path), given);
        if (before != null) {
            throw new InvalidInputException(
                    given + ": is given twice" + (before.equals(given) ? "" : ", as " + before + " too"));
        }
        List<Run> found = Files.isDirectory(path) ? ofDirectory(path) : ofFile(path);
        if (named && found.size() > 1) {
            throw new InvalidInputException(given + ": has " + found.size() + " runs, a name is for one");
        }
        runs.addAll(named ? List.of(found.getFirst().named(given.substring(0, sign))) : found);
    }

    private static void checkNames(List<Run> runs) {
        Map<String, Run> names = new LinkedHashMap<>();
        for (Run run : runs) {
            Run before = names.put(run.name(), run);
            if (before != null) {
                throw new InvalidInputException("two runs are named '" + run.name() + "', " + before.path() + " and "
                        + run.path() + ": name them, as in first=" + before.path());
            }
        }
    }

    private static List<Run> ofFile(Path file) throws IOException {
        if (file.toString().endsWith(".jsonl")) {
            return EuroEvalRuns.read(file);
        }
        if (!file.toString().endsWith(".json")) {
            throw new InvalidInputException(file + ": not a result file, " + EXPECTED);
        }
        return List.of(LmEvalRuns.read(name(file.toAbsolutePath().getParent()), file, List.of(file)));
    }

    private static List<Run> ofDirectory(Path directory) throws IOException {
        List<Path> results = LmEvalRuns.files(directory);
        if (!results.isEmpty()) {
            return List.of(LmEvalRuns.read(name(directory), directory, results));
        }
        if (Files.isRegularFile(directory.resolve(EuroEvalRuns.FILE))) {
            return EuroEvalRuns.read(directory.resolve(EuroEvalRuns.FILE));
        }
        List<Run> runs = new ArrayList<>();
        try (Stream<Path> below = Files.list(directory)) {
            for (Path each : below.filter(Files::isDirectory).sorted().toList()) {
                List<Path> files = LmEvalRuns.files(each);
                if (!files.isEmpty()) {
                    runs.add(LmEvalRuns.read(name(each), each, files));
                }
            }
        }
        if (runs.isEmpty()) {
            throw new InvalidInputException(directory + ": has no result, " + EXPECTED);
        }
        return runs;
    }

    private static String name(Path path) {
        Path name = path.toAbsolutePath().normalize().getFileName();
        return name == null ? path.toString() : name.toString();
    }
}
