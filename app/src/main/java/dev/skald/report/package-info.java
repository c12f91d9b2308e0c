/**
 * The pages that a browser shows of what was done: their frame and look, and line charts. {@link dev.skald.report.HtmlPage} and {@link
 * dev.skald.report.Chart} are the doors; what is on a page is its package's own. No native memory.
 */
package dev.skald.report;
