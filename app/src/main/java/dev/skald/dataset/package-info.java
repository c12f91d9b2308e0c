/**
 * Token ids in files. The noun is the packed dataset, which the corpus writes and training reads; the doors are {@link
 * dev.skald.dataset.PackedTokensWriter}, {@link dev.skald.dataset.PackedTokens}, and {@link dev.skald.dataset.TokenStream}, which cuts
 * documents into the rows of a micro-batch. The files that PackedTokens maps are unmapped when it is collected as garbage.
 */
package dev.skald.dataset;
