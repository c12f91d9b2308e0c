package dev.skald.generate;

/** Arrays of a vocabulary's size that all texts of a model use in turn, on the engine's thread, so that a token makes none. */
final class Scratch {

    final float[] probabilities;
    final float[] copy;
    final long[] sorted;

    Scratch(int vocab) {
        probabilities = new float[vocab];
        copy = new float[vocab];
        sorted = new long[vocab];
    }
}
