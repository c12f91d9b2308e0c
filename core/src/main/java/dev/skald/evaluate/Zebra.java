package dev.skald.evaluate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/**
 * A small puzzle of the kind of "Who owns the zebra?": three people in a row, each with an animal; hints that leave one arrangement, none of which can be
 * left out; and the question whose an animal is, which no hint answers by itself.
 *
 * @param right the person's place in {@code people}
 */
record Zebra(String text, List<String> people, int right) {

    private static final List<String> NAMES = List.of("Anna", "Erik", "Sara", "Jonas", "Maria", "Nils");
    private static final int[][] ORDERS = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    /**
     * Who stands where, and has what.
     *
     * @param place of each person
     * @param pet of each person
     */
    @SuppressWarnings("ArrayRecordComponent")
    private record Arrangement(int[] place, int[] pet) {}

    private record Hint(String text, boolean answers, Predicate<Arrangement> holds) {}

    static Zebra of(ProbeLanguage language, Random random) {
        List<String> people = drawn(NAMES, random);
        List<String> pets = drawn(language.pets(), random);
        Arrangement truth = new Arrangement(ORDERS[random.nextInt(6)], ORDERS[random.nextInt(6)]);
        int asked = random.nextInt(3);
        List<Hint> hints = hints(language, people, pets, asked);
        hints.removeIf(hint -> hint.answers || !hint.holds.test(truth));
        Collections.shuffle(hints, random);
        for (Hint hint : List.copyOf(hints)) {
            hints.remove(hint);
            if (left(hints) > 1) {
                hints.add(hint);
            }
        }
        StringBuilder text = new StringBuilder(language.row()
                .formatted(people.get(0), people.get(1), people.get(2), pets.get(0), pets.get(1), pets.get(2)));
        hints.forEach(hint -> text.append(' ').append(hint.text));
        text.append(' ').append(language.who().formatted(pets.get(asked)));
        int right = 0;
        while (truth.pet[right] != asked) {
            right++;
        }
        return new Zebra(text.toString(), people, right);
    }

    private static List<String> drawn(List<String> all, Random random) {
        List<String> shuffled = new ArrayList<>(all);
        Collections.shuffle(shuffled, random);
        return List.copyOf(shuffled.subList(0, 3));
    }

    /** In how many arrangements all hints hold. */
    private static int left(List<Hint> hints) {
        int left = 0;
        for (int[] place : ORDERS) {
            for (int[] pet : ORDERS) {
                Arrangement each = new Arrangement(place, pet);
                left += hints.stream().allMatch(hint -> hint.holds.test(each)) ? 1 : 0;
            }
        }
        return left;
    }

    private static List<Hint> hints(ProbeLanguage language, List<String> people, List<String> pets, int asked) {
        List<Hint> hints = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int one = i;
            for (int j = 0; j < 3; j++) {
                int other = j;
                hints.add(new Hint(
                        language.stands()
                                .formatted(people.get(i), language.places().get(j)),
                        false,
                        each -> each.place[one] == other));
                hints.add(new Hint(
                        language.owner()
                                .formatted(pets.get(i), language.places().get(j)),
                        false,
                        each -> {
                            int owner = 0;
                            while (each.pet[owner] != one) {
                                owner++;
                            }
                            return each.place[owner] == other;
                        }));
                hints.add(new Hint(
                        people.get(i) + " har " + language.not() + " " + pets.get(j) + ".",
                        false,
                        each -> each.pet[one] != other));
                hints.add(new Hint(
                        people.get(i) + " har " + pets.get(j) + ".", j == asked, each -> each.pet[one] == other));
                if (i != j) {
                    hints.add(new Hint(
                            language.left().formatted(people.get(i), people.get(j)),
                            false,
                            each -> each.place[one] + 1 == each.place[other]));
                }
            }
        }
        return hints;
    }
}
