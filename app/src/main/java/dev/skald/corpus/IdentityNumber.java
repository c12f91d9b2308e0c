package dev.skald.corpus;

import java.time.DateTimeException;
import java.time.LocalDate;

/**
 * Personal identity numbers of the Nordic countries: Swedish personnummer and samordningsnummer (Luhn), Norwegian fødselsnummer and D-nummer
 * (two check digits modulo 11), Danish CPR (modulo 11, which numbers given out since 2007 need not fulfil: those are told only by the hyphen
 * that they are written with), Finnish henkilötunnus (modulo 31) and Icelandic kennitala (modulo 11).
 *
 * <p>One date and time in ten fulfils a check digit too. Where digits can be read as a date and a time of day, and no word before them says
 * that they are an identity number, they are one only in a country's usual way of writing.
 */
final class IdentityNumber {

    private static final String FINNISH = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    private static final int[] NORWEGIAN_FIRST = {3, 7, 6, 1, 8, 9, 4, 5, 2};
    private static final int[] NORWEGIAN_SECOND = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
    private static final int[] DANISH = {4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
    private static final int[] ICELANDIC = {3, 2, 7, 6, 5, 4, 3, 2};

    private IdentityNumber() {}

    /**
     * Whether a text of digits, at most one sign among them and at most one letter at the end, is such a number.
     *
     * @param labelled whether a word before it says that it is one
     */
    static boolean isValid(String written, boolean labelled) {
        String digits = written.replaceAll("[-+ ]", "");
        if (!digits.chars().allMatch(Character::isDigit)) {
            return isFinnish(written);
        }
        boolean blank = written.indexOf(' ') >= 0;
        boolean time = !labelled && isTimeOfDay(digits);
        return switch (digits.length()) {
            case 10 ->
                isFinnish(written)
                        || (!(blank && time) && (isSwedish(digits) || isDanish(digits) || isIcelandic(digits)))
                        || (written.indexOf('-') == 6 && !time && isDanishDate(digits));
            case 11 -> isNorwegian(digits);
            case 12 -> (labelled || (!blank && !(isTimed(written) && time))) && isSwedishWithCentury(digits);
            default -> false;
        };
    }

    /** YYYYMMDDHHMM: twelve digits of this century without a sign. */
    private static boolean isTimed(String written) {
        return written.length() == 12 && written.startsWith("20");
    }

    private static boolean isTimeOfDay(String digits) {
        int length = digits.length();
        return number(digits, length - 4, length - 2) < 24 && number(digits, length - 2, length) < 60;
    }

    private static boolean isSwedishWithCentury(String digits) {
        return (digits.startsWith("18") || digits.startsWith("19") || digits.startsWith("20"))
                && isSwedish(digits.substring(2));
    }

    /** YYMMDDNNNC; the day of a samordningsnummer is 60 too large. */
    private static boolean isSwedish(String digits) {
        int day = number(digits, 4, 6);
        if (!isDate(number(digits, 0, 2), number(digits, 2, 4), day > 60 ? day - 60 : day)) {
            return false;
        }
        int sum = 0;
        for (int i = 0; i < 10; i++) {
            int product = (digits.charAt(i) - '0') * (i % 2 == 0 ? 2 : 1);
            sum += product / 10 + product % 10;
        }
        return sum % 10 == 0;
    }

    /** DDMMYYNNNCC; the day of a D-nummer is 40 too large. */
    private static boolean isNorwegian(String digits) {
        int day = number(digits, 0, 2);
        return isDate(number(digits, 4, 6), number(digits, 2, 4), day > 40 ? day - 40 : day)
                && (11 - weighted(digits, NORWEGIAN_FIRST) % 11) % 11 == digits.charAt(9) - '0'
                && (11 - weighted(digits, NORWEGIAN_SECOND) % 11) % 11 == digits.charAt(10) - '0';
    }

    /** DDMMYYNNNC. */
    private static boolean isDanish(String digits) {
        return isDanishDate(digits) && weighted(digits, DANISH) % 11 == 0;
    }

    private static boolean isDanishDate(String digits) {
        return isDate(number(digits, 4, 6), number(digits, 2, 4), number(digits, 0, 2));
    }

    /** DDMMYYNNCK: the ninth digit checks, the tenth is the century. */
    private static boolean isIcelandic(String digits) {
        return "890".indexOf(digits.charAt(9)) >= 0
                && isDate(number(digits, 4, 6), number(digits, 2, 4), number(digits, 0, 2))
                && (11 - weighted(digits, ICELANDIC) % 11) % 11 == digits.charAt(8) - '0';
    }

    /** DDMMYY, a sign for the century, NNN, a check character. */
    private static boolean isFinnish(String written) {
        if (written.length() != 11 || "-+ABCDEFUVWXY".indexOf(written.charAt(6)) < 0) {
            return false;
        }
        String digits = written.substring(0, 6) + written.substring(7, 10);
        return digits.chars().allMatch(Character::isDigit)
                && isDate(number(digits, 4, 6), number(digits, 2, 4), number(digits, 0, 2))
                && FINNISH.charAt(Integer.parseInt(digits) % 31) == written.charAt(10);
    }

    private static int weighted(String digits, int[] weights) {
        int sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i] * (digits.charAt(i) - '0');
        }
        return sum;
    }

    private static int number(String digits, int from, int to) {
        return Integer.parseInt(digits, from, to, 10);
    }

    /** Whether the day exists in a year of these last two digits. */
    private static boolean isDate(int year, int month, int day) {
        try {
            return LocalDate.of(2000 + year, month, day).getDayOfMonth() == day;
        } catch (DateTimeException e) {
            return false;
        }
    }
}
