package dev.skald.corpus;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The hash functions of the pipeline; all fixed for ever, since results depend on them. */
final class Hashes {

    private Hashes() {}

    /** A bijection of the 64-bit numbers in which every bit of the input moves every bit of the output (the finaliser of MurmurHash3). */
    static long mix(long x) {
        long h = (x ^ (x >>> 33)) * 0xFF51AFD7ED558CCDL;
        h = (h ^ (h >>> 33)) * 0xC4CEB9FE1A85EC53L;
        return h ^ (h >>> 33);
    }

    /** One number from two. */
    static long mix(long a, long b) {
        return mix(mix(a) * 0x9E3779B97F4A7C15L + b);
    }

    /** A number of [0, 1) from 64 random bits. */
    static double fraction(long bits) {
        return (bits >>> 11) * 0x1p-53;
    }

    static long of(String text) {
        long h = 0x2545F4914F6CDD1DL;
        for (int i = 0; i < text.length(); i++) {
            h = (h ^ text.charAt(i)) * 0x9E3779B97F4A7C15L;
            h ^= h >>> 29;
        }
        return mix(h);
    }

    /** The MD5 of a text's UTF-8, 16 bytes. */
    static byte[] md5(String text) {
        try {
            return MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
