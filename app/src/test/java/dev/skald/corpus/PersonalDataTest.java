package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The numbers are the examples that the countries' authorities and encyclopedias publish; none belongs to a person. */
class PersonalDataTest {

    private final PersonalData all = new PersonalData(new Recipe.PersonalDataSettings(true, true, true, true));

    private String mask(String text) {
        return all.mask(text, new TreeMap<>());
    }

    @ParameterizedTest
    @ValueSource(strings = {"811218-9876", "19811218-9876", "8112189876", "131052-308T", "120174-3399", "211062-5629"})
    void validIdentityNumbersAreMasked(String number) {
        assertThat(mask("Nummer " + number + ".")).isEqualTo("Nummer <identity_number>.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"811218-9875", "811318-9876", "131052-308U", "123456-7890", "12345678901"})
    void othersAreNot(String number) {
        assertThat(mask("Nummer " + number + ".")).isEqualTo("Nummer " + number + ".");
    }

    @Test
    void norwegianNumbersHaveTwoCheckDigits() {
        // computed by hand from the published weights: birth date 1 January 1990, individual number 001
        assertThat(IdentityNumber.isValid("01019000083")).isTrue();
        assertThat(IdentityNumber.isValid("01019000084")).isFalse();
    }

    @Test
    void addressesAndPhoneNumbers() {
        TreeMap<String, Long> counts = new TreeMap<>();
        assertThat(all.mask(
                        "Skriv til kari.nordmann@example.no eller ring +47 22 33 44 55, tlf. 22334455; IP 192.168.0.1 og 2001:db8::ff00:42:8329.",
                        counts))
                .isEqualTo(
                        "Skriv til <email> eller ring <phone_number>, tlf. <phone_number>; IP <ip_address> og <ip_address>.");
        assertThat(counts).isEqualTo(Map.of("email", 1L, "phone_number", 2L, "ip_address", 2L));
    }

    @Test
    void datesVersionsAndParagraphsStay() {
        String text = "§ 3.4.1, 17. mai 2024, kl. 10:30:15, versjon 1.2.3.4.5, kr 1 000 000, 2020-2024";
        assertThat(mask(text)).isEqualTo(text);
    }
}
