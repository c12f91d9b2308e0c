package dev.skald.assembler;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import jdk.incubator.vector.FloatVector;

/**
 * What the processor can do of what the {@link Assembler} writes.
 *
 * @param wide vectors of 512 bits (AVX-512 F and BW), else of 256 (AVX2, FMA, F16C)
 * @param vnni sums of four products of bytes at once
 */
public record Processor(boolean wide, boolean vnni) {

    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    /**
     * The processor of this machine; vectors are as wide as the Java Vector API's, so that {@code -XX:UseAVX} holds here too. Empty where it is none that the assembler knows, or
     * the system none whose calling convention it has.
     */
    public static Optional<Processor> ofThisMachine() {
        if (!System.getProperty("os.arch").equals("amd64")
                || !System.getProperty("os.name").equals("Linux")) {
            return Optional.empty();
        }
        Set<String> flags = flags();
        return switch (FloatVector.SPECIES_PREFERRED.length()) {
            case 16 ->
                flags.containsAll(Set.of("avx512f", "avx512bw"))
                        ? Optional.of(new Processor(true, flags.contains("avx512_vnni")))
                        : Optional.empty();
            case 8 ->
                flags.containsAll(Set.of("avx2", "fma", "f16c"))
                        ? Optional.of(new Processor(false, flags.contains("avx_vnni")))
                        : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static Set<String> flags() {
        try {
            return Files.readAllLines(CPUINFO).stream()
                    .filter(line -> line.startsWith("flags"))
                    .findFirst()
                    .map(line -> Set.copyOf(List.of(
                            line.substring(line.indexOf(':') + 1).strip().split("\\s+"))))
                    .orElse(Set.of());
        } catch (IOException e) {
            return Set.of();
        }
    }
}
