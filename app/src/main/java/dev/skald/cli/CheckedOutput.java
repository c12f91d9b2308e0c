package dev.skald.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Standard output whose failures end the work. {@link PrintStream} keeps an {@link IOException} to itself; what is thrown here passes through it, and
 * through every writer over it.
 */
final class CheckedOutput extends OutputStream {

    private static final Path DESCRIPTOR = Path.of("/proc/self/fd/1");

    private final OutputStream to;
    private final boolean pipe;

    /** Standard output cannot be written. */
    static final class FailedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final boolean closedPipe;

        FailedException(IOException cause, boolean pipe) {
            super("standard output: " + cause.getMessage(), cause);
            // In another language the words are others; a pipe has no other failure.
            closedPipe = pipe || "Broken pipe".equals(cause.getMessage());
        }

        /** Whether nobody reads it any more, as after {@code | head}. */
        boolean isClosedPipe() {
            return closedPipe;
        }
    }

    /** @param pipe whether {@code to} is known to be one */
    CheckedOutput(OutputStream to, boolean pipe) {
        this.to = to;
        this.pipe = pipe;
    }

    private static boolean isPipe() {
        try {
            return Files.readSymbolicLink(DESCRIPTOR).toString().startsWith("pipe:");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** This process's, in UTF-8. */
    static PrintStream standard() {
        return new PrintStream(
                new CheckedOutput(new FileOutputStream(FileDescriptor.out), isPipe()), true, StandardCharsets.UTF_8);
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) {
        try {
            to.write(bytes, from, count);
        } catch (IOException e) {
            throw new FailedException(e, pipe);
        }
    }

    @Override
    public void flush() {
        try {
            to.flush();
        } catch (IOException e) {
            throw new FailedException(e, pipe);
        }
    }
}
