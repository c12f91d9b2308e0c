package dev.skald.tensor;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** What the operating system is told of memory (Linux's {@code madvise}); nothing happens where it is not there. */
public final class MemoryAdvice {

    private static final long PAGE = 4096;
    private static final int DONT_NEED = 4;
    private static final int HUGE_PAGES = 14;

    private static final Optional<MethodHandle> MADVISE =
            System.getProperty("os.name").equals("Linux")
                    ? Linker.nativeLinker()
                            .defaultLookup()
                            .find("madvise")
                            .map(address -> Linker.nativeLinker()
                                    .downcallHandle(
                                            address,
                                            FunctionDescriptor.of(
                                                    ValueLayout.JAVA_INT,
                                                    ValueLayout.JAVA_LONG,
                                                    ValueLayout.JAVA_LONG,
                                                    ValueLayout.JAVA_INT)))
                    : Optional.empty();

    private MemoryAdvice() {}

    /** Lets the pages of a mapped file go, which are read from it again when they are touched. */
    public static void letGo(MemorySegment mapped) {
        advise(mapped, DONT_NEED);
    }

    /** Asks for large pages under memory that is not written yet: fewer faults while it is, and fewer misses later. */
    public static void hugePages(MemorySegment memory) {
        advise(memory, HUGE_PAGES);
    }

    /** Of the pages that lie wholly inside. */
    private static void advise(MemorySegment memory, int advice) {
        long from = Math.ceilDiv(memory.address(), PAGE) * PAGE;
        long to = (memory.address() + memory.byteSize()) / PAGE * PAGE;
        if (MADVISE.isEmpty() || to <= from) {
            return;
        }
        try {
            int _ = (int) MADVISE.get().invokeExact(from, to - from, advice); // what is refused changes no result
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
