package dev.skald.train;

import dev.skald.model.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * How parameters are put together for communication, and what of them a rank owns. Consecutive whole parameters form a bucket of at most {@code
 * reduce_bucket_size} elements; one that is larger is a bucket of its own. Buckets are numbered from the last parameter to the first, as the
 * backward pass completes them. Each is padded to a multiple of the number of parts; owner r has the r-th of its equal parts, so that all
 * owners reduce, update and gather as much as any other at any moment. Immutable.
 */
final class Buckets {

    /** Parameters {@code first} to {@code end}, and where they lie in the flat parameters, in the full gradients and in an owner's shard. */
    record Bucket(int first, int end, long flat, long length, long padded, long gradient, long shard) {}

    private final List<Bucket> list = new ArrayList<>();
    private final int[] ofParameter;
    private final int parts;

    /**
     * @param most elements of a bucket
     * @param parts into how many each is divided
     */
    Buckets(List<Parameter> parameters, long most, int parts) {
        this.ofParameter = new int[parameters.size()];
        this.parts = parts;
        long gradient = 0;
        int end = parameters.size();
        while (end > 0) {
            int first = end - 1;
            long length = parameters.get(first).numel();
            while (first > 0 && length + parameters.get(first - 1).numel() <= most) {
                length += parameters.get(--first).numel();
            }
            for (int p = first; p < end; p++) {
                ofParameter[p] = list.size();
            }
            long padded = Math.ceilDiv(length, parts) * parts;
            list.add(
                    new Bucket(first, end, parameters.get(first).offset(), length, padded, gradient, gradient / parts));
            gradient += padded;
            end = first;
        }
    }

    List<Bucket> list() {
        return List.copyOf(list);
    }

    Bucket get(int number) {
        return list.get(number);
    }

    /** The number of the bucket that a parameter is in. */
    int of(int parameter) {
        return ofParameter[parameter];
    }

    /** Elements of one part. */
    long part(Bucket bucket) {
        return bucket.padded() / parts;
    }

    /** Elements of all buckets, padding included. */
    long padded() {
        return list.stream().mapToLong(Bucket::padded).sum();
    }

    /** Elements of the largest. */
    long largest() {
        return list.stream().mapToLong(Bucket::padded).max().orElse(0);
    }

    /**
     * What one owner has, parameter by parameter.
     *
     * @param owner from 0
     * @param gradientsInShard whether its gradients are those of its shard alone
     */
    List<Slice> slices(List<Parameter> parameters, int owner, boolean gradientsInShard) {
        List<Slice> slices = new ArrayList<>();
        for (Bucket bucket : list) {
            long part = part(bucket);
            long from = part * owner;
            for (int p = bucket.first(); p < bucket.end(); p++) {
                Parameter parameter = parameters.get(p);
                long at = parameter.offset() - bucket.flat();
                long start = Math.max(at, from);
                long length = Math.min(at + parameter.numel(), from + part) - start;
                if (length > 0) {
                    long shard = bucket.shard() + start - from;
                    slices.add(new Slice(
                            p,
                            start - at,
                            bucket.flat() + start,
                            gradientsInShard ? shard : bucket.gradient() + start,
                            shard,
                            length,
                            !parameter.isNorm()));
                }
            }
        }
        return slices;
    }
}
