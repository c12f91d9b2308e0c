/** The demo: everything that Skald does, once, on texts that come with it. */
package dev.skald.demo;
