package dev.skald.tensor;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The standard output of this process, on which native code prints too: Gloo says there that it is connected. */
public final class StandardOutput {

    private static final int OUT = 1;
    private static final int ERR = 2;

    private StandardOutput() {}

    /**
     * From now on, what this process prints on standard output, in Java or in native code, appears on standard error. Where there is no POSIX
     * {@code dup2}, nothing changes.
     */
    public static void toStandardError() {
        Linker linker = Linker.nativeLinker();
        linker.defaultLookup().find("dup2").ifPresent(address -> {
            MethodHandle dup2 = linker.downcallHandle(
                    address, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            try {
                int descriptor = (int) dup2.invokeExact(ERR, OUT);
                if (descriptor != OUT) {
                    System.err.println("warning: standard output could not be led to standard error");
                }
            } catch (Throwable e) {
                throw new IllegalStateException("dup2", e);
            }
        });
    }
}
