package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.evaluate.ForgettingGate;
import dev.skald.evaluate.ForgettingGate.Drop;
import dev.skald.evaluate.Probe;
import dev.skald.evaluate.Task;
import dev.skald.evaluate.TaskRun;
import dev.skald.generate.Generator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Measures a run by its tasks and probes while it goes on, and says when it has forgotten too much. All ranks have one and know when it is due; only
 * rank 0's measures.
 */
final class Probing {

    private final TrainerConfig config;
    private final Optional<GateConfig> gate;
    private final ProbeSet set;
    private final Timetable timetable;
    private final long settledAfter;
    private final Supplier<Generator> model;
    private final List<GateState.Of> probes;

    /**
     * @param set of rank 0; empty on others
     * @param model as it is now; closed here
     * @param resumed where the run goes on from, if it does
     * @throws InvalidInputException when the run goes on from a checkpoint without values from before the first update, or with those of other items
     */
    Probing(
            TrainerConfig config,
            Timetable timetable,
            ProbeSet set,
            Supplier<Generator> model,
            Optional<Resumed> resumed) {
        this.config = config;
        this.gate = Optional.ofNullable(config.forgettingGate());
        this.set = set;
        this.timetable = timetable;
        this.settledAfter = gate.map(each -> each.settledAfter(Schedule.of(config, timetable.totalSteps())))
                .orElse(0L);
        this.model = model;
        this.probes = new ArrayList<>();
        if (gate.isPresent() && !set.probes().isEmpty()) {
            resumed.ifPresent(from -> goOn(from, gate.get()));
        }
    }

    /**
     * What a run goes on with.
     *
     * @param checkpoint for messages
     */
    record Resumed(String checkpoint, Optional<GateState> state) {}

    private void goOn(Resumed from, GateConfig config) {
        GateState saved = from.state()
                .orElseThrow(() -> new InvalidInputException("forgetting_gate: " + from.checkpoint()
                        + " has no values from before the first update: its run had no gate; expected a run that"
                        + " began with one, or leave forgetting_gate out"));
        for (Probe probe : set.probes()) {
            GateState.Of own = saved.probes().stream()
                    .filter(each -> each.probe().equals(probe.name()))
                    .findFirst()
                    .orElseThrow(() -> new InvalidInputException("forgetting_gate.probes: " + probe.name() + ": "
                            + from.checkpoint() + " has no values of it from before the first update, only of "
                            + saved.probes().stream().map(GateState.Of::probe).collect(Collectors.joining(", "))));
            if (!own.fingerprint().equals(probe.fingerprint())) {
                throw new InvalidInputException("forgetting_gate.probes: " + probe.name()
                        + ": its items, or how they are measured, are not those of the run that "
                        + from.checkpoint() + " is of: nothing to compare with");
            }
            boolean same = saved.thresholds().equals(config.thresholds());
            probes.add(own.after(same ? own.inARow() : 0, own.last()));
        }
    }

    /** Whether there is anything to measure after a step; 0: before the first. All ranks find the same. */
    boolean due(long step) {
        return checks(step) || evaluates(step);
    }

    private boolean checks(long step) {
        if (gate.isEmpty()) {
            return false;
        }
        long every = gate.get().checkSteps() == null
                ? timetable.evalSteps()
                : gate.get().checkSteps().steps(timetable.totalSteps());
        return step % every == 0 || step == timetable.totalSteps();
    }

    private boolean evaluates(long step) {
        return !config.evalTasks().isEmpty() && (step == 0 || timetable.evaluates(step));
    }

    /** Measures the model as it is; on rank 0. */
    List<ProbeMetrics> measure(long step) {
        List<ProbeMetrics> found = new ArrayList<>();
        try (Generator now = model.get()) {
            if (checks(step)) {
                found.addAll(check(step, now));
            }
            if (evaluates(step)) {
                set.tasks().forEach(task -> found.addAll(scores(step, task, now)));
            }
        }
        return List.copyOf(found);
    }

    private static List<ProbeMetrics> scores(long step, Task task, Generator model) {
        TaskRun.Options options = new TaskRun.Options(Optional.empty(), Integer.MAX_VALUE, 1234);
        TaskRun.Result result = TaskRun.run(task, model, options, _ -> {});
        return result.scores().stream()
                .map(score -> new ProbeMetrics(
                        step,
                        task.name(),
                        score.metric().key(),
                        result.items().size(),
                        score.value(),
                        score.stderr().orElse(null),
                        null,
                        null,
                        null,
                        null,
                        null,
                        null))
                .toList();
    }

    private List<ProbeMetrics> check(long step, Generator model) {
        List<Probe.Reading> readings =
                set.probes().stream().map(each -> each.measure(model)).toList();
        List<ProbeMetrics> found = new ArrayList<>();
        if (step == 0) {
            for (int i = 0; i < readings.size(); i++) {
                Probe probe = set.probes().get(i);
                ProbeMetrics metrics = metrics(step, probe, readings.get(i), Optional.empty(), null, 0);
                probes.add(new GateState.Of(
                        probe.name(), probe.fingerprint(), readings.get(i).values(), 0, metrics, metrics));
                found.add(metrics);
            }
            return found;
        }
        List<Drop> drops = new ArrayList<>();
        for (int i = 0; i < readings.size(); i++) {
            Probe probe = set.probes().get(i);
            drops.add(probe.drop(probes.get(i).baseline(), readings.get(i).values()));
        }
        List<ForgettingGate.Verdict> verdicts = gate.orElseThrow().gate().verdicts(drops);
        for (int i = 0; i < readings.size(); i++) {
            GateState.Of before = probes.get(i);
            ProbeMetrics.Verdict verdict = step <= settledAfter
                    ? ProbeMetrics.Verdict.RECORDED
                    : switch (verdicts.get(i)) {
                        case KEPT -> ProbeMetrics.Verdict.KEPT;
                        case WARN -> ProbeMetrics.Verdict.WARN;
                        case STOP -> ProbeMetrics.Verdict.STOP;
                    };
            int inARow = verdict == ProbeMetrics.Verdict.STOP ? before.inARow() + 1 : 0;
            ProbeMetrics metrics =
                    metrics(step, set.probes().get(i), readings.get(i), Optional.of(drops.get(i)), verdict, inARow);
            probes.set(i, before.after(inARow, metrics));
            found.add(metrics);
        }
        return found;
    }

    private static ProbeMetrics metrics(
            long step,
            Probe probe,
            Probe.Reading reading,
            Optional<Drop> drop,
            ProbeMetrics.Verdict verdict,
            int inARow) {
        return new ProbeMetrics(
                step,
                probe.name(),
                probe.metric().key(),
                reading.values().size(),
                reading.value(),
                reading.standardError().orElse(null),
                drop.map(Drop::size).orElse(null),
                drop.map(Drop::error).orElse(null),
                drop.map(Drop::low).orElse(null),
                drop.map(Drop::high).orElse(null),
                drop.isEmpty() ? ProbeMetrics.Verdict.BASELINE : verdict,
                inARow);
    }

    /** What a checkpoint keeps; of rank 0, with a gate. */
    Optional<GateState> state() {
        return gate.filter(_ -> !probes.isEmpty()).map(each -> new GateState(each.thresholds(), probes));
    }

    /** Why the run ends, if it does. */
    Optional<String> forgotten() {
        return state().flatMap(saved -> saved.forgotten(gate.orElseThrow()));
    }
}
