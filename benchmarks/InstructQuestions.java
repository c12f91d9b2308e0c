import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.base.AtomicFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Writes conversations of one question and its answer, to see whether a small model can be taught them: sums and differences of numbers from 0 to 20, opposites of
 * 60 pairs of adjectives, capitals of 40 countries, each in Swedish, Danish, Bokmål and Nynorsk and in four phrasings. JSON lines of {"id", "lang", "origin":
 * "generator", "kind", "messages"}, as {@code conversations.jsonl} has them. Languages and kinds take turns as long as they last.
 *
 * <p>What is held out: of sums and differences every eighth pair of numbers, in all languages and phrasings, so that answering them takes arithmetic (though 3 + 4
 * may be held out and 4 + 3 not); of each opposite and capital one phrasing, while others are trained, so that answering them takes a fact known in other words. No
 * question is in both files, and none is in Skald's hand-written conversations. The same arguments give the same files.
 *
 * <p>{@code java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/InstructQuestions.java TRAINING.jsonl HELD_OUT.jsonl [N [M]]} (6000
 * and 400 without numbers; at most some 8000 and 1500)
 */
final class InstructQuestions {

    private static final int SEED = 14;
    private static final int LARGEST = 20;
    private static final int PHRASINGS = 4;
    private static final int ONE_HELD_OUT_OF = 8;

    enum Kind {
        SUM,
        DIFFERENCE,
        OPPOSITE,
        CAPITAL
    }

    /** A question; {@code fact} is what it asks for, whatever the phrasing. */
    record Question(String id, String lang, Kind kind, String fact, String text, String answer, boolean heldOut) {}

    /**
     * The words of a language.
     *
     * @param arithmetic four questions of a term; the first and the third have it in signs, the others in words
     * @param opposites four questions of a word
     * @param capitals four questions of "in a country"
     * @param pairs adjectives and their opposites
     * @param countries "in a country" and its capital
     */
    record Language(
            String code,
            List<String> arithmetic,
            String plus,
            String minus,
            String is,
            List<String> opposites,
            String opposite,
            List<String> capitals,
            String capital,
            String pairs,
            String countries) {}

    private static final Language SWEDISH = new Language(
            "sv",
            List.of("Vad är %s?", "Hur mycket är %s?", "Räkna ut %s.", "Vad blir %s?"),
            "plus",
            "minus",
            "är",
            List.of(
                    "Vad är motsatsen till %s?",
                    "Vilket ord är motsatsen till %s?", "Säg motsatsen till %s.", "Nämn motsatsen till %s."),
            "Motsatsen till %s är %s.",
            List.of(
                    "Vad heter huvudstaden %s?",
                    "Vilken stad är huvudstad %s?", "Vilken är huvudstaden %s?", "Nämn huvudstaden %s."),
            "Huvudstaden %s heter %s.",
            """
            stor:liten, varm:kall, snabb:långsam, ung:gammal, hög:låg, ljus:mörk, tung:lätt, stark:svag, lång:kort, bred:smal,
            tjock:tunn, våt:torr, full:tom, glad:ledsen, rik:fattig, dyr:billig, hård:mjuk, öppen:stängd, god:ond, söt:sur,
            ren:smutsig, djup:grund, frisk:sjuk, modig:feg, snäll:elak, vacker:ful, rolig:tråkig, enkel:svår, tidig:sen, sann:falsk,
            levande:död, hungrig:mätt, trött:pigg, vaken:sovande, vass:slö, rak:krokig, slät:skrovlig, hel:trasig,
            närvarande:frånvarande, känd:okänd, lycklig:olycklig, möjlig:omöjlig, vanlig:ovanlig, viktig:oviktig, säker:osäker,
            artig:oartig, ärlig:oärlig, tålmodig:otålig, flitig:lat, klok:dum, manlig:kvinnlig, inre:yttre, övre:nedre, främre:bakre,
            nordlig:sydlig, östlig:västlig, laglig:olaglig, synlig:osynlig, noggrann:slarvig, nöjd:missnöjd
            """,
            """
            i Sverige:Stockholm, i Norge:Oslo, i Danmark:Köpenhamn, i Finland:Helsingfors, på Island:Reykjavik, i Tyskland:Berlin,
            i Frankrike:Paris, i Spanien:Madrid, i Portugal:Lissabon, i Italien:Rom, i Grekland:Aten, i Polen:Warszawa,
            i Irland:Dublin, i Storbritannien:London, i Nederländerna:Amsterdam, i Belgien:Bryssel, i Schweiz:Bern,
            i Österrike:Wien, i Ungern:Budapest, i Tjeckien:Prag, i Slovakien:Bratislava, i Slovenien:Ljubljana,
            i Kroatien:Zagreb, i Serbien:Belgrad, i Bulgarien:Sofia, i Estland:Tallinn, i Lettland:Riga, i Litauen:Vilnius,
            i Ryssland:Moskva, i Turkiet:Ankara, i Egypten:Kairo, i Kenya:Nairobi, i Japan:Tokyo, i Kina:Peking,
            i Indien:New Delhi, i Thailand:Bangkok, i Iran:Teheran, i Kanada:Ottawa, på Kuba:Havanna, i Peru:Lima
            """);

