/** A training run as its reader sees it. The noun is the model card; the door is {@link dev.skald.card.ModelCard}. No native memory. */
package dev.skald.card;
