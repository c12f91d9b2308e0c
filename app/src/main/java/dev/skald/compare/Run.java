package dev.skald.compare;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one model came to: a column.
 *
 * @param name by which it is told from the others
 * @param model as its file says, "" where it does not
 * @param path the file or directory that was read
 * @param tasks by name, in the file's order
 */
public record Run(String name, String model, Path path, Source source, Map<String, TaskResult> tasks) {

    /** Who wrote a result. */
    public enum Source {
        /** {@code skald evaluate}. */
        SKALD,
        /** lm-evaluation-harness. */
        LM_EVAL,
        /** EuroEval. */
        EUROEVAL;

        /** As JSON spells it. */
        public String key() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final Pattern STEP = Pattern.compile(
            "(?i)(?:checkpoint|ckpt|step|iter|update)s?[-_ ]?(\\d{1,15})(?!.*(?:checkpoint|ckpt|step)[-_ ]?\\d)");

    /** After how many updates its checkpoint was written, where its name says so, or what its file says of the model. */
    public OptionalLong step() {
        for (String text : new String[] {name, model}) {
            Matcher found = STEP.matcher(text);
            if (found.find()) {
                return OptionalLong.of(Long.parseLong(found.group(1)));
            }
        }
        return OptionalLong.empty();
    }

    /** Its name without the step: checkpoints of one training have the same. */
    String series() {
        return STEP.matcher(name).replaceAll("").replaceAll("^[-_/ ]+|[-_/ ]+$", "");
    }

    Run named(String other) {
        return new Run(other, model, path, source, tasks);
    }

    Optional<TaskResult> task(String task) {
        return Optional.ofNullable(tasks.get(task));
    }
}
