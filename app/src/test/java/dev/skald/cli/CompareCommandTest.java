package dev.skald.cli;

import static dev.skald.cli.CommandLineRun.skald;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code skald compare}: runs whose figures are known by hand, and what is refused. */
class CompareCommandTest {

    @TempDir
    private Path directory;

    /** Results of tasks with one metric each: {@code task=value}. */
    private Path results(String name, String... tasks) throws IOException {
        StringBuilder json = new StringBuilder("{\"results\": {");
        for (int i = 0; i < tasks.length; i++) {
            String[] each = tasks[i].split("=", -1);
            json.append(String.format(
                    Locale.ROOT,
                    "%s\"%s\": {\"acc,none\": %s, \"acc_stderr,none\": 0.03}",
                    i == 0 ? "" : ", ",
                    each[0],
                    each[1]));
        }
        Path folder = Files.createDirectories(directory.resolve(name));
        Files.writeString(folder.resolve("results_1.json"), json + "}, \"model_name\": \"m\"}");
        return folder;
    }

    /**
     * A model that gives all tokens the same probability has log2(258) bits for each byte and the end; one that knows that b follows a gives the
     * continuation b the probability 1, nearly. The task's two items are right for the second and for the first, which has no choice to prefer,
     * where the right choice comes first.
     */
    @Test
    void modelsThatAreKnownByHand() throws IOException {
        Path uniform =
                TinyLlama.bigram(new float[TinyLlama.VOCAB][TinyLlama.VOCAB]).write(directory.resolve("uniform"));
        float[][] scores = new float[TinyLlama.VOCAB][TinyLlama.VOCAB];
        scores['a']['b'] = 20;
        Path knowing = TinyLlama.bigram(scores).write(directory.resolve("knowing"));
        Files.writeString(
                directory.resolve("items.csv"), "q,first,second,right\n\"a\",b,c,0\n\"xa\",c,b,1\n\"ya\",c,b,1\n");
        Path task = Files.writeString(directory.resolve("quiz.yaml"), """
                task: quiz
                dataset_path: csv
                dataset_kwargs: {data_files: {test: items.csv}}
                test_split: test
                output_type: multiple_choice
                doc_to_text: q
                doc_to_choice: "{{[first, second]}}"
                doc_to_target: right
                target_delimiter: ""
                metric_list: [{metric: acc}, {metric: bits_per_character}]
                """);
        for (Path model : new Path[] {uniform, knowing}) {
            skald(
                            "evaluate",
                            "--model",
                            model,
                            "--dtype",
                            "f32",
                            "--tasks",
                            task,
                            "--out",
                            directory.resolve("results").resolve(model.getFileName()))
                    .result();
        }
        Path page = directory.resolve("page.html");
        JsonNode json = new ObjectMapper()
                .readTree(
                        skald("compare", directory.resolve("results"), "--baseline", "uniform", "--json", "--out", page)
                                .result());
        assertThat(json.get("baseline").textValue()).isEqualTo("uniform");
        JsonNode acc = json.at("/results/0/runs/knowing");
        assertThat(acc.get("value").doubleValue()).isEqualTo(1);
        assertThat(acc.at("/difference/value").doubleValue()).isCloseTo(2 / 3.0, offset(1e-12));
        assertThat(acc.at("/difference/test").textValue()).isEqualTo("mcnemar");
        assertThat(acc.at("/difference/p").doubleValue()).as("two heads of two").isCloseTo(0.5, offset(1e-12));
        assertThat(acc.at("/changed/wrong_to_right/count").intValue()).isEqualTo(2);
        assertThat(acc.at("/changed/wrong_to_right/first/0").toString())
                .contains(
                        "\"doc_id\":1",
                        "\"question\":\"xa\"",
                        "\"target\":\"b\"",
                        "\"baseline\":\"c\"",
                        "\"run\":\"b\"");
        JsonNode bits = json.at("/results/1/runs/knowing");
        assertThat(bits.at("/difference/value").doubleValue()).isCloseTo(-Math.log(258) / Math.log(2), offset(1e-4));
        assertThat(bits.at("/difference/better").booleanValue()).isTrue();
        assertThat(Files.readString(page)).startsWith("<!doctype html>").contains("knowing", "uniform");
    }

