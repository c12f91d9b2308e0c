package dev.skald.text;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A row of a file.
 *
 * @param fields by name, nested as they are
 * @param place for messages
 */
public record Row(ObjectNode fields, Place place) {}
