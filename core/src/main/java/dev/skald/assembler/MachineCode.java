package dev.skald.assembler;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * A function that an {@link Assembler} wrote, in memory of its own: written first, then made executable and read-only, as systems that forbid memory that is both want it.
 * It takes six 64-bit numbers and returns nothing. Never freed.
 */
public final class MachineCode {

    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int EXECUTE = 4;
    private static final int PRIVATE_ANONYMOUS = 0x22;

    private static final FunctionDescriptor FUNCTION = FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG);

    private static final Linker LINKER = Linker.nativeLinker();

    private static final MethodHandle MMAP = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("mmap"),
            FunctionDescriptor.of(
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG));

    private static final MethodHandle MPROTECT = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("mprotect"),
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

    /** Calls the function at an address. */
    private static final MethodHandle CALL = LINKER.downcallHandle(FUNCTION);

    private final MemorySegment function;

    private MachineCode(MemorySegment function) {
        this.function = function;
    }

    /** Whether the system lets memory be written and then executed. */
    public static boolean isAllowed() {
        Assembler nothing = new Assembler(false);
        nothing.end();
        return place(nothing.code()).isPresent();
    }

    /**
     * Makes code callable.
     *
     * @throws IllegalStateException where the system does not let it, which {@link #isAllowed} tells
     */
    public static MachineCode of(byte[] code) {
        return new MachineCode(
                place(code).orElseThrow(() -> new IllegalStateException("no executable memory for machine code")));
    }

    private static Optional<MemorySegment> place(byte[] code) {
        try {
            MemorySegment memory = (MemorySegment)
                    MMAP.invokeExact(MemorySegment.NULL, (long) code.length, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            if (memory.address() == -1) {
                return Optional.empty();
            }
            memory.reinterpret(code.length).copyFrom(MemorySegment.ofArray(code));
            return (int) MPROTECT.invokeExact(memory, (long) code.length, READ | EXECUTE) == 0
                    ? Optional.of(memory)
                    : Optional.empty();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Calls the function. */
    public void call(long a, long b, long c, long d, long e, long f) {
        try {
            CALL.invokeExact(function, a, b, c, d, e, f);
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }
}
