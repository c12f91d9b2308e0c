package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.gguf.Gguf;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What tells the weights of one model from another's: SHA-256 of name, dtype and shape of each tensor and of some of its bytes, in the order of the
 * names, so that it does not matter how tensors lie in files. It is cheap for a model of any size. Training changes nearly every number, and shows; an edit of
 * single numbers need not.
 */
public final class ModelFingerprint {

    /** A key of an adapter's safetensors metadata. */
    static final String KEY = "skald_base_fingerprint";

    private static final int BLOCKS = 8;
    private static final int BLOCK_BYTES = 1024;

    private ModelFingerprint() {}

    /**
     * Of a model.
     *
     * @param model a Hugging Face model directory with weights, or a GGUF file
     * @throws InvalidInputException when it is neither
     */
    public static String of(Path model) {
        MessageDigest digest = sha256();
        if (Gguf.isGguf(model)) {
            try (FileChannel channel = FileChannel.open(model);
                    Arena arena = Arena.ofConfined()) {
                add(digest, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena), 64 * BLOCKS);
            } catch (IOException e) {
                throw new InvalidInputException(model + ": cannot be read: " + e.getMessage(), e);
            }
            return HexFormat.of().formatHex(digest.digest());
        }
        List<SafeTensors> files = new ArrayList<>();
        try {
            Map<String, SafeTensors> homes = new TreeMap<>(LlamaCheckpoint.tensorHomes(model, files));
            homes.forEach((name, file) -> {
                SafeTensors.Entry entry = file.entries().get(name);
                String header = name + ' ' + entry.dtype() + ' ' + entry.shape() + '\n';
                digest.update(header.getBytes(StandardCharsets.UTF_8));
                file.bytes(name).ifPresent(bytes -> add(digest, bytes, BLOCKS));
            });
            return HexFormat.of().formatHex(digest.digest());
        } finally {
            files.forEach(SafeTensors::close);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /** All bytes of what is short, else blocks from its beginning to its end. */
    private static void add(MessageDigest digest, MemorySegment bytes, int blocks) {
        long size = bytes.byteSize();
        if (size <= (long) blocks * BLOCK_BYTES) {
            digest.update(bytes.asByteBuffer());
            return;
        }
        for (long i = 0; i < blocks; i++) {
            long from = (size - BLOCK_BYTES) / (blocks - 1) * i;
            digest.update(bytes.asSlice(from, BLOCK_BYTES).asByteBuffer());
        }
    }

    /**
     * Whether an adapter says that it was learned beside another model; of PEFT's own, which say nothing, never.
     *
     * @param adapter its directory
     * @param base the model that it is to be beside
     * @return what to tell the user
     */
    public static Optional<String> difference(Path adapter, Path base) {
        Path file = adapter.resolve(AdapterParameters.FILE);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        String stated;
        try (SafeTensors tensors = SafeTensors.open(file)) {
            stated = tensors.metadata().get(KEY);
        }
        if (stated == null || stated.equals(of(base))) {
            return Optional.empty();
        }
        String where = AdapterConfig.read(adapter).base();
        return Optional.of(adapter + ": was learned beside other weights than those of " + base
                + (where == null ? "" : "; its base model was " + where)
                + ": what it says may be worth nothing");
    }
}
