package dev.skald.launch;

import dev.skald.InvalidInputException;
import dev.skald.train.Rank;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The rank of this process as torchrun, Slurm's srun, or {@link LocalProcesses} put it into the environment. */
public final class RankEnvironment {

    private static final List<String> TORCHRUN = List.of("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT");

    /** Set for a process that ends with the one that started it, when its standard input does. */
    static final String ENDS_WITH_PARENT = "SKALD_ENDS_WITH_PARENT";

    private static final int FIRST_PORT = 20000;
    private static final int PORTS = 10000;
    private static final int STEP_STRIDE = 997;
    private static final int LAST_PORT = 65535;

    /** The first name of {@code node[01-04,07],other}. */
    private static final Pattern FIRST_HOST = Pattern.compile("^([^\\[,]*)(?:\\[(\\w+)[^]]*]([^,]*))?");

    private static final Pattern LEADING_NUMBER = Pattern.compile("^\\d{1,6}");

    private RankEnvironment() {}

    /**
     * The rank that the environment states.
     *
     * @return empty where it states none: a run of one process
     * @throws InvalidInputException when it states some of the variables only, or values out of range
     */
    public static Optional<Rank> detect(Map<String, String> environment) {
        if (environment.containsKey("RANK") || environment.containsKey("WORLD_SIZE")) {
            return Optional.of(torchrun(environment));
        }
        // A batch script has SLURM_PROCID too, but is no task of srun's; a shell that srun started is its only task.
        if (environment.containsKey("SLURM_PROCID") && environment.containsKey("SLURM_STEP_ID")) {
            return Optional.of(slurm(environment)).filter(rank -> rank.worldSize() > 1);
        }
        return Optional.empty();
    }

    private static Rank torchrun(Map<String, String> environment) {
        for (String name : TORCHRUN) {
            if (!environment.containsKey(name)) {
                throw new InvalidInputException("environment: " + name + " is missing, expected all of "
                        + String.join(", ", TORCHRUN) + ", as torchrun sets them");
            }
        }
        int rank = number(environment, "RANK");
        int worldSize = number(environment, "WORLD_SIZE");
        return new Rank(
                rank,
                worldSize,
                environment.containsKey("LOCAL_RANK") ? number(environment, "LOCAL_RANK") : rank,
                environment.containsKey("LOCAL_WORLD_SIZE") ? number(environment, "LOCAL_WORLD_SIZE") : worldSize,
                environment.get("MASTER_ADDR"),
                torchrunPort(environment));
    }

    /**
     * Where the ranks meet. On MASTER_PORT itself torchrun's agent may listen, with a store that speaks the protocol of its own version of c10d and
     * keeps the keys of earlier attempts: then they have one of their own beside it.
     */
    private static int torchrunPort(Map<String, String> environment) {
        int port = number(environment, "MASTER_PORT");
        if (!"true".equalsIgnoreCase(environment.get("TORCHELASTIC_USE_AGENT_STORE"))) {
            return port;
        }
        return port < LAST_PORT ? port + 1 : port - 1;
    }

    private static Rank slurm(Map<String, String> environment) {
        String nodes = environment.getOrDefault(
                "SLURM_STEP_NODELIST", environment.getOrDefault("SLURM_JOB_NODELIST", "localhost"));
        return new Rank(
                number(environment, "SLURM_PROCID"),
                number(environment, "SLURM_NTASKS"),
                number(environment, "SLURM_LOCALID"),
                tasksOfNode(environment),
                environment.getOrDefault("MASTER_ADDR", firstHost(nodes)),
                slurmPort(environment));
    }

    /** One that follows from job and step, so that two of them on a node do not meet. */
    private static int slurmPort(Map<String, String> environment) {
        if (environment.containsKey("MASTER_PORT")) {
            return number(environment, "MASTER_PORT");
        }
        int job = environment.containsKey("SLURM_JOB_ID") ? number(environment, "SLURM_JOB_ID") : 0;
        return FIRST_PORT + Math.floorMod(job + STEP_STRIDE * number(environment, "SLURM_STEP_ID"), PORTS);
    }

    /** {@code 4(x2),3}: tasks on each node; the first count is the largest, as Slurm fills nodes. */
    private static int tasksOfNode(Map<String, String> environment) {
        String tasks = environment.getOrDefault(
                "SLURM_STEP_TASKS_PER_NODE", environment.getOrDefault("SLURM_TASKS_PER_NODE", ""));
        Matcher matcher = LEADING_NUMBER.matcher(tasks);
        return matcher.find() ? Integer.parseInt(matcher.group()) : number(environment, "SLURM_NTASKS");
    }

    private static String firstHost(String nodes) {
        Matcher matcher = FIRST_HOST.matcher(nodes);
        if (!matcher.find()) {
            return nodes;
        }
        return matcher.group(2) == null
                ? matcher.group(1)
                : matcher.group(1) + matcher.group(2) + (matcher.group(3) == null ? "" : matcher.group(3));
    }

    private static int number(Map<String, String> environment, String name) {
        String value = environment.get(name);
        try {
            return Integer.parseInt(value == null ? "" : value.strip());
        } catch (NumberFormatException e) {
            throw new InvalidInputException("environment: " + name + " is '" + value + "', expected a number", e);
        }
    }

    /** Where the environment asks for it, ends this process as soon as the one that started it is gone. */
    public static void watchParent(Map<String, String> environment) {
        if (environment.containsKey(ENDS_WITH_PARENT)) {
            Thread.ofPlatform().daemon().name("parent").start(RankEnvironment::haltAtEndOfInput);
        }
    }

    private static void haltAtEndOfInput() {
        try {
            while (System.in.read() >= 0) {
                // nothing is ever written to it
            }
        } catch (IOException e) {
            System.err.println("standard input: " + e.getMessage());
        }
        Runtime.getRuntime().halt(1);
    }
}
