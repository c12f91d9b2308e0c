/**
 * The fused operations of a decoder, forward and backward. The noun is the operation; the door is {@link dev.skald.kernel.Kernels}. A tensor that
 * an operation returns belongs to the caller's scope; what an operation makes on the way it frees itself.
 */
package dev.skald.kernel;
