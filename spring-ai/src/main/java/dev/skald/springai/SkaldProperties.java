package dev.skald.springai;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What {@code application.properties} says of the model.
 *
 * @param model the directory of a model; without it nothing is configured
 * @param chatTemplate llama3, chatml or a file; absent: the model's own template
 * @param parallel texts that are generated at once, at most; 0: 64
 * @param queue requests that may wait, at most; 0: 4096
 */
@ConfigurationProperties("skald")
public record SkaldProperties(String model, String chatTemplate, int parallel, int queue) {}