    private static final Language DANISH = new Language(
            "da",
            List.of("Hvad er %s?", "Hvor meget er %s?", "Regn %s ud.", "Hvad giver %s?"),
            "plus",
            "minus",
            "er",
            List.of(
                    "Hvad er det modsatte af %s?",
                    "Hvilket ord er det modsatte af %s?", "Sig det modsatte af %s.", "Nævn det modsatte af %s."),
            "Det modsatte af %s er %s.",
            List.of(
                    "Hvad hedder hovedstaden %s?",
                    "Hvilken by er hovedstaden %s?", "Hvad er hovedstaden %s?", "Nævn hovedstaden %s."),
            "Hovedstaden %s hedder %s.",
            """
            stor:lille, varm:kold, hurtig:langsom, ung:gammel, høj:lav, lys:mørk, tung:let, stærk:svag, lang:kort, bred:smal,
            tyk:tynd, våd:tør, fuld:tom, glad:trist, rig:fattig, dyr:billig, hård:blød, åben:lukket, god:ond, sød:sur,
            ren:beskidt, rask:syg, modig:fej, venlig:uvenlig, smuk:grim, sjov:kedelig, nem:svær, tidlig:sen, sand:falsk, levende:død,
            sulten:mæt, træt:udhvilet, vågen:sovende, skarp:sløv, lige:skæv, glat:ru, kendt:ukendt, lykkelig:ulykkelig,
            mulig:umulig, almindelig:ualmindelig, væsentlig:uvæsentlig, sikker:usikker, høflig:uhøflig, ærlig:uærlig,
            tålmodig:utålmodig, flittig:doven, klog:dum, mandlig:kvindelig, indre:ydre, øvre:nedre, forreste:bageste,
            nordlig:sydlig, østlig:vestlig, lovlig:ulovlig, synlig:usynlig, omhyggelig:sjusket, tilfreds:utilfreds,
            gavmild:nærig, positiv:negativ, privat:offentlig
            """,
            """
            i Sverige:Stockholm, i Norge:Oslo, i Danmark:København, i Finland:Helsinki, i Island:Reykjavik, i Tyskland:Berlin,
            i Frankrig:Paris, i Spanien:Madrid, i Portugal:Lissabon, i Italien:Rom, i Grækenland:Athen, i Polen:Warszawa,
            i Irland:Dublin, i Storbritannien:London, i Nederlandene:Amsterdam, i Belgien:Bruxelles, i Schweiz:Bern,
            i Østrig:Wien, i Ungarn:Budapest, i Tjekkiet:Prag, i Slovakiet:Bratislava, i Slovenien:Ljubljana,
            i Kroatien:Zagreb, i Serbien:Beograd, i Bulgarien:Sofia, i Estland:Tallinn, i Letland:Riga, i Litauen:Vilnius,
            i Rusland:Moskva, i Tyrkiet:Ankara, i Egypten:Kairo, i Kenya:Nairobi, i Japan:Tokyo, i Kina:Beijing,
            i Indien:New Delhi, i Thailand:Bangkok, i Iran:Teheran, i Canada:Ottawa, på Cuba:Havana, i Peru:Lima
            """);

