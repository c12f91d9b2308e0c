/**
 * A loaded model behind HTTP, as OpenAI's API has it. The noun is the {@link dev.skald.serve.Exchange}, a request and its answer; the door is {@link
 * dev.skald.serve.Server}, whose {@code close} ends it. The model is its caller's to free.
 */
package dev.skald.serve;
