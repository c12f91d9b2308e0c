package dev.skald.tokenizer;

import java.util.List;
import java.util.Random;

/** Texts to tokenize: everyday Nordic ones, and hostile ones made at random. */
public final class Texts {

    /** Sentences written for these tests. */
    static final List<String> NORDIC = List.of(
            "Sommar och sol är det bästa jag vet, sa mormor och hällde upp kaffet.",
            "Vi åkte till sjön på förmiddagen; vattnet var kallt men barnen badade ändå i två timmar.",
            "Er du kommet hjem igen? spurgte hun, og han nikkede uden at sige noget som helst.",
            "Rødgrød med fløde er en ret, som de fleste danskere kender fra deres barndom.",
            "Toget frå Bergen til Oslo tek om lag sju timar, og utsikta over fjellet er vakker.",
            "Det var en gang en gutt som skulle ut i verden for å søke lykken, men han fant den hjemme.",
            "Kommunstyrelsens ordförande föreslog 1 250 000 kronor till bostadsförsörjningsprogrammet 2024–2027.",
            "Á Íslandi eru þrjátíu og átta þúsund hestar; í Færeyjum eru fleiri kindur en fólk.",
            "I'm sure they'll say we've done what we could. It's HE'LL, isn't it? 'Tis so.",
            "public static void main(String[] args) {\n\tSystem.out.println(\"hej\");\n}\n");

    private static final String[] PARTS = {
        " ",
        "  ",
        "   ",
        "\n",
        "\r\n",
        "\n\n",
        "\t",
        " \n ",
        "\u00A0",
        "\u2003",
        "\u3000",
        "\u0085",
        "\u200B",
        "\uFEFF",
        "\u1680",
        "\u180E",
        "\u2028",
        "\f",
        "\u000B",
        "\u001C",
        "'s",
        "'S",
        "'T",
        "'re",
        "'LL",
        "'ve",
        "'d",
        "'\u017F",
        "\u2019s",
        "'",
        "å",
        "Ä",
        "ö",
        "ø",
        "Æ",
        "þ",
        "ß",
        "ẞ",
        "İ",
        "ı",
        "Σ",
        "ς",
        "ﬁ",
        "é",
        "e\u0301",
        "n\u0303",
        "Å",
        "\u212B",
        "한국어",
        "日本語",
        "中文",
        "ไทย",
        "हिन्दी",
        "العربية",
        "עברית",
        "Ελλάδα",
        "Русский",
        "👩‍👩‍👧",
        "🇸🇪",
        "🏽",
        "😀",
        "𝔘𝔫𝔦",
        "𐍈",
        "0",
        "12",
        "345",
        "6789",
        "٣٤٥",
        "四",
        "Ⅷ",
        "½",
        "²",
        "१२",
        ".",
        "...",
        "!",
        "?!",
        "(",
        ")]",
        "{\"a\":1}",
        "—",
        "…",
        "«»",
        "<",
        ">",
        "<|",
        "|>",
        "</s>",
        "<s>",
        "<|end_of_text|>",
        "<|begin_of_text|>",
        "#",
        "@x",
        "a",
        "b",
        "aa",
        "ab",
        "Hej",
        "hej",
        "och",
        "det",
        "the",
        "and",
        "ing",
        "LLM",
        "\0",
        "\u0001",
        "\u007F",
        "\u0300",
        "\u200D",
        "\uFFFD",
        "\uFFFF",
        "_",
        "▁",
        "Ġ",
        "Ċ",
        "<0x0A>",
        "\\n",
        "$",
        "€",
        "%",
        "&amp;",
        "http://x.se/a?b=c&d",
        "a.b@c.no"
    };

    private Texts() {}

    /** A text of parts that trouble tokenizers: white space, contractions, scripts, marks, emoji, special tokens. */
    static String hostile(Random random, int parts) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < parts; i++) {
            if (random.nextInt(6) == 0) {
                text.appendCodePoint(codePoint(random));
            } else {
                text.append(PARTS[random.nextInt(PARTS.length)]);
            }
        }
        return text.toString();
    }

    /** Any code point that is no surrogate. */
    static int codePoint(Random random) {
        int bound = random.nextBoolean() ? 0x3000 : Character.MAX_CODE_POINT + 1;
        int codePoint = random.nextInt(bound);
        return codePoint >= 0xD800 && codePoint <= 0xDFFF ? 'x' : codePoint;
    }

    /** Sentences of {@link #NORDIC} with words exchanged, and numbers and names made up. */
    public static String nordic(Random random, int sentences) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < sentences; i++) {
            for (String word : NORDIC.get(random.nextInt(NORDIC.size())).split(" ", -1)) {
                String other = NORDIC.get(random.nextInt(NORDIC.size()));
                int at = random.nextInt(other.length());
                switch (random.nextInt(12)) {
                    case 0 -> text.append(other, at, Math.min(other.length(), at + 7));
                    case 1 -> text.append(random.nextInt(100_000));
                    case 2 -> text.append(word.toUpperCase(java.util.Locale.ROOT));
                    default -> text.append(word);
                }
                text.append(' ');
            }
            text.append(random.nextInt(5) == 0 ? "\n\n" : "\n");
        }
        return text.toString();
    }
}
