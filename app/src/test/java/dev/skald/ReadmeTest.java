package dev.skald;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs every command and every Java snippet that README.md shows, in its order, in a directory that has what a user would bring: a tiny model
 * in the place of Llama-3-8B, a few texts. What the README then says is there, has to be there.
 */
class ReadmeTest {

    /** Commands that are shown and not run here, with the reason; what begins with one of them is passed over. */
    private static final Map<String, String> NOT_RUN = Map.of(
            "mvn verify", "runs this test",
            "git clone", "needs the network",
            "cd skald", "the test is there");

    /** Blocks that are no commands; what begins with one of them is passed over. */
    private static final List<String> NOT_COMMANDS = List.of("raw text -> ");

    /** What users bring, by the name that the README gives it. */
    private static final Map<String, StandIn> STAND_INS = Map.of(
            "Llama-3-8B", ReadmeTest::writeModel,
            "Llama-3-8B-instruct", ReadmeTest::writeChatModel,
            "my-texts", ReadmeTest::writeTexts,
            "my-conversations.jsonl", ReadmeTest::writeConversations,
            "held-out.jsonl.gz", ReadmeTest::writeHeldOut);

    private static final List<String> JAVA_IMPORTS = List.of(
            "dev.skald.evaluate.*",
            "dev.skald.generate.*",
            "dev.skald.model.*",
            "dev.skald.nano.*",
            "dev.skald.tokenizer.*",
            "dev.skald.train.*",
            "java.nio.file.*");

    private static final Path README = Path.of("README.md").toAbsolutePath();
    private static final Path PROJECT = README.getParent();
    private static final long TIMEOUT_SECONDS = 900;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A file or directory with separators between its names, in the running text. */
    private static final Pattern PROMISED_FILE = Pattern.compile("`([\\w.-]+(?:/[\\w.-]+)+)`");

    private static final Pattern SENTENCE_END = Pattern.compile("(?<=[.!?])\\s+");

    @TempDir
    private Path work;

    private interface StandIn {
        void write(Path target) throws IOException;
    }

    /**
     * A block of code.
     *
     * @param line of the README that it begins on, from 1
     * @param language of a fenced block; "" of an indented one
     * @param text without indentation
     */
    private record Block(int line, String language, String text) {

        boolean isShell() {
            return List.of("", "sh", "bash", "console").contains(language);
        }
    }

    @Test
    void everyCommandRunsAndLeavesWhatIsPromised() throws IOException, InterruptedException {
        List<String> lines = Files.readAllLines(README);
        List<Block> blocks = blocks(lines);
        bring(blocks);
        int run = 0;
        for (Block block : blocks) {
            if (block.isShell()) {
                run += runShell(block) ? 1 : 0;
            } else if (block.language().equals("java")) {
                runJava(block);
                run++;
            }
        }
        assertThat(run).as("blocks that were run").isGreaterThan(3);
        for (String line : lines) {
            PROMISED_FILE.matcher(line).results().map(found -> found.group(1)).forEach(name -> {
                if (Files.exists(work.resolve(name.substring(0, name.indexOf('/'))))) {
                    assertThat(work.resolve(name)).as("promised in: " + line).exists();
                }
            });
        }
    }

    @Test
    void blocksAreFound() {
        List<Block> blocks = blocks(List.of(
                "text",
                "",
                "    one \\",
                "      more",
                "",
                "    two",
                "",
                "1. a list",
                "    goes on",
                "",
                "```java",
                "f();",
                "```"));
        assertThat(blocks).containsExactly(new Block(3, "", "one \\\n  more\n\ntwo"), new Block(11, "java", "f();"));
        assertThat(commands("one \\\n  more\n\ntwo # why\n")).containsExactly("one   more", "two # why");
    }

