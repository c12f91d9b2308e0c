/**
 * Requests of many callers on one model, in token ids only. The door is {@link dev.skald.engine.Engine}, whose thread owns the model while there is
 * work; {@link dev.skald.engine.Request} says what can be asked for, {@link dev.skald.engine.Handle} is what a caller waits with. Native memory is the
 * engine's: {@code close()} frees it.
 */
package dev.skald.engine;
