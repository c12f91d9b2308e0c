package dev.skald.train;

import dev.skald.InvalidInputException;

/**
 * One process of a training run and where the others meet.
 *
 * @param rank its number, from 0
 * @param worldSize how many there are
 * @param localRank its number among those of its machine: the CUDA device it uses
 * @param localWorldSize how many of them share its machine, and its memory
 * @param masterAddress host of rank 0, as the others reach it
 * @param masterPort the port on which rank 0 listens
 */
public record Rank(int rank, int worldSize, int localRank, int localWorldSize, String masterAddress, int masterPort) {

    public Rank {
        if (worldSize < 1 || rank < 0 || rank >= worldSize) {
            throw new InvalidInputException("rank " + rank + " of world size " + worldSize
                    + ": the rank has to be from 0 to the world size less one");
        }
        if (localRank < 0 || localRank >= localWorldSize) {
            throw new InvalidInputException("local rank " + localRank + " of local world size " + localWorldSize
                    + ": the local rank has to be from 0 to the local world size less one");
        }
        if (worldSize > 1 && (masterPort < 1 || masterPort > 65535)) {
            throw new InvalidInputException("port of rank 0: " + masterPort + " is not from 1 to 65535");
        }
    }

    /** The only process of its run. */
    public static Rank alone() {
        return new Rank(0, 1, 0, 1, "localhost", 0);
    }

    /** Whether this rank writes what there is one of: metrics, checkpoints' indexes, the report. */
    public boolean isFirst() {
        return rank == 0;
    }
}
