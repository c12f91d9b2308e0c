package dev.skald.tensor;

import dev.skald.InvalidInputException;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Where tensors live and operators run. The CUDA side is the same code on ATen's operators; it has not been run on a GPU yet. */
public enum DeviceType {
    CPU,
    CUDA;

    /**
     * The device for a {@code --device} option.
     *
     * @param name {@code auto} (CUDA where there is a GPU, else the CPU), {@code cpu} or {@code cuda}
     * @throws InvalidInputException for another name, or {@code cuda} where libtorch sees no GPU
     */
    public static DeviceType choose(String name) {
        return switch (name) {
            case "cpu" -> CPU;
            case "auto" -> torch.cuda_is_available() ? CUDA : CPU;
            case "cuda" -> {
                if (!torch.cuda_is_available()) {
                    throw new InvalidInputException(
                            "--device cuda: libtorch sees no GPU (a build with mvn -Pcuda and an NVIDIA driver are needed)");
                }
                yield CUDA;
            }
            default -> throw new InvalidInputException("--device '" + name + "' is not one of auto, cpu, cuda");
        };
    }

    /** libtorch's device; the caller's scope frees it. */
    public Device device() {
        return new Device(
                switch (this) {
                    case CPU -> torch.DeviceType.CPU;
                    case CUDA -> torch.DeviceType.CUDA;
                });
    }

    /** A new tensor of zeros; the caller's scope frees it. */
    public Tensor zeros(DType dtype, long... shape) {
        return Scoped.tensor(
                () -> torch.zeros(shape, new TensorOptions(dtype.scalarType()).device(new DeviceOptional(device()))));
    }

    /** The tensor itself where it is on this device with this dtype already, else a copy that is. */
    public Tensor place(Tensor tensor, DType dtype) {
        try (Device device = device()) {
            return tensor.to(device, dtype.scalarType());
        }
    }
}
