package dev.skald.corpus;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What one task, or many together, counted: the raw material of the report. Adding is commutative and associative, so that the sum does not
 * depend on how work was divided. As a JSON file it is also the mark that a task is complete.
 */
@JsonAutoDetect(
        fieldVisibility = Visibility.ANY,
        getterVisibility = Visibility.NONE,
        isGetterVisibility = Visibility.NONE)
final class Tally {

    /** Bins of a histogram; the last one holds everything beyond. */
    static final int BINS = 50;

    private static final int LARGEST_CLUSTERS = 10;
    private static final ObjectMapper JSON = StrictJson.mapper();

    /**
     * A dropped document to look at.
     *
     * @param order decides which ones are shown; random, but the same in every run
     * @param id of the document
     * @param source its source's name
     * @param language as identified
     * @param value measured
     * @param start of the text
     */
    record Sample(long order, String id, String source, String language, double value, String start) {}

    /**
     * Documents that were one.
     *
     * @param size members
     * @param survivor id of the one that was kept
     * @param start of its text
     */
    record Cluster(long size, String survivor, String start) {}

    /** In the order of the keys, so that report.json has it. */
    private final SortedMap<Flow, SortedMap<String, SortedMap<String, Amount>>> flows =
            new TreeMap<>(Comparator.comparing(Flow::key));

    private final SortedMap<String, Long> counters = new TreeMap<>();
    private final SortedMap<String, Long> rejected = new TreeMap<>();
    private final SortedMap<String, Long> masked = new TreeMap<>();
    private final SortedMap<String, SortedMap<String, Long>> dropped = new TreeMap<>();
    private final SortedMap<String, Long> droppedAlone = new TreeMap<>();
    private final SortedMap<String, SortedMap<String, long[]>> histograms = new TreeMap<>();
    private final SortedMap<String, SortedMap<String, Long>> confusion = new TreeMap<>();
    private final SortedMap<String, List<Sample>> samples = new TreeMap<>();
    private final SortedMap<Duplicates, SortedMap<Long, Long>> clusterSizes = new TreeMap<>();
    private final SortedMap<Duplicates, List<Cluster>> clusters = new TreeMap<>();

    void flow(Flow flow, String source, String language, long bytes, long tokens) {
        flow(flow, source, language, new Amount(1, bytes, tokens));
    }

    private void flow(Flow flow, String source, String language, Amount amount) {
        flows.computeIfAbsent(flow, key -> new TreeMap<>())
                .computeIfAbsent(source, key -> new TreeMap<>())
                .merge(language, amount, Amount::plus);
    }

    void count(String counter, long more) {
        counters.merge(counter, more, Long::sum);
    }

    void reject(SortedMap<String, Long> reasons) {
        reasons.forEach((reason, count) -> rejected.merge(reason, count, Long::sum));
    }

    SortedMap<String, Long> masked() {
        return masked;
    }

    void dropped(String rule, String language, boolean alone) {
        dropped.computeIfAbsent(rule, key -> new TreeMap<>()).merge(language, 1L, Long::sum);
        if (alone) {
            droppedAlone.merge(rule, 1L, Long::sum);
        }
    }

    void value(String name, String language, double value, double scale) {
        if (!Double.isNaN(value)) {
            int bin = Math.clamp((long) (value / scale * (BINS - 1)), 0, BINS - 1);
            histograms.computeIfAbsent(name, key -> new TreeMap<>())
                    .computeIfAbsent(language, key -> new long[BINS])[bin]++;
        }
    }

    void identified(String declared, String identified) {
        confusion.computeIfAbsent(declared, key -> new TreeMap<>()).merge(identified, 1L, Long::sum);
    }

    /** Whether a sample of this order would be among the first {@code most}. */
    boolean wantsSample(String rule, long order, int most) {
        List<Sample> kept = samples.get(rule);
        return most > 0 && (kept == null || kept.size() < most || order < kept.getLast().order);
    }

    void sample(String rule, Sample sample, int most) {
        List<Sample> kept = samples.computeIfAbsent(rule, key -> new ArrayList<>());
        kept.add(sample);
        kept.sort(Comparator.comparingLong(Sample::order)
                .thenComparing(Sample::id)
                .thenComparing(Sample::start));
        if (kept.size() > most) {
            kept.subList(most, kept.size()).clear();
        }
    }