    private static final Language BOKMAAL = new Language(
            "nb",
            List.of("Hva er %s?", "Hvor mye er %s?", "Regn ut %s.", "Hva blir %s?"),
            "pluss",
            "minus",
            "er",
            List.of(
                    "Hva er det motsatte av %s?",
                    "Hvilket ord er det motsatte av %s?", "Si det motsatte av %s.", "Nevn det motsatte av %s."),
            "Det motsatte av %s er %s.",
            List.of(
                    "Hva heter hovedstaden %s?",
                    "Hvilken by er hovedstad %s?", "Hva er hovedstaden %s?", "Nevn hovedstaden %s."),
            "Hovedstaden %s heter %s.",
            """
            stor:liten, varm:kald, hurtig:langsom, ung:gammel, høy:lav, lys:mørk, tung:lett, sterk:svak, lang:kort, bred:smal,
            tykk:tynn, våt:tørr, full:tom, glad:trist, rik:fattig, dyr:billig, hard:myk, åpen:lukket, god:ond, søt:sur,
            ren:skitten, dyp:grunn, frisk:syk, modig:feig, snill:slem, pen:stygg, morsom:kjedelig, enkel:vanskelig, tidlig:sen, sann:usann,
            levende:død, sulten:mett, trøtt:opplagt, våken:sovende, skarp:sløv, rett:skjev, glatt:ru, kjent:ukjent,
            lykkelig:ulykkelig, mulig:umulig, vanlig:uvanlig, viktig:uviktig, sikker:usikker, høflig:uhøflig, ærlig:uærlig,
            tålmodig:utålmodig, flittig:lat, klok:dum, mannlig:kvinnelig, indre:ytre, øvre:nedre, fremre:bakre, nordlig:sørlig,
            østlig:vestlig, lovlig:ulovlig, synlig:usynlig, nøyaktig:unøyaktig, fornøyd:misfornøyd, gavmild:gjerrig, positiv:negativ
            """,
            """
            i Sverige:Stockholm, i Norge:Oslo, i Danmark:København, i Finland:Helsingfors, på Island:Reykjavik, i Tyskland:Berlin,
            i Frankrike:Paris, i Spania:Madrid, i Portugal:Lisboa, i Italia:Roma, i Hellas:Athen, i Polen:Warszawa,
            i Irland:Dublin, i Storbritannia:London, i Nederland:Amsterdam, i Belgia:Brussel, i Sveits:Bern,
            i Østerrike:Wien, i Ungarn:Budapest, i Tsjekkia:Praha, i Slovakia:Bratislava, i Slovenia:Ljubljana,
            i Kroatia:Zagreb, i Serbia:Beograd, i Bulgaria:Sofia, i Estland:Tallinn, i Latvia:Riga, i Litauen:Vilnius,
            i Russland:Moskva, i Tyrkia:Ankara, i Egypt:Kairo, i Kenya:Nairobi, i Japan:Tokyo, i Kina:Beijing,
            i India:New Delhi, i Thailand:Bangkok, i Iran:Teheran, i Canada:Ottawa, på Cuba:Havanna, i Peru:Lima
            """);

    private static final Language NYNORSK = new Language(
            "nn",
            List.of("Kva er %s?", "Kor mykje er %s?", "Rekn ut %s.", "Kva blir %s?"),
            "pluss",
            "minus",
            "er",
            List.of(
                    "Kva er det motsette av %s?",
                    "Kva for eit ord er det motsette av %s?", "Sei det motsette av %s.", "Nemn det motsette av %s."),
            "Det motsette av %s er %s.",
            List.of(
                    "Kva heiter hovudstaden %s?",
                    "Kva for ein by er hovudstad %s?", "Kva er hovudstaden %s?", "Nemn hovudstaden %s."),
            "Hovudstaden %s heiter %s.",
            """
            stor:liten, varm:kald, rask:langsam, ung:gammal, høg:låg, lys:mørk, tung:lett, sterk:svak, lang:kort, brei:smal,
            tjukk:tynn, våt:tørr, full:tom, glad:trist, rik:fattig, dyr:billeg, hard:mjuk, open:lukka, god:vond, søt:sur,
            rein:skiten, djup:grunn, frisk:sjuk, modig:feig, snill:slem, vakker:stygg, morosam:kjedeleg, enkel:vanskeleg, tidleg:sein, sann:usann,
            levande:død, svolten:mett, trøytt:opplagd, vaken:sovande, kvass:sløv, rett:skeiv, glatt:ru, kjend:ukjend,
            lukkeleg:ulukkeleg, mogleg:umogleg, vanleg:uvanleg, viktig:uviktig, sikker:usikker, høfleg:uhøfleg, ærleg:uærleg,
            tolmodig:utolmodig, flittig:lat, klok:dum, mannleg:kvinneleg, indre:ytre, øvre:nedre, fremre:bakre, nordleg:sørleg,
            austleg:vestleg, lovleg:ulovleg, synleg:usynleg, nøyaktig:unøyaktig, nøgd:misnøgd, gåvmild:gjerrig, positiv:negativ
            """,
            """
            i Sverige:Stockholm, i Noreg:Oslo, i Danmark:København, i Finland:Helsingfors, på Island:Reykjavik, i Tyskland:Berlin,
            i Frankrike:Paris, i Spania:Madrid, i Portugal:Lisboa, i Italia:Roma, i Hellas:Aten, i Polen:Warszawa,
            i Irland:Dublin, i Storbritannia:London, i Nederland:Amsterdam, i Belgia:Brussel, i Sveits:Bern,
            i Austerrike:Wien, i Ungarn:Budapest, i Tsjekkia:Praha, i Slovakia:Bratislava, i Slovenia:Ljubljana,
            i Kroatia:Zagreb, i Serbia:Beograd, i Bulgaria:Sofia, i Estland:Tallinn, i Latvia:Riga, i Litauen:Vilnius,
            i Russland:Moskva, i Tyrkia:Ankara, i Egypt:Kairo, i Kenya:Nairobi, i Japan:Tokyo, i Kina:Beijing,
            i India:New Delhi, i Thailand:Bangkok, i Iran:Teheran, i Canada:Ottawa, på Cuba:Havanna, i Peru:Lima
            """);

