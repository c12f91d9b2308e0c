/**
 * The fused operations of a decoder, forward and backward. The door is {@code Kernels}. A tensor that an\n * operation returns belongs to the caller's scope.
 */
package dev.skald.kernel;
