/**
 * Configuration files: a {@link dev.skald.config.ConfigFile} is what a YAML or JSON file says, and {@link dev.skald.config.Binder} makes the
 * record of it whose components are the file's keys, each with its meaning and default in a {@link dev.skald.config.Key}.
 * {@link dev.skald.config.ConfigWriter} is the way back. A single value is a {@link dev.skald.config.Value}: it knows where it is, so that
 * every error has file, key, what was found and what was expected; readers of other people's files (config.json and generation_config.json
 * of Hugging Face, where an unknown key is carried over and not refused) use it without the binder. No native memory.
 */
package dev.skald.config;