    private static final List<Language> LANGUAGES = List.of(SWEDISH, DANISH, BOKMAAL, NYNORSK);

    private InstructQuestions() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 2 || arguments.length > 4) {
            System.err.println("usage: InstructQuestions TRAINING.jsonl HELD_OUT.jsonl [N [M]]");
            System.exit(2);
        }
        int trainingRows = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 6000;
        int heldOutRows = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 400;
        Random random = new Random(SEED);
        List<Question> all = all(random);
        Set<String> byHand = writtenByHand();
        all.removeIf(question -> byHand.contains(question.text()));
        List<Question> training = draw(all, question -> !question.heldOut(), trainingRows, random);
        Set<String> taught = new HashSet<>();
        training.forEach(question -> taught.add(question.lang() + question.fact()));
        List<Question> heldOut = draw(
                all,
                question -> question.heldOut()
                        && (isArithmetic(question.kind()) || taught.contains(question.lang() + question.fact())),
                heldOutRows,
                random);
        write(Path.of(arguments[0]), training);
        write(Path.of(arguments[1]), heldOut);
    }

    private static boolean isArithmetic(Kind kind) {
        return kind == Kind.SUM || kind == Kind.DIFFERENCE;
    }

    /** Every question, of which no two have the same text. */
    private static List<Question> all(Random random) {
        List<int[]> pairs = new ArrayList<>();
        for (int a = 0; a <= LARGEST; a++) {
            for (int b = 0; a + b <= LARGEST; b++) {
                pairs.add(new int[] {a, b});
            }
        }
        Map<Kind, List<int[]>> shuffled = new EnumMap<>(Kind.class);
        for (Kind kind : List.of(Kind.SUM, Kind.DIFFERENCE)) {
            Collections.shuffle(pairs, random);
            shuffled.put(kind, List.copyOf(pairs));
        }
        List<Question> all = new ArrayList<>();
        for (Language language : LANGUAGES) {
            shuffled.forEach((kind, numbers) -> addArithmetic(language, kind, numbers, all));
            Map<String, String> opposites = table(language.pairs());
            Map<String, String> both = new LinkedHashMap<>(opposites);
            opposites.forEach((word, opposite) -> put(both, opposite, word));
            addWords(language, Kind.OPPOSITE, both, random, all);
            addWords(language, Kind.CAPITAL, table(language.countries()), random, all);
        }
        Set<String> texts = new HashSet<>();
        for (Question question : all) {
            if (!texts.add(question.text())) {
                throw new IllegalStateException("twice: " + question);
            }
        }
        return all;
    }

    /** A difference is a sum read backwards: from a + b = c comes c - b = a. */
    private static void addArithmetic(Language language, Kind kind, List<int[]> pairs, List<Question> all) {
        for (int i = 0; i < pairs.size(); i++) {
            int left = kind == Kind.SUM ? pairs.get(i)[0] : pairs.get(i)[0] + pairs.get(i)[1];
            int right = pairs.get(i)[1];
            int result = kind == Kind.SUM ? left + right : left - right;
            String sign = kind == Kind.SUM ? "+" : "-";
            String word = kind == Kind.SUM ? language.plus() : language.minus();
            for (int phrasing = 0; phrasing < PHRASINGS; phrasing++) {
                boolean signs = phrasing % 2 == 0;
                String term = left + " " + (signs ? sign : word) + " " + right;
                all.add(new Question(
                        language.code() + "-" + left + sign + right + "-" + (phrasing + 1),
                        language.code(),
                        kind,
                        left + sign + right,
                        language.arithmetic().get(phrasing).formatted(term),
                        term + " " + (signs ? "=" : language.is()) + " " + result + ".",
                        i % ONE_HELD_OUT_OF == 0));
            }
        }
    }

    private static void addWords(
            Language language, Kind kind, Map<String, String> table, Random random, List<Question> all) {
        List<String> questions = kind == Kind.OPPOSITE ? language.opposites() : language.capitals();
        String answer = kind == Kind.OPPOSITE ? language.opposite() : language.capital();
        List<String> words = new ArrayList<>(table.keySet());
        Collections.shuffle(words, random);
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            for (int phrasing = 0; phrasing < PHRASINGS; phrasing++) {
                all.add(new Question(
                        language.code() + "-" + word.replace(' ', '-') + "-" + (phrasing + 1),
                        language.code(),
                        kind,
                        word,
                        questions.get(phrasing).formatted(word),
                        answer.formatted(word, table.get(word)),
                        i % PHRASINGS == phrasing));
            }
        }
    }

    private static Map<String, String> table(String text) {
        Map<String, String> table = new LinkedHashMap<>();
        for (String entry : text.strip().split(",\\s+")) {
            String[] sides = entry.split(":");
            put(table, sides[0], sides[1]);
        }
        return table;
    }

    private static void put(Map<String, String> table, String word, String answer) {
        if (table.put(word, answer) != null) {
            throw new IllegalStateException(word + ": twice");
        }
    }

    private static Set<String> writtenByHand() throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        Set<String> questions = new HashSet<>();
        for (String name : List.of("conversations", "conversations-held-out")) {
            try (InputStream in = Objects.requireNonNull(
                    AtomicFiles.class.getResourceAsStream("/dev/skald/demo/" + name + ".jsonl"))) {
                for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .toList()) {
                    mapper.readTree(line)
                            .get("messages")
                            .forEach(message ->
                                    questions.add(message.get("content").textValue()));
                }
            }
        }
        return questions;
    }

    /** As many of the wanted questions, the languages and kinds taking turns, in an order of chance. */
    private static List<Question> draw(List<Question> all, Predicate<Question> wanted, int rows, Random random) {
        Map<String, List<Question>> groups = new LinkedHashMap<>();
        all.stream()
                .filter(wanted)
                .forEach(question -> groups.computeIfAbsent(
                                question.lang() + question.kind(), group -> new ArrayList<>())
                        .add(question));
        groups.values().forEach(group -> Collections.shuffle(group, random));
        int longest = groups.values().stream().mapToInt(List::size).max().orElse(0);
        List<Question> drawn = new ArrayList<>();
        for (int turn = 0; turn < longest; turn++) {
            for (List<Question> group : groups.values()) {
                if (turn < group.size() && drawn.size() < rows) {
                    drawn.add(group.get(turn));
                }
            }
        }
        if (drawn.size() < rows) {
            System.err.println("error: " + rows + " questions wanted, there are " + drawn.size());
            System.exit(2);
        }
        Collections.shuffle(drawn, random);
        return drawn;
    }

    private static void write(Path file, List<Question> questions) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        StringBuilder lines = new StringBuilder();
        Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
        for (Question question : questions) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("id", question.id());
            row.put("lang", question.lang());
            row.put("origin", "generator");
            row.put("kind", question.kind().name().toLowerCase(Locale.ROOT));
            row.put("messages", List.of(message("user", question.text()), message("assistant", question.answer())));
            lines.append(mapper.writeValueAsString(row)).append('\n');
            counts.merge(question.kind(), 1, Integer::sum);
        }
        AtomicFiles.write(file, lines.toString());
        System.out.println(file + ": " + questions.size() + " conversations " + counts);
    }

    private static Map<String, String> message(String role, String content) {
        Map<String, String> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }
}
