package dev.skald.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Notices while they are collected: one for all tasks of which the same is to be said. */
final class Notices {

    private record Key(String run, String kind, String text) {}

    private final Map<Key, List<String>> tasks = new LinkedHashMap<>();

    void add(Run run, String task, String kind, String text) {
        List<String> in = tasks.computeIfAbsent(new Key(run.name(), kind, text), _ -> new ArrayList<>());
        if (!in.contains(task)) {
            in.add(task);
        }
    }

    List<Notice> all() {
        List<Notice> all = new ArrayList<>();
        tasks.forEach((key, in) -> all.add(new Notice(key.run, key.kind, key.text, List.copyOf(in))));
        return List.copyOf(all);
    }

    /**
     * Adds what is not the same in two runs of a task.
     *
     * @return whether something is not
     */
    boolean addDifferences(
            Run run,
            Run baseline,
            TaskResult result,
            TaskResult base,
            List<Item> items,
            List<Item> baseItems,
            Pairing pairs) {
        boolean unlike = false;
        boolean shots = false;
        for (Map.Entry<String, String> each : base.settings().entrySet()) {
            Optional<String> own = Optional.ofNullable(result.settings().get(each.getKey()));
            if (own.isPresent() && !own.get().equals(each.getValue())) {
                shots |= each.getKey().equals("shots");
                String text = each.getKey() + ": " + shown(own.get()) + ", the baseline has " + shown(each.getValue());
                add(run, result.task(), Notice.SETTING, text);
                unlike = true;
            }
        }
        if (items.isEmpty()) {
            unlike |= addDetails(run, baseline, result, base);
        } else {
            int most = Math.max(items.size(), baseItems.size());
            if (pairs.model().size() < most) {
                String text = pairs.model().size() + " of " + items.size() + " items are among the baseline's "
                        + baseItems.size() + ", and the difference is of those";
                add(run, result.task(), Notice.ITEMS, text);
                unlike = true;
            }
            if (pairs.promptsThatDiffer() > 0 && !shots) {
                add(
                        run,
                        result.task(),
                        Notice.PROMPTS,
                        pairs.promptsThatDiffer() + " of " + pairs.model().size() + " prompts differ");
                unlike = true;
            }
            if (pairs.byNumber()) {
                add(run, result.task(), Notice.PAIRING, "items are paired by number: the samples have no documents");
            }
        }
        return unlike;
    }

    /** Of runs without samples, what their prompts are made by; only one writer spells that in one way. */
    private boolean addDetails(Run run, Run baseline, TaskResult result, TaskResult base) {
        if (run.source() != baseline.source()) {
            return false;
        }
        boolean unlike = false;
        for (Map.Entry<String, String> each : base.details().entrySet()) {
            String own = result.details().get(each.getKey());
            if (own != null && !own.equals(each.getValue())) {
                add(run, result.task(), Notice.SETTING, each.getKey() + " differs");
                unlike = true;
            }
        }
        return unlike;
    }

    void addUnpaired(Run run, TaskResult result, String metric, List<Item> items, List<Item> baseItems, Pairing pairs) {
        String text;
        if (items.isEmpty() || baseItems.isEmpty()) {
            text = "compared by standard errors, not by item: no samples";
        } else if (pairs.model().size() < 2) {
            text = "compared by standard errors, not by item: no items in common";
        } else {
            text = metric + ": compared by standard errors, not by item: the samples do not add up to the values";
        }
        add(run, result.task(), Notice.UNPAIRED, text);
    }

    private static String shown(String value) {
        return value.length() > 24 ? value.substring(0, 24) + "…" : value;
    }
}
