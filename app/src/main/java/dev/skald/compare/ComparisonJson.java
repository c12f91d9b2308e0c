package dev.skald.compare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.base.StrictJson;
import dev.skald.compare.Comparison.Cell;
import dev.skald.compare.Comparison.Row;
import dev.skald.evaluate.Difference;
import java.util.List;

/** A comparison for scripts; its keys are in docs/evaluation.md. */
public final class ComparisonJson {

    private static final ObjectMapper JSON = StrictJson.mapper();

    private ComparisonJson() {}

    /** @param changed how many items of each kind of change are in it */
    public static ObjectNode of(Comparison comparison, int changed) {
        ObjectNode root = JSON.createObjectNode();
        root.put("baseline", comparison.runs().baseline().name());
        root.put("confidence", 0.95);
        root.put("level", Comparison.LEVEL);
        ArrayNode runs = root.putArray("runs");
        for (Run run : comparison.runs().all()) {
            ObjectNode each = runs.addObject()
                    .put("name", run.name())
                    .put("model", run.model())
                    .put("path", run.path().toString())
                    .put("source", run.source().key());
            run.step().ifPresentOrElse(step -> each.put("step", step), () -> each.putNull("step"));
        }
        ArrayNode results = root.putArray("results");
        for (Row row : comparison.rows()) {
            ObjectNode each = results.addObject()
                    .put("task", row.task())
                    .put("metric", row.metric())
                    .put("higher_is_better", row.higherIsBetter());
            ObjectNode byRun = each.putObject("runs");
            row.cells().forEach((name, cell) -> byRun.set(name, cell(row, cell, changed)));
        }
        ArrayNode notices = root.putArray("notices");
        for (Notice notice : comparison.notices()) {
            ObjectNode each = notices.addObject()
                    .put("run", notice.run())
                    .put("kind", notice.kind())
                    .put("text", notice.text());
            ArrayNode tasks = each.putArray("tasks");
            notice.tasks().forEach(tasks::add);
        }
        return root;
    }

    private static ObjectNode cell(Row row, Cell cell, int changed) {
        ObjectNode each = JSON.createObjectNode();
        each.put("value", cell.value());
        number(each, "stderr", cell.stderr());
        number(each, "low", cell.low());
        number(each, "high", cell.high());
        if (cell.items() < 0) {
            each.putNull("items");
        } else {
            each.put("items", cell.items());
        }
        cell.difference().ifPresent(difference -> each.set("difference", difference(row, cell, difference)));
        cell.changes().ifPresent(changes -> {
            ObjectNode kinds = each.putObject("changed");
            items(kinds, "right_to_wrong", changes.lost(), changed);
            items(kinds, "wrong_to_right", changes.gained(), changed);
        });
        return each;
    }

    private static ObjectNode difference(Row row, Cell cell, Difference difference) {
        ObjectNode each = JSON.createObjectNode();
        each.put("value", difference.value());
        number(each, "stderr", difference.standardError());
        number(each, "low", difference.low());
        number(each, "high", difference.high());
        number(each, "p", difference.p());
        number(each, "p_holm", cell.holm());
        each.put("significant", cell.isSignificant());
        each.put("better", difference.value() != 0 && difference.value() > 0 == row.higherIsBetter());
        each.put("test", difference.test().key());
        each.put("paired_items", difference.items());
        each.put("comparable", !cell.unlike());
        return each;
    }

    private static void items(ObjectNode kinds, String kind, List<Changes.Change> changes, int most) {
        ObjectNode each = kinds.putObject(kind);
        each.put("count", changes.size());
        ArrayNode first = each.putArray("first");
        changes.stream()
                .limit(most)
                .forEach(change -> first.addObject()
                        .put("doc_id", change.model().doc())
                        .put("question", change.model().question())
                        .put("target", change.model().target())
                        .put("baseline", change.baseline().answer())
                        .put("run", change.model().answer()));
    }

    private static void number(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        } else {
            node.putNull(key);
        }
    }
}
