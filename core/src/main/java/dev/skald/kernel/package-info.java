/**
 * Matrix products, and the fused operations of a decoder, forward and backward. The noun is the operation; the doors are {@link
 * dev.skald.kernel.Kernels} and its {@link dev.skald.kernel.Gemm}. A tensor that an operation returns belongs to the caller's scope; what an
 * operation makes on the way it frees itself.
 */
package dev.skald.kernel;
