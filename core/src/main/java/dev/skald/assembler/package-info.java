/**
 * Machine code that is made at run time, for the few loops that the Java compiler cannot make: C2 has no node for the processors' products of bytes
 * ({@code vpmaddubsw}, {@code vpdpbusd}). oneDNN and XNNPACK do the same with assemblers of their own. The door is {@link dev.skald.assembler.Assembler}, which
 * writes instructions, and {@link dev.skald.assembler.MachineCode}, which makes them callable. {@link dev.skald.assembler.Processor} knows what the processor can
 * do. Machine code is never freed: there is a fixed, small amount of it.
 */
package dev.skald.assembler;
