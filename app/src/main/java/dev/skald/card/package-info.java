/** A training run as its reader sees it. The door is {@link dev.skald.card.ModelCard}; nothing here holds native memory. */
package dev.skald.card;
