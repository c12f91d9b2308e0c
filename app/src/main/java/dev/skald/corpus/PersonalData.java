package dev.skald.corpus;

import java.util.SortedMap;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Masks what points at a person: e-mail and IP addresses, personal identity numbers of the Nordic countries (see {@link IdentityNumber}) and
 * phone numbers. What is masked is replaced by its kind in angle brackets.
 *
 * <p>The words before digits decide where their form does not: four numbers after "version" are no address, and digits without a country code are a
 * phone number only after a word such as "telefon".
 */
final class PersonalData {

    private static final Pattern EMAIL =
            Pattern.compile("[\\p{L}0-9._%+-]{1,64}@(?:[\\p{L}0-9-]{1,63}\\.){1,8}\\p{L}{2,24}(?![\\p{L}0-9])");

    private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

    private static final Pattern IPV4 =
            Pattern.compile("(?<![\\d.\\p{L}])(?:" + BYTE + "\\.){3}" + BYTE + "(?!\\d|\\.\\d)");

    /** Stands before four numbers that count something else: a version, or a section of a document. */
    private static final Pattern VERSION = Pattern.compile(
            "(?iu)(?:(?<!\\p{L})(?:version(?:en|er)?|versjon(?:en|er)?|versio|útgáfa|utgave|utgåva|release|build|firmware|driver"
                    + "|drivrutin|ver|v|avsnitt|afsnit|stycke|kapitel|kapittel|kap|punkt|pkt|section|paragraf|tabell|tabel|figur)\\.?|§)[ :]{0,2}$");

    /** A heading with its number: at the start of a line, a blank and a word behind. */
    private static final Pattern HEADING = Pattern.compile("(?m)^[1-9]\\d?(?:\\.[1-9]\\d?){3} \\p{Lu}");

    private static final Pattern IPV6 = Pattern.compile(
            "(?<![\\p{XDigit}:\\p{L}])(?=[\\p{XDigit}:]*\\p{XDigit}{3}|[\\p{XDigit}:]*::\\p{XDigit})(?:(?:\\p{XDigit}{1,4}:){7}\\p{XDigit}{1,4}"
                    + "|(?:\\p{XDigit}{1,4}:){1,6}(?::\\p{XDigit}{1,4}){1,6})(?![\\p{XDigit}:])");

    /** Six or eight digits of a date, an optional sign, and the rest of any of the countries' numbers. */
    private static final Pattern IDENTITY =
            Pattern.compile("(?<![\\d-])(?:\\d{8}|\\d{6})[-+ A-FU-Y]?\\d{3}[\\dA-Y]\\d?(?![\\p{L}\\d]|-\\d)");

    /** Says that what follows is an identity number. */
    private static final Pattern IDENTITY_WORD =
            Pattern.compile("(?iu)(?<!\\p{L})(?:person-?(?:nummer|nr|number)|personal identity (?:number|code)"
                    + "|pers\\.?nr|pnr|p\\.nr|samordningsnummer|fødselsn(?:ummer|r)|fnr|f\\.nr|d-nummer|cpr(?:-?n(?:ummer|r))?|kennitala|kt"
                    + "|henkilötunnus|hetu)[^\\d\\n]{0,12}$");

    private static final Pattern PHONE = Pattern.compile(
            "(?:(?<![\\d+])\\+|(?<![\\d+.,])00)(?:45|46|47|354|298|358)[ -]?(?:\\(0\\)[ -]?)?\\d(?:[ -]?\\d){5,9}(?!\\d)");

    /** Digits after a word for a telephone, but no date, no years and no small number with a year behind. */
    private static final Pattern LABELLED_PHONE = Pattern.compile(
            "(?iu)(?<=(?<!\\p{L})(?:(?:mobil|arbets|arbejds|hem|privat|kontor)?(?:telefon(?:nummer|nr)?|tlf|tel)|mobil(?:nummer|nr)?|telnr|phone|gsm|sms"
                    + "|sími|símanúmer|simi|farsími|puhelin|puh)[:.]{0,2} {0,2})"
                    + "(?!(?:1[89]|20)\\d\\d ?[-–] ?\\d{2,4}(?![\\d ])|\\d{1,2} (?:1[89]|20)\\d\\d(?! ?\\d)|\\d{4}-\\d\\d-\\d\\d(?!\\d))"
                    + "\\(?\\d(?:[ -]?\\(?\\d\\)?){4,10}(?!\\d)");

    /** Characters before digits that are searched for words about them. */
    private static final int LOOK_BACK = 40;

    private final Recipe.PersonalDataSettings settings;

    PersonalData(Recipe.PersonalDataSettings settings) {
        this.settings = settings;
    }

    /** The text with everything masked that the recipe says; adds to the counts by kind. */
    String mask(String text, SortedMap<String, Long> counts) {
        String masked = text;
        if (settings.emails() && masked.indexOf('@') >= 0) {
            masked = replace(masked, EMAIL, "email", (whole, match) -> true, counts);
        }
        if (settings.identityNumbers() || settings.phoneNumbers() || settings.ipAddresses()) {
            if (!hasDigits(masked)) {
                return masked;
            }
        }
        if (settings.ipAddresses()) {
            masked = replace(masked, IPV4, "ip_address", PersonalData::isAddress, counts);
            if (masked.indexOf(':') >= 0) {
                masked = replace(masked, IPV6, "ip_address", (whole, match) -> true, counts);
            }
        }
        if (settings.identityNumbers()) {
            masked = replace(masked, IDENTITY, "identity_number", PersonalData::isIdentityNumber, counts);
        }
        if (settings.phoneNumbers()) {
            masked = replace(masked, PHONE, "phone_number", (whole, match) -> true, counts);
            masked = replace(masked, LABELLED_PHONE, "phone_number", (whole, match) -> true, counts);
        }
        return masked;
    }

    private static boolean isAddress(String text, Matcher match) {
        if (follows(VERSION, text, match.start())) {
            return false;
        }
        boolean first = match.start() == 0 || text.charAt(match.start() - 1) == '\n';
        return !first
                || !HEADING.matcher(text)
                        .region(match.start(), Math.min(text.length(), match.end() + 2))
                        .lookingAt();
    }

    private static boolean isIdentityNumber(String text, Matcher match) {
        return IdentityNumber.isValid(match.group(), follows(IDENTITY_WORD, text, match.start()));
    }

    /** Whether the text before a position ends in such a word. */
    private static boolean follows(Pattern words, String text, int position) {
        return words.matcher(text.substring(Math.max(0, position - LOOK_BACK), position))
                .find();
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
            String text,
            Pattern pattern,
            String kind,
            BiPredicate<String, Matcher> valid,
            SortedMap<String, Long> counts) {
        Matcher matcher = pattern.matcher(text);
        StringBuilder masked = null;
        int copied = 0;
        while (matcher.find()) {
            if (!valid.test(text, matcher)) {
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
