package dev.skald.assembler;

/** General registers of x86-64 that the System V calling convention lets a function overwrite; the first six, from {@link #RDI}, have its arguments. */
public enum Gpr {
    RDI(7),
    RSI(6),
    RDX(2),
    RCX(1),
    R8(8),
    R9(9),
    R10(10),
    R11(11),
    RAX(0);

    final int number;

    Gpr(int number) {
        this.number = number;
    }
}
