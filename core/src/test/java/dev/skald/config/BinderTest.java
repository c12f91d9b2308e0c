package dev.skald.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BinderTest {

    enum Colour {
        RED,
        DARK_BLUE
    }

    record Percent(double of) implements OneValue {
        static Percent read(Value value) {
            return new Percent(value.number() / 100);
        }

        @Override
        public Object written() {
            return of * 100;
        }
    }

    record Wheel(
            @Key(value = "Diameter in inches.", alone = true)
            String size,

            @Key(value = "How many.", defaultValue = "1") int count) {}

    record Car(
            @Key("Name.") String name,

            @Key("Seats; unknown when not given.") Integer seatCount,

            @Key(value = "Metres.", defaultValue = "4.5") double length,

            @Key(value = "Steps.", defaultValue = "5e8") long steps,

            @Key(value = "Whether it runs.", defaultValue = "true")
            boolean runs,

            @Key(value = "Paint.", defaultValue = "red") Colour colour,

            @Key(value = "Slope.", defaultValue = "12") Percent slope,

            @Key("Wheels.") List<Wheel> wheels,

            @Key(value = "Labels.", defaultValue = "[\"a\", \"b\"]")
            List<String> labels,

            @Key("Of each colour.") Map<String, Double> weights,

            @Key(value = "The spare one.", defaultValue = "{\"size\": \"small\"}")
            Wheel spare) {

        Car {
            if (name != null && name.isBlank()) {
                throw new InvalidInputException("name: found nothing, expected a name");
            }
        }
    }

    private static Car yaml(String text) {
        return new Binder(
                        ConfigFile.parseYaml("car.yaml", text), new ForeignKeys().without("it is quiet here", "radio"))
                .reading(Percent.class, Percent::read)
                .bind(Car.class);
    }

    @Test
    void whatIsNotGivenOrEmptyHasTheDefault() {
        Car defaults = new Car(
                null,
                null,
                4.5,
                500_000_000,
                true,
                Colour.RED,
                new Percent(0.12),
                List.of(),
                List.of("a", "b"),
                Map.of(),
                new Wheel("small", 1));
        assertThat(yaml("")).isEqualTo(defaults);
        assertThat(yaml("seat_count:\nlength: null\nruns: ~\nwheels:\nweights:\nspare:\n"))
                .isEqualTo(defaults);
    }

    @Test
    void valuesOfEveryKind() {
        Car car = yaml("""
                name: 2024
                seat_count: "1_004"
                length: 2e-5
                steps: 9007199254740993
                runs: no
                colour: Dark_Blue
                slope: "50"
                wheels: [{size: big, count: 2.0}, tiny]
                labels: one
                weights: {red: 1, dark_blue:, other: "0.5"}
                spare: {count: 3}
                """);
        assertThat(car)
                .isEqualTo(new Car(
                        "2024",
                        1004,
                        2e-5,
                        9_007_199_254_740_993L,
                        false,
                        Colour.DARK_BLUE,
                        new Percent(0.5),
                        List.of(new Wheel("big", 2), new Wheel("tiny", 1)),
                        List.of("one"),
                        Map.of("red", 1.0, "other", 0.5),
                        new Wheel(null, 3)));
        assertThat(yaml("wheels: tiny").wheels()).containsExactly(new Wheel("tiny", 1));
    }

    @Test
    void whatIsWrittenIsReadAsTheSame() {
        Car car = yaml("name: 'yes'\nlength: 1e-10\nlabels: []\nweights: {a.b: 2}\nwheels: ['0x1f']");
        assertThat(yaml(ConfigWriter.toYaml(car))).isEqualTo(car);
        assertThat(new Binder(ConfigFile.parseJson("car.json", ConfigWriter.toJson(car)))
                        .reading(Percent.class, Percent::read)
                        .bind(Car.class))
                .isEqualTo(car);
        assertThat(ConfigWriter.toYaml(car)).contains("labels: []", "steps: 500000000", "colour: red");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            seat_count: [4]         | car.yaml: seat_count: found a list, expected a whole number
            seat_count: {}          | car.yaml: seat_count: found keys and values, expected a whole number
            seat_count: 4.5         | car.yaml: seat_count: found 4.5, expected a whole number up to 2147483647
            seat_count: 3000000000  | car.yaml: seat_count: found 3000000000, expected a whole number up to 2147483647
            seat_count: true        | car.yaml: seat_count: found true, expected a whole number
            length: long            | car.yaml: length: found "long", expected a number
            length: .nan            | car.yaml: length: found ".nan", expected a number
            length: .inf            | car.yaml: length: found ".inf", expected a number
            runs: 1                 | car.yaml: runs: found 1, expected true or false
            seat_count: 017a        | car.yaml: seat_count: found "017a", expected a whole number
            name: [a]               | car.yaml: name: found a list, expected a text
            name: ' '               | car.yaml: name: found nothing, expected a name
            colour: pink            | car.yaml: colour: found "pink", expected one of red, dark_blue
            wheels: 3               | car.yaml: wheels: found 3, expected a list
            wheels: {size: big}     | car.yaml: wheels: found keys and values, expected a list
            wheels: [a, ]           | ok
            wheels: [a, null]       | car.yaml: wheels[1]: found empty, expected keys and values
            labels: [a, ~]          | car.yaml: labels[1]: found empty, expected a text
            wheels: [{count: x}]    | car.yaml: wheels[0].count: found "x", expected a whole number
            weights: {red: [1]}     | car.yaml: weights.red: found a list, expected a number
            weights: []             | car.yaml: weights: found an empty list, expected keys and values
            spare: 4                | car.yaml: spare: found 4, expected keys and values
            slope: steep            | car.yaml: slope: found "steep", expected a number
            lenght: 1               | car.yaml: unknown key 'lenght'; did you mean 'length'?
            spare: {siez: 1}        | car.yaml: unknown key 'spare.siez'; did you mean 'spare.size'?
            spare: {hubcap: 1}      | car.yaml: unknown key 'spare.hubcap'; expected one of size, count
            [1]                     | car.yaml: found a list, expected keys and values
            """)
    void aWrongValueIsNamed(String line, String message) {
        if (message.equals("ok")) {
            assertThat(yaml(line).wheels()).hasSize(1);
            return;
        }
        assertThatThrownBy(() -> yaml(line))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(message);
    }

    /** What YAML 1.1 would take for false, for an octal number or for a fraction stays what was written where a text is asked for. */
    @ParameterizedTest
    @CsvSource({"no", "on", "1.10", "017", "0x1f", "1_000", "2e5", "1e400", ".nan", "2024-01-01", "12:30"})
    void aTextStaysAsItIsWritten(String text) {
        assertThat(yaml("name: " + text).name()).isEqualTo(text);
        assertThat(yaml(ConfigWriter.toYaml(yaml("name: '" + text + "'"))).name())
                .isEqualTo(text);
    }

    /** A key at the top that only holds what others stand for; one that may be a misspelling, or that nothing refers to, is none. */
    @Test
    void aKeyMayHoldAnAnchor() {
        Car car = yaml("""
                x-wheel: &wheel {size: a}
                common: &common
                  length: 3
                  spare: *wheel
                some_number: &n 7
                <<: *common
                seat_count: *n
                wheels: [*wheel, {<<: *wheel, count: 2}]
                """);
        assertThat(car.length()).isEqualTo(3);
        assertThat(car.seatCount()).isEqualTo(7);
        assertThat(car.wheels()).containsExactly(new Wheel("a", 1), new Wheel("a", 2));
        assertThat(car.spare()).isEqualTo(new Wheel("a", 1));
        assertThatThrownBy(() -> yaml("x-wheel: &wheel {size: a}")).hasMessageContaining("unknown key 'x-wheel'");
        assertThatThrownBy(() -> yaml("lenght: &l 3\nsteps: *l")).hasMessageContaining("did you mean 'length'?");
        assertThatThrownBy(() -> yaml("x: &x {size: a}\nspare: {<<: *x, holder: &h 3, count: *h}"))
                .hasMessageContaining("unknown key 'spare.holder'");
    }

    @Test
    void allUnknownKeysAreListedAtOnce() {
        assertThatThrownBy(() -> yaml("lenght: 1\nwheels: [{size: a}, {cuont: 2}]\nspare: {colour: x}\nname: [1]"))
                .hasMessage(
                        "car.yaml: unknown keys 'lenght' (did you mean 'length'?), "
                                + "'wheels[1].cuont' (did you mean 'wheels[1].count'?), 'spare.colour' (expected one of size, count)");
    }

    @Test
    void aKeyWithoutEffectIsAWarning() {
        Binder binder = new Binder(
                        ConfigFile.parseYaml("car.yaml", "radio: on\nspare: {size: b, paint: 3}"),
                        new ForeignKeys().without("it is quiet here", "radio").without("it is hidden", "spare.p*"))
                .reading(Percent.class, Percent::read);
        assertThat(binder.bind(Car.class).spare()).isEqualTo(new Wheel("b", 1));
        assertThat(binder.warnings())
                .containsExactly(
                        "car.yaml: radio has no effect: it is quiet here",
                        "car.yaml: spare.paint has no effect: it is hidden");
    }

    @Test
    void keysOfAnotherProgram() {
        ForeignKeys foreign = new ForeignKeys()
                .without("it is quiet here", "radio", "radio_*")
                .refused("wheels do not float", "boat", "boat_*", "wheels.sail")
                .refusedUnless("petrol", "petrol is all there is", "fuel");
        assertThat(warnings(
                        "radio_volume: 3\nradio: false\nboat: no\nboat_keel: {enabled: false}\nfuel: petrol", foreign))
                .containsExactly("car.yaml: radio_volume has no effect: it is quiet here");
        assertThat(warnings("anything:\nboat: []\nboat_sails: 0\nfuel: ''\nradio: {}", foreign))
                .isEmpty();
        assertThat(warnings("cup_holder: false", foreign))
                .containsExactly("car.yaml: cup_holder has no effect: nothing of that name is here, so that it is off");
        assertThatThrownBy(() -> warnings("lenght: false", foreign))
                .hasMessage("car.yaml: unknown key 'lenght'; did you mean 'length'?");
        assertThatThrownBy(() -> warnings(
                        "fuel: coal\nlenght: 3\nboat_keel: [1]\nwheels: [{sail: {enabled: true}}]\ncup_holder: 1",
                        foreign))
                .hasMessage("car.yaml: unknown keys 'lenght' (did you mean 'length'?), 'cup_holder'; "
                        + "fuel: found \"coal\", but petrol is all there is; boat_keel: found a list, but wheels do not float; "
                        + "wheels[0].sail: found keys and values, but wheels do not float");
    }

    private static List<String> warnings(String yaml, ForeignKeys foreign) {
        Binder binder =
                new Binder(ConfigFile.parseYaml("car.yaml", yaml), foreign).reading(Percent.class, Percent::read);
        assertThat(binder.bind(Car.class).name()).isNull();
        return binder.warnings();
    }

    record Named(
            @Key(
                    value = "Its name.",
                    alsoCalled = {"title", "label"})
            String name,

            @Key(value = "Its size.", defaultValue = "3") int size) {}

    @Test
    void otherNamesOfAKey() {
        assertThat(named("title: a", "")).isEqualTo(new Named("a", 3));
        assertThat(named("name: b\ntitle:", "")).isEqualTo(new Named("b", 3));
        assertThatThrownBy(() -> named("name: b\nlabel: c", ""))
                .hasMessage("n.yaml: name is also given as label: give one of them");
        assertThatThrownBy(() -> named("titel: b", ""))
                .hasMessage("n.yaml: unknown key 'titel'; did you mean 'title'?");
    }

    @Test
    void aTextForNoValue() {
        assertThat(named("name: auto\nsize: auto", "auto")).isEqualTo(new Named("auto", 3));
        assertThatThrownBy(() -> named("size: auto", ""))
                .hasMessageContaining("found \"auto\", expected a whole number");
    }

    private static Named named(String yaml, String absent) {
        Binder binder = new Binder(ConfigFile.parseYaml("n.yaml", yaml));
        return (absent.isEmpty() ? binder : binder.absent(absent)).bind(Named.class);
    }

    record Required(@Key("Has to be there.") int size) {}

    @Test
    void whatHasToBeThereIsMissed() {
        assertThatThrownBy(() -> new Binder(ConfigFile.parseJson("a.json", "{}")).bind(Required.class))
                .hasMessage("a.json: size is missing");
    }

    @Test
    void keysAreSetFromTheCommandLine() {
        ConfigFile file = ConfigFile.parseYaml("car.yaml", "name: a\nspare: {count: 2}");
        file.override(List.of("spare.size=b", "length=1e-3", "labels=[x]", "weights.red=2", "name="));
        Car car = new Binder(file).reading(Percent.class, Percent::read).bind(Car.class);
        assertThat(car.spare()).isEqualTo(new Wheel("b", 2));
        assertThat(car.length()).isEqualTo(1e-3);
        assertThat(car.labels()).containsExactly("x");
        assertThat(car.weights()).isEqualTo(Map.of("red", 2.0));
        assertThat(car.name()).isNull();
        file.override(List.of("name=no"));
        assertThat(file.value().at("name").text()).isEqualTo("no");
        assertThatThrownBy(() -> file.override(List.of("length"))).hasMessageContaining("expected key=value");
        assertThatThrownBy(() -> file.override(List.of("length=[1"))).hasMessageStartingWith("'length=[1'");
    }

    @Test
    void aFileThatCannotBeReadIsNamedWithItsLine() {
        assertThatThrownBy(() -> yaml("a: [1\nb: 2")).hasMessageStartingWith("car.yaml:2: ");
        assertThatThrownBy(() -> yaml("name: a\n---\nname: b"))
                .hasMessage("car.yaml:2: found a second document, expected one");
        assertThatThrownBy(() -> yaml("name: a\nname: b")).hasMessageContaining("uplicate");
        assertThatThrownBy(() -> ConfigFile.parseJson("a.json", "{\"a\": 1}}{")).hasMessageStartingWith("a.json:1: ");
        assertThatThrownBy(() -> ConfigFile.parseJson("a.json", "{\"a\": 1, \"a\": 2}"))
                .hasMessageContaining("uplicate");
    }
}
