package dev.skald.kernel;

/** Arrays of floats that a thread uses again and again: rows being computed, which would otherwise fill the heap with garbage. */
final class Scratch {

    private static final int SLOTS = 9;

    private static final ThreadLocal<float[][]> ARRAYS = ThreadLocal.withInitial(() -> new float[SLOTS][0]);

    private Scratch() {}

    /** This thread's array number {@code slot}, of {@code n} floats or more, with anything in it. */
    static float[] floats(int slot, int n) {
        float[][] arrays = ARRAYS.get();
        if (arrays[slot].length < n) {
            arrays[slot] = new float[n];
        }
        return arrays[slot];
    }
}
