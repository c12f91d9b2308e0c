package dev.skald.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.TinyLlama;
import dev.skald.evaluate.Asked.Reply;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Prompts and requests to the character, and numbers to 1e-6, are those of lm-evaluation-harness itself for the same answers of the model: lmeval_golden.py
 * runs it on the task files of this test.
 */
class LmEvalTest {

    private static final Path FOLDER = Path.of("core/src/test/resources/dev/skald/evaluate");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    static Stream<String> runs() throws IOException {
        List<String> names = new ArrayList<>();
        golden().fieldNames().forEachRemaining(names::add);
        return names.stream();
    }

    private static JsonNode golden() throws IOException {
        return JSON.readTree(FOLDER.resolve("lmeval_golden.json").toFile());
    }

    @ParameterizedTest
    @MethodSource("runs")
    void asTheHarness(String run) throws IOException {
        JsonNode golden = golden().get(run);
        String name = run.substring(0, run.indexOf(' '));
        int shots = Integer.parseInt(run.substring(run.indexOf(' ') + 1));
        Task task = TaskFile.read(FOLDER.resolve("lmeval/" + name + ".yaml"), LmEvalTest::rows)
                .getFirst();
        List<List<String>> requests = new ArrayList<>();
        List<TaskRun.Item> items = new ArrayList<>();
        try (Generator model = Generator.load(
                TinyLlama.bigram(new float[TinyLlama.VOCAB][TinyLlama.VOCAB]).write(directory.resolve("model")))) {
            Asking asking = new Asking(task, new Encoding(model.tokenizer(), 100_000));
            FewShots.Draw draw = task.shots().new Draw(1234);
            for (Row row : task.rows()) {
                Asked asked = asking.of(items.size(), row, task.context(row, draw.of(row, shots)));
                List<List<String>> arguments = asked.item()
                        .apply(asked.asks().stream().map(_ -> nothing(task)).toList())
                        .arguments();
                requests.addAll(arguments);
                items.add(asked.item()
                        .apply(arguments.stream()
                                .map(each -> reply(task, row, each))
                                .toList()));
            }
        }
        List<List<String>> expected = new ArrayList<>();
        golden.get("requests").forEach(request -> {
            List<String> texts = new ArrayList<>();
            texts.add(request.get(2).textValue());
            if (request.path(3).isTextual()) {
                texts.add(request.get(3).textValue());
            }
            expected.add(texts);
        });
        assertThat(requests).isEqualTo(expected);
        int compared = 0;
        for (TaskRun.Score score : TaskRun.result(task, shots, items, 1234).scores()) {
            JsonNode value = golden.get("results").get(score.key());
            assertThat(score.value())
                    .as(score.key())
                    .isCloseTo(value.doubleValue(), offset(1e-6 * Math.max(1, value.doubleValue())));
            compared++;
            if (score.metric().aggregation(task.type()) == Aggregation.MEAN) {
                // The others are by bootstrap, whose draws are of another generator.
                assertThat(score.stderr().orElseThrow())
                        .as(score.key())
                        .isCloseTo(
                                golden.get("results")
                                        .get(score.metric().key() + "_stderr," + score.filter())
                                        .doubleValue(),
                                offset(1e-6));
            }
        }
        assertThat(2 * compared).isEqualTo(golden.get("results").size());
    }

    private static Reply nothing(Task task) {
        return task.type() == OutputType.GENERATE_UNTIL ? new Reply.Said("") : new Reply.Likelihood(0, false);
    }

    /** As the script answers. */
    private static Reply reply(Task task, Row row, List<String> request) {
        double share = hashed(String.join("|", request));
        return switch (task.type()) {
            case MULTIPLE_CHOICE, LOGLIKELIHOOD -> new Reply.Likelihood(-40 * share, share < 0.5);
            case LOGLIKELIHOOD_ROLLING -> new Reply.Likelihood(-10 - 90 * share, false);
            case GENERATE_UNTIL -> {
                List<?> replies = (List<?>) row.fields().get("replies");
                yield new Reply.Said(replies.get((int) (share * replies.size())).toString());
            }
        };
    }

    private static double hashed(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            int bits = ((hash[0] & 0xff) << 16) | ((hash[1] & 0xff) << 8) | (hash[2] & 0xff);
            return bits / (double) (1 << 24);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Row> rows(Path file) throws IOException {
        List<Row> rows = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            rows.add(new Row(
                    JSON.readValue(line, new TypeReference<Map<String, Object>>() {}),
                    file.getFileName() + ":" + (rows.size() + 1)));
        }
        return rows;
    }
}
