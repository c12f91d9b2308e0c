package dev.skald.corpus;

import dev.skald.tokenizer.Utf8;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What bytes of a page are as text: by a byte order mark, else by the HTTP header's label, else by what the page says in its first 1,024 bytes, else UTF-8 if they are
 * that, else windows-1252. Labels mean what the WHATWG's Encoding Standard says: {@code iso-8859-1} and {@code ascii} are windows-1252, for instance.
 */
final class Charsets {

    private static final int LOOKED_AT = 1024;

    private static final Pattern STATED = Pattern.compile(
            "<(?:meta|\\?xml)[^>]*?(?:charset|encoding)\\s*=\\s*[\"']?\\s*([\\w:.-]+)", Pattern.CASE_INSENSITIVE);

    private static final Charset WINDOWS_1252 = Charset.forName("windows-1252");

    /** The labels of windows-1252. */
    private static final Set<String> LATIN = Set.of(
            "ansi_x3.4-1968",
            "ascii",
            "cp1252",
            "cp819",
            "csisolatin1",
            "ibm819",
            "iso-8859-1",
            "iso-ir-100",
            "iso8859-1",
            "iso88591",
            "iso_8859-1",
            "iso_8859-1:1987",
            "l1",
            "latin1",
            "us-ascii",
            "windows-1252",
            "x-cp1252");

    /** Other labels that Java understands otherwise, or not at all. */
    private static final Map<String, String> OTHERS = Map.ofEntries(
            Map.entry("unicode-1-1-utf-8", "UTF-8"),
            Map.entry("utf8", "UTF-8"),
            Map.entry("x-unicode20utf8", "UTF-8"),
            Map.entry("l2", "ISO-8859-2"),
            Map.entry("l3", "ISO-8859-3"),
            Map.entry("l4", "ISO-8859-4"),
            Map.entry("iso-8859-9", "windows-1254"),
            Map.entry("iso8859-9", "windows-1254"),
            Map.entry("iso_8859-9", "windows-1254"),
            Map.entry("latin5", "windows-1254"),
            Map.entry("l5", "windows-1254"),
            Map.entry("iso-8859-11", "x-windows-874"),
            Map.entry("tis-620", "x-windows-874"),
            Map.entry("l9", "ISO-8859-15"),
            Map.entry("latin9", "ISO-8859-15"),
            Map.entry("mac", "x-MacRoman"),
            Map.entry("macintosh", "x-MacRoman"),
            Map.entry("x-mac-cyrillic", "x-MacCyrillic"),
            Map.entry("gb2312", "GB18030"),
            Map.entry("gbk", "GB18030"),
            Map.entry("x-gbk", "GB18030"),
            Map.entry("utf-16", "UTF-16LE"),
            Map.entry("unicode", "UTF-16LE"),
            Map.entry("x-sjis", "windows-31j"),
            Map.entry("shift_jis", "windows-31j"),
            Map.entry("shift-jis", "windows-31j"),
            Map.entry("ks_c_5601-1987", "x-windows-949"),
            Map.entry("euc-kr", "x-windows-949"));

    private Charsets() {}

    /**
     * The text of a page.
     *
     * @param label as the HTTP header says; null if it says nothing
     */
    static Charset of(byte[] page, String label) {
        if (begins(page, 0xEF, 0xBB, 0xBF)) {
            return StandardCharsets.UTF_8;
        }
        if (begins(page, 0xFE, 0xFF)) {
            return StandardCharsets.UTF_16BE;
        }
        if (begins(page, 0xFF, 0xFE)) {
            return StandardCharsets.UTF_16LE;
        }
        return labelled(label)
                .or(() -> stated(page))
                .orElseGet(() -> Utf8.firstMalformed(page, 0, page.length) < 0 ? StandardCharsets.UTF_8 : WINDOWS_1252);
    }

    /** What the page says of itself; one that says UTF-16 in single bytes is UTF-8. */
    private static Optional<Charset> stated(byte[] page) {
        String head = new String(page, 0, Math.min(LOOKED_AT, page.length), StandardCharsets.ISO_8859_1);
        Matcher stated = STATED.matcher(head);
        return stated.find()
                ? labelled(stated.group(1)).map(set -> set.name().startsWith("UTF-16") ? StandardCharsets.UTF_8 : set)
                : Optional.empty();
    }

    private static Optional<Charset> labelled(String label) {
        if (label == null) {
            return Optional.empty();
        }
        String name = label.strip().toLowerCase(Locale.ROOT).replaceAll("^[\"']|[\"']$", "");
        if (LATIN.contains(name)) {
            return Optional.of(WINDOWS_1252);
        }
        try {
            String known = OTHERS.getOrDefault(name, name);
            return Charset.isSupported(known) ? Optional.of(Charset.forName(known)) : Optional.empty();
        } catch (IllegalCharsetNameException e) {
            return Optional.empty();
        }
    }

    private static boolean begins(byte[] page, int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (i >= page.length || (page[i] & 0xFF) != bytes[i]) {
                return false;
            }
        }
        return true;
    }
}
