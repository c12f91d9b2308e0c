package dev.skald.serve;

import dev.skald.engine.Engine;
import dev.skald.engine.Handle;
import dev.skald.generate.Generation;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/** What a server has done, in Prometheus' text format and with the names of vLLM's metrics. Thread-safe. */
final class Metrics {

    private static final double[] SECONDS = {
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560
    };
    private static final double[] COUNTS = {
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000
    };

    private final String model;
    private final Map<String, LongAdder> counters = new LinkedHashMap<>();
    private final Map<String, Histogram> histograms = new LinkedHashMap<>();
    /** Ended texts, by reason. */
    private final Map<String, LongAdder> reasons = new TreeMap<>();

    Metrics(String model) {
        this.model = model;
        for (String name : List.of("prompt_tokens", "generation_tokens", "prefix_cache_queries", "prefix_cache_hits")) {
            counters.put(name, new LongAdder());
        }
        for (String name : List.of(
                "time_to_first_token_seconds",
                "time_per_output_token_seconds",
                "e2e_request_latency_seconds",
                "request_queue_time_seconds",
                "request_prefill_time_seconds",
                "request_decode_time_seconds")) {
            histograms.put(name, new Histogram(SECONDS));
        }
        histograms.put("request_prompt_tokens", new Histogram(COUNTS));
        histograms.put("request_generation_tokens", new Histogram(COUNTS));
        for (String reason : List.of("stop", "length", "abort")) {
            reasons.put(reason, new LongAdder());
        }
    }

    /** @param aborted whether nobody was there any more to take the texts */
    void ended(List<Handle.Outcome> outcomes, List<Generation> texts, boolean aborted) {
        for (Handle.Outcome outcome : outcomes) {
            Handle.Timing timing = outcome.timing();
            counters.get("prompt_tokens").add(outcome.promptTokens());
            counters.get("generation_tokens").add(outcome.generatedTokens());
            counters.get("prefix_cache_queries").add(outcome.promptTokens());
            counters.get("prefix_cache_hits").add(outcome.cachedTokens());
            Duration decoding = timing.untilEnded().minus(timing.untilFirstToken());
            observe("time_to_first_token_seconds", timing.untilFirstToken());
            observe("e2e_request_latency_seconds", timing.untilEnded());
            observe("request_queue_time_seconds", timing.untilBegun());
            observe("request_prefill_time_seconds", timing.untilFirstToken().minus(timing.untilBegun()));
            observe("request_decode_time_seconds", decoding);
            if (outcome.generatedTokens() > 1) {
                observe("time_per_output_token_seconds", decoding.dividedBy(outcome.generatedTokens() - 1));
            }
            histograms.get("request_prompt_tokens").observe(outcome.promptTokens());
            histograms.get("request_generation_tokens").observe(outcome.generatedTokens());
        }
        for (Generation text : texts) {
            reasons.get(aborted ? "abort" : Choices.reason(text.finishReason())).increment();
        }
    }

    private void observe(String name, Duration duration) {
        histograms.get(name).observe(duration.toNanos() / 1e9);
    }

    String text(Engine.State state) {
        StringBuilder out = new StringBuilder();
        gauge(out, "num_requests_running", state.active());
        gauge(out, "num_requests_waiting", state.waiting());
        gauge(out, "kv_cache_usage_perc", (double) state.usedBlocks() / state.blocks());
        counters.forEach((name, value) -> counter(out, name, value.sum()));
        counter(out, "num_preemptions", state.preemptions());
        counter(out, "engine_steps", state.steps());
        out.append("# TYPE vllm:request_success_total counter\n");
        reasons.forEach((reason, value) -> out.append("vllm:request_success_total{model_name=\"")
                .append(label())
                .append("\",finished_reason=\"")
                .append(reason)
                .append("\"} ")
                .append(value.sum())
                .append('\n'));
        histograms.forEach((name, histogram) -> histogram.write(out, "vllm:" + name, label()));
        return out.toString();
    }

    /** The texts of several models as one: a metric's lines lie together, as Prometheus has it. */
    static String joined(List<String> texts) {
        Map<String, StringBuilder> byType = new LinkedHashMap<>();
        for (String text : texts) {
            StringBuilder lines = new StringBuilder();
            for (String line : text.lines().toList()) {
                if (line.startsWith("# TYPE ")) {
                    lines = byType.computeIfAbsent(line, _ -> new StringBuilder());
                } else {
                    lines.append(line).append('\n');
                }
            }
        }
        StringBuilder out = new StringBuilder();
        byType.forEach((type, lines) -> out.append(type).append('\n').append(lines));
        return out.toString();
    }

    private String label() {
        return model.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    private void gauge(StringBuilder out, String name, double value) {
        out.append(String.format(
                Locale.ROOT, "# TYPE vllm:%s gauge\nvllm:%s{model_name=\"%s\"} %s\n", name, name, label(), value));
    }

    private void counter(StringBuilder out, String name, long value) {
        out.append(String.format(
                Locale.ROOT,
                "# TYPE vllm:%s_total counter\nvllm:%s_total{model_name=\"%s\"} %d\n",
                name,
                name,
                label(),
                value));
    }

    /** Values counted by size. */
    private static final class Histogram {
        private final double[] bounds;
        private final long[] counts;
        private double sum;

        Histogram(double[] bounds) {
            this.bounds = bounds;
            this.counts = new long[bounds.length + 1];
        }

        synchronized void observe(double value) {
            int bucket = 0;
            while (bucket < bounds.length && value > bounds[bucket]) {
                bucket++;
            }
            counts[bucket]++;
            sum += value;
        }

        synchronized void write(StringBuilder out, String name, String model) {
            out.append("# TYPE ").append(name).append(" histogram\n");
            long total = 0;
            for (int i = 0; i <= bounds.length; i++) {
                total += counts[i];
                String bound = i == bounds.length ? "+Inf" : Double.toString(bounds[i]);
                out.append(String.format(
                        Locale.ROOT, "%s_bucket{model_name=\"%s\",le=\"%s\"} %d\n", name, model, bound, total));
            }
            out.append(String.format(Locale.ROOT, "%s_sum{model_name=\"%s\"} %s\n", name, model, sum));
            out.append(String.format(Locale.ROOT, "%s_count{model_name=\"%s\"} %d\n", name, model, total));
        }
    }
}
