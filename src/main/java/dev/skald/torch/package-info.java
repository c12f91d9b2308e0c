/**
 * The thin layer over libtorch: names of devices and dtypes, and operators called by name. {@code Tensor} itself is used\n * directly; native memory is freed by {@code org.bytedeco.javacpp.PointerScope}: whoever opens the scope frees.
 */
package dev.skald.torch;
