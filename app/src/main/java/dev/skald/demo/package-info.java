/**
 * Everything that Skald does, once, on texts that come with it. The noun is the demo; the door is {@link dev.skald.demo.Demo}, which closes the models
 * it loads.
 */
package dev.skald.demo;