    /** Indented blocks after an empty line, and fenced ones. */
    private static List<Block> blocks(List<String> lines) {
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            int first = i;
            List<String> text = new ArrayList<>();
            if (lines.get(i).startsWith("```")) {
                for (i++; !lines.get(i).startsWith("```"); i++) {
                    text.add(lines.get(i));
                }
                blocks.add(new Block(first + 1, lines.get(first).substring(3).strip(), String.join("\n", text)));
            } else if (lines.get(i).startsWith("    ")
                    && i > 0
                    && lines.get(i - 1).isBlank()) {
                for (;
                        i < lines.size()
                                && (lines.get(i).isBlank() || lines.get(i).startsWith("    "));
                        i++) {
                    text.add(lines.get(i).isBlank() ? "" : lines.get(i).substring(4));
                }
                blocks.add(new Block(first + 1, "", String.join("\n", text).strip()));
                i--;
            }
        }
        return blocks;
    }

    /** The commands of a block, those that go on in the next line joined. */
    private static List<String> commands(String text) {
        return text.replace("\\\n", "")
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }

    /** Lays what the blocks name: stand-ins, Skald itself, its configurations. */
    private void bring(List<Block> blocks) throws IOException {
        String all = blocks.stream().map(Block::text).collect(Collectors.joining("\n"));
        for (Map.Entry<String, StandIn> each : STAND_INS.entrySet()) {
            if (all.contains(each.getKey())) {
                each.getValue().write(work.resolve(each.getKey()));
            }
        }
        try (Stream<Path> configs = Files.walk(PROJECT.resolve("configs"))) {
            for (Path file : configs.toList()) {
                Files.copy(file, work.resolve(PROJECT.relativize(file).toString()));
            }
        }
        Path skald = work.resolve("skald");
        Files.writeString(skald, "#!/bin/sh\nexec " + String.join(" ", java()) + " dev.skald.cli.Main \"$@\"\n");
        assertThat(skald.toFile().setExecutable(true)).isTrue();
    }

    /** Starts a JVM as the launcher does, on what was just compiled. */
    private static List<String> java() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + PROJECT.resolve("jvm.options"),
                "@" + PROJECT.resolve("jvm-spark.options"),
                "-Xlog:disable",
                "-cp",
                System.getProperty("java.class.path"));
    }

    /** Returns whether there was something to run. */
    private boolean runShell(Block block) throws IOException, InterruptedException {
        if (NOT_COMMANDS.stream().anyMatch(block.text()::startsWith)) {
            return false;
        }
        String script = commands(block.text()).stream()
                .filter(command -> NOT_RUN.keySet().stream().noneMatch(command::startsWith))
                .collect(Collectors.joining("\n"));
        if (script.isEmpty()) {
            return false;
        }
        Set<String> before = files();
        String out = run(block, List.of("bash", "-e", "-u", "-o", "pipefail", "-c", script));
        Set<String> made = files();
        made.removeAll(before);
        assertThat(!out.isBlank() || !made.isEmpty())
                .as("README.md line %d prints something or makes a file: %s", block.line(), script)
                .isTrue();
        return true;
    }

    private void runJava(Block block) throws IOException, InterruptedException {
        Path source = work.resolve("Snippet" + block.line() + ".java");
        String imports =
                JAVA_IMPORTS.stream().map(name -> "import " + name + ";\n").collect(Collectors.joining());
        Files.writeString(source, imports + "void main() throws Exception {\n" + block.text() + "\n}\n");
        List<String> command = new ArrayList<>(java());
        command.add(source.toString());
        assertThat(run(block, command)).isNotBlank();
    }

    /** What a command prints on standard output; it has to end well. */
    private String run(Block block, List<String> command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(work, ".out", "");
        Path err = Files.createTempFile(work, ".err", "");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(work.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            process.getOutputStream().close();
            boolean ended = process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            if (!ended) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            if (!ended || process.exitValue() != 0) {
                fail(
                        "README.md line %d: %s:%n%n%s%n%n%s%n%nA name of something that users bring needs a stand-in in STAND_INS; a command that cannot be run here, a reason in NOT_RUN.",
                        block.line(),
                        ended
                                ? "exit code " + process.exitValue()
                                : "has not ended after " + TIMEOUT_SECONDS + " seconds",
                        block.text(),
                        tail(Files.readString(err)));
            }
            return Files.readString(out);
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static String tail(String log) {
        List<String> lines = log.lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
    }

    /** All files of the work directory. */
    private Set<String> files() throws IOException {
        try (Stream<Path> all = Files.walk(work)) {
            return all.map(Path::toString).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static void writeChatModel(Path directory) {
        TinyLlama tiny = TinyLlama.random(2);
        tiny.tokenizerConfig()
                .put(
                        "chat_template",
                        "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}");
        tiny.write(directory);
    }

    private static void writeModel(Path directory) throws IOException {
        TinyLlama tiny = TinyLlama.random(1)
                .withSpecialTokens(List.of("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"));
        tiny.config().put("max_position_embeddings", 8192);
        tiny.write(directory);
    }

    /** Conversations enough for a step of configs/instruct: the demo's, several times. */
    private static void writeConversations(Path file) throws IOException {
        try (InputStream in = ReadmeTest.class.getResourceAsStream("/dev/skald/demo/conversations.jsonl")) {
            Files.writeString(file, new String(in.readAllBytes(), StandardCharsets.UTF_8).repeat(6));
        }
    }

    /** Documents enough for a step of configs/nordic-8b: the demo's sentences, in other company each time. */
    private static void writeTexts(Path directory) throws IOException {
        Files.createDirectories(directory);
        Random random = new Random(1);
        for (String language : List.of("sv", "da", "nb")) {
            List<String> sentences = new ArrayList<>();
            for (String text : demoTexts(language)) {
                SENTENCE_END.splitAsStream(text).forEach(sentences::add);
            }
            try (Writer out = Files.newBufferedWriter(directory.resolve(language + ".jsonl"))) {
                for (int i = 0; i < 80; i++) {
                    Collections.shuffle(sentences, random);
                    String text = String.join(" ", sentences.subList(0, 12));
                    out.write(JSON.writeValueAsString(Map.of("text", text)) + "\n");
                }
            }
        }
    }

    private static void writeHeldOut(Path file) throws IOException {
        try (Writer out =
                new OutputStreamWriter(new GZIPOutputStream(Files.newOutputStream(file)), StandardCharsets.UTF_8)) {
            for (String text : demoTexts("validation-sv")) {
                out.write(JSON.writeValueAsString(Map.of("text", text)) + "\n");
            }
        }
    }

    private static List<String> demoTexts(String name) throws IOException {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(ReadmeTest.class.getResourceAsStream("/dev/skald/demo/" + name + ".jsonl")),
                StandardCharsets.UTF_8))) {
            List<String> texts = new ArrayList<>();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                texts.add(JSON.readTree(line).get("text").textValue());
            }
            return texts;
        }
    }
}
