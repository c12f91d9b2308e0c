package dev.skald.corpus;

import java.util.Locale;

/** Numbers as the report shows them. */
final class Figures {

    private Figures() {}

    static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value).replace(',', '\u202F');
    }

    static String megabytes(long bytes) {
        return bytes < 50_000
                ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
                : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }

    static String percent(long part, long of) {
        return of == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * part / of);
    }

    /** Without digits that say nothing: 0.25, 2, 1000. */
    static String brief(double value) {
        String text = String.format(Locale.ROOT, "%.4f", value);
        return text.replaceFirst("\\.?0+$", "");
    }
}