    void cluster(Duplicates kind, long size) {
        clusterSizes.computeIfAbsent(kind, key -> new TreeMap<>()).merge(size, 1L, Long::sum);
    }

    boolean wantsCluster(Duplicates kind, long size) {
        List<Cluster> kept = clusters.get(kind);
        return kept == null || kept.size() < LARGEST_CLUSTERS || size >= kept.getLast().size;
    }

    void cluster(Duplicates kind, Cluster cluster) {
        List<Cluster> kept = clusters.computeIfAbsent(kind, key -> new ArrayList<>());
        kept.add(cluster);
        kept.sort(Comparator.comparingLong(Cluster::size).reversed().thenComparing(Cluster::survivor));
        if (kept.size() > LARGEST_CLUSTERS) {
            kept.subList(LARGEST_CLUSTERS, kept.size()).clear();
        }
    }

    /** Adds everything that another one counted. */
    void add(Tally other, int mostSamples) {
        other.flows.forEach((flow, bySource) -> bySource.forEach((source, byLanguage) ->
                byLanguage.forEach((language, amount) -> flow(flow, source, language, amount))));
        other.counters.forEach(this::count);
        reject(other.rejected);
        other.masked.forEach((kind, count) -> masked.merge(kind, count, Long::sum));
        other.dropped.forEach((rule, byLanguage) -> byLanguage.forEach((language, count) ->
                dropped.computeIfAbsent(rule, key -> new TreeMap<>()).merge(language, count, Long::sum)));
        other.droppedAlone.forEach((rule, count) -> droppedAlone.merge(rule, count, Long::sum));
        other.histograms.forEach((name, byLanguage) -> byLanguage.forEach((language, bins) -> {
            long[] sum = histograms
                    .computeIfAbsent(name, key -> new TreeMap<>())
                    .computeIfAbsent(language, key -> new long[BINS]);
            for (int i = 0; i < BINS; i++) {
                sum[i] += bins[i];
            }
        }));
        other.confusion.forEach((declared, row) -> row.forEach((identified, count) ->
                confusion.computeIfAbsent(declared, key -> new TreeMap<>()).merge(identified, count, Long::sum)));
        other.samples.forEach((rule, list) -> list.forEach(sample -> sample(rule, sample, mostSamples)));
        other.clusterSizes.forEach((kind, sizes) -> sizes.forEach((size, count) ->
                clusterSizes.computeIfAbsent(kind, key -> new TreeMap<>()).merge(size, count, Long::sum)));
        other.clusters.forEach((kind, list) -> list.forEach(cluster -> cluster(kind, cluster)));
    }

    static Tally read(Path file) throws IOException {
        return JSON.readValue(file.toFile(), Tally.class);
    }

    void write(Path file) throws IOException {
        Files.write(file, JSON.writeValueAsBytes(this));
    }

    /** By source and language. */
    SortedMap<String, SortedMap<String, Amount>> flow(Flow flow) {
        return flows.getOrDefault(flow, new TreeMap<>());
    }

    long counter(String name) {
        return counters.getOrDefault(name, 0L);
    }

    SortedMap<String, Long> rejected() {
        return rejected;
    }

    /** By rule and language. */
    SortedMap<String, SortedMap<String, Long>> dropped() {
        return dropped;
    }

    SortedMap<String, Long> droppedAlone() {
        return droppedAlone;
    }

    SortedMap<String, SortedMap<String, long[]>> histograms() {
        return histograms;
    }

    SortedMap<String, SortedMap<String, Long>> confusion() {
        return confusion;
    }

    SortedMap<String, List<Sample>> samples() {
        return samples;
    }

    SortedMap<Long, Long> clusterSizes(Duplicates kind) {
        return clusterSizes.getOrDefault(kind, new TreeMap<>());
    }

    List<Cluster> clusters(Duplicates kind) {
        return clusters.getOrDefault(kind, List.of());
    }

    /** By language. */
    SortedMap<String, Amount> total(Flow flow) {
        SortedMap<String, Amount> total = new TreeMap<>();
        flow(flow)
                .values()
                .forEach(byLanguage ->
                        byLanguage.forEach((language, amount) -> total.merge(language, amount, Amount::plus)));
        return total;
    }
}