    @Test
    void theTableNamesRunsAndTheirDifferences() throws IOException {
        Path a = results("a", "t1=0.50", "t2=0.40");
        Path b = results("b", "t1=0.80", "t2=0.41");
        assertThat(skald("compare", a, "better=" + b).result()).isEqualTo("""
                         a             better
                t1 acc  0.500 ±0.059  0.800 ±0.059  +0.300 ±0.083*u
                t2 acc  0.400 ±0.059  0.410 ±0.059  +0.010 ±0.083u
                ±: half a 95 % interval; differences are to a
                *: not by chance (Holm over a run's differences, 0.05); u: not paired by item
                note: better: t1, t2: compared by standard errors, not by item: no samples
                """.replaceFirst("^ ", ""));
    }

    @Test
    void whatCannotBeComparedIsOneLine() throws IOException {
        Path a = results("a", "t1=0.5");
        Path b = results("b", "t2=0.5");
        Path c = results("c", "t1=NaN");
        assertThat(skald("compare", a).error()).contains("found one run, a", "expected two or more");
        assertThat(skald("compare", a, b).error()).isEqualTo("b has no task of a: found t2, expected one of t1");
        assertThat(skald("compare", a, a).error()).contains("is given twice");
        assertThat(skald("compare", a, a.resolve("results_1.json")).error())
                .contains("two runs are named 'a'", "name them");
        assertThat(skald("compare", a, c).error())
                .contains("c/results_1.json", "results.t1.acc,none: found NaN, expected a number");
        assertThat(skald("compare", a, directory.resolve("no")).error()).contains("no: no such file or directory");
        assertThat(skald("compare", a, Files.createDirectories(directory.resolve("empty")))
                        .error())
                .contains("empty: has no result");
        assertThat(skald("compare", a, results("d", "t1=0.4"), "--baseline", "aa")
                        .error())
                .contains("--baseline: no run is named 'aa'; did you mean 'a'?");
        assertThat(skald("compare", a, directory.resolve("d"), "--changed", "-1")
                        .error())
                .contains("--changed: found -1");
        Path other = Files.writeString(directory.resolve("config.json"), "{\"hidden_size\": 8}");
        assertThat(skald("compare", a, other).error()).contains("config.json: not a result file");
        Path broken = Files.writeString(directory.resolve("x.json"), "{\"results\": {\n\"t1\": ");
        assertThat(skald("compare", a, broken).error()).contains("x.json: line 2: not JSON");
        Path lines = Files.writeString(
                directory.resolve("e.jsonl"),
                "{\"model\": \"m\", \"dataset\": \"t1\", \"results\": {\"total\": {\"test_mcc\": 3.0}}}\n{\"model\"\n");
        assertThat(skald("compare", a, lines).error()).contains("e.jsonl: line 2: not JSON");
        Files.writeString(lines, "{\"doc_id\": 1}\n");
        assertThat(skald("compare", a, lines).error()).contains("e.jsonl: line 1: not a result of EuroEval");
    }

    @Test
    void brokenSamplesNameFileAndLine() throws IOException {
        Path a = results("a", "t1=0.5");
        Path b = results("b", "t1=0.5");
        String line =
                "{\"doc_id\": 0, \"doc\": {\"q\": 1}, \"metrics\": [\"acc\"], \"acc\": 1.0, \"filter\": \"none\"}\n";
        Files.writeString(a.resolve("samples_t1_1.jsonl"), line);
        for (String[] each : new String[][] {
            {line + "{\"doc_id\": 1,\n", "b/samples_t1_1.jsonl: line 2: not JSON"},
            {line + line, "b/samples_t1_1.jsonl: line 2: doc_id 0 with acc is there twice"},
            {line.replace("1.0", "NaN"), "b/samples_t1_1.jsonl: line 1: acc: found NaN, expected a number"},
            {"{\"acc\": 1}\n", "b/samples_t1_1.jsonl: line 1: doc_id is missing"},
            {"[1]\n", "b/samples_t1_1.jsonl: line 1: found array, expected an object"}
        }) {
            Files.writeString(b.resolve("samples_t1_1.jsonl"), each[0]);
            assertThat(skald("compare", a, b, "--out", directory.resolve("no.html"))
                            .error())
                    .contains(each[1]);
        }
        assertThat(directory.resolve("no.html")).doesNotExist();
    }
}
