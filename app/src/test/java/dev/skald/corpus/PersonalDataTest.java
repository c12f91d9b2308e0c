package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
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
        assertThat(IdentityNumber.isValid("01019000083", false)).isTrue();
        assertThat(IdentityNumber.isValid("01019000084", false)).isFalse();
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "20240101 0037",
                "Kapitel 10 2023",
                "Version 1.2.3.4",
                "versjon: 10.2.3.4",
                "1.2.3.4 Bakgrunn",
                "Telefon 1999-2003"
            })
    void numbersOfOtherThingsStay(String text) {
        assertThat(mask(text)).isEqualTo(text);
    }

    /** Given out since 2007 without a check digit: the hyphen tells them. */
    @Test
    void danishNumbersNeedNoCheckDigit() {
        assertThat(mask("CPR 010136-4765")).isEqualTo("CPR <identity_number>");
        assertThat(mask("Nr. 0101364765")).isEqualTo("Nr. 0101364765");
    }

    /** The figures of docs/corpus.md: what is found, and how much of what is masked is personal. */
    @Test
    void precisionAndRecall() throws IOException {
        SortedMap<String, Integer> personal = new TreeMap<>();
        SortedMap<String, Integer> found = new TreeMap<>();
        SortedMap<String, Integer> masked = new TreeMap<>();
        List<String> wrong = new ArrayList<>();
        try (InputStream in = PersonalDataTest.class.getResourceAsStream("personal-data.tsv")) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                String[] cells = line.split("\t", -1);
                SortedMap<String, Long> counts = new TreeMap<>();
                boolean right = all.mask(cells[2], counts).equals(cells[2].replace(cells[1], "<" + cells[0] + ">"));
                counts.forEach((kind, count) -> masked.merge(kind, count.intValue(), Integer::sum));
                if (!cells[0].equals("-")) {
                    personal.merge(cells[0], 1, Integer::sum);
                    found.merge(cells[0], right ? 1 : 0, Integer::sum);
                }
                if (cells[0].equals("-") ? !counts.isEmpty() : !right) {
                    wrong.add(line);
                }
            }
        }
        for (String kind : personal.keySet()) {
            double precision = (double) found.get(kind) / masked.get(kind);
            double recall = (double) found.get(kind) / personal.get(kind);
            String figures = "%s: precision %.3f, recall %.3f of %d%n%s"
                    .formatted(kind, precision, recall, personal.get(kind), String.join("\n", wrong));
            assertThat(precision).as(figures).isGreaterThanOrEqualTo(kind.equals("identity_number") ? 0.95 : 1);
            assertThat(recall).as(figures).isGreaterThanOrEqualTo(kind.equals("identity_number") ? 0.99 : 1);
        }
    }
}
