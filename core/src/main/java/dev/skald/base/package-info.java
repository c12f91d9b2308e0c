/**
 * What a machine and its user bring: the user's cache folder, the host's memory and processor; files that are there whole or not at all; how far
 * a piece of work is; orders that are computed; and the name that a misspelled one was meant to be. Every package may use it; it uses none. Each class is a door. No native memory.
 */
package dev.skald.base;
