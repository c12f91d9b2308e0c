package dev.skald.corpus;

import java.util.SortedMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Masks what points at a person: e-mail and IP addresses, personal identity numbers of the Nordic countries (only those whose date exists
 * and whose check digits hold) and phone numbers. What is masked is replaced by its kind in angle brackets.
 */
final class PersonalData {

    private static final Pattern EMAIL =
            Pattern.compile("[\\p{L}0-9._%+-]{1,64}@(?:[\\p{L}0-9-]{1,63}\\.){1,8}\\p{L}{2,24}(?![\\p{L}0-9])");

    private static final Pattern IPV4 = Pattern.compile(
            "(?<![\\d.])(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?![\\d]|\\.\\d)");

    private static final Pattern IPV6 = Pattern.compile(
            "(?<![\\p{XDigit}:\\p{L}])(?=[\\p{XDigit}:]*\\p{XDigit}{3}|[\\p{XDigit}:]*::\\p{XDigit})(?:(?:\\p{XDigit}{1,4}:){7}\\p{XDigit}{1,4}"
                    + "|(?:\\p{XDigit}{1,4}:){1,6}(?::\\p{XDigit}{1,4}){1,6})(?![\\p{XDigit}:])");

    /** Six or eight digits of a date, an optional sign, and the rest of any of the countries' numbers. */
    private static final Pattern IDENTITY =
            Pattern.compile("(?<![\\d-])(?:\\d{6}|\\d{8})[-+ A-FU-Y]?\\d{3}[\\dA-Y]\\d?(?![\\p{L}\\d])");

    private static final Pattern PHONE = Pattern.compile(
            "(?<![\\d+])(?:(?:\\+|00)(?:45|46|47|354|298|358)[ -]?(?:\\(0\\)[ -]?)?\\d(?:[ -]?\\d){5,9}"
                    + "|(?<=(?i:tel|tlf|tel\\.|tlf\\.|telefon|mobil|phone|sími|simi|puhelin)[:.]? {0,2})\\(?\\d(?:[ -]?\\(?\\d\\)?){4,10})(?!\\d)");

    private final Recipe.PersonalDataSettings settings;

    PersonalData(Recipe.PersonalDataSettings settings) {
        this.settings = settings;
    }

    /** The text with everything masked that the recipe says; adds to the counts by kind. */
    String mask(String text, SortedMap<String, Long> counts) {
        String masked = text;
        if (settings.emails() && masked.indexOf('@') >= 0) {
            masked = replace(masked, EMAIL, "email", match -> true, counts);
        }
        if (settings.identityNumbers() || settings.phoneNumbers() || settings.ipAddresses()) {
            if (!hasDigits(masked)) {
                return masked;
            }
        }
        if (settings.ipAddresses()) {
            masked = replace(masked, IPV4, "ip_address", match -> true, counts);
            if (masked.indexOf(':') >= 0) {
                masked = replace(masked, IPV6, "ip_address", match -> true, counts);
            }
        }
        if (settings.identityNumbers()) {
            masked = replace(masked, IDENTITY, "identity_number", IdentityNumber::isValid, counts);
        }
        return settings.phoneNumbers() ? replace(masked, PHONE, "phone_number", match -> true, counts) : masked;
    }

    private static boolean hasDigits(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= '0' && text.charAt(i) <= '9') {
                return true;
            }
        }
        return false;
    }

    private static String replace(
            String text, Pattern pattern, String kind, Predicate<String> valid, SortedMap<String, Long> counts) {
        Matcher matcher = pattern.matcher(text);
        StringBuilder masked = null;
        int copied = 0;
        while (matcher.find()) {
            if (!valid.test(matcher.group())) {
                continue;
            }
            masked = masked == null ? new StringBuilder(text.length()) : masked;
            masked.append(text, copied, matcher.start())
                    .append('<')
                    .append(kind)
                    .append('>');
            copied = matcher.end();
            counts.merge(kind, 1L, Long::sum);
        }
        return masked == null
                ? text
                : masked.append(text, copied, text.length()).toString();
    }
}
