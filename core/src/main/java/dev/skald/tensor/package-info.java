/**
 * The thin layer over libtorch. The noun is the tensor, {@code org.bytedeco.pytorch.Tensor} itself, used directly: here are its libraries, its
 * dtypes and devices. The door is {@link dev.skald.tensor.Natives}. Native memory is freed by {@code org.bytedeco.javacpp.PointerScope}:
 * whoever opens the scope frees.
 */
package dev.skald.tensor;
