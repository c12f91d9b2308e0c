/**
 * The thin layer over libtorch: its libraries, its dtypes and devices. {@code org.bytedeco.pytorch.Tensor} itself is used directly. The door
 * is {@link dev.skald.torch.Natives}. Native memory is freed by {@code org.bytedeco.javacpp.PointerScope}: whoever opens the scope frees.
 */
package dev.skald.torch;
