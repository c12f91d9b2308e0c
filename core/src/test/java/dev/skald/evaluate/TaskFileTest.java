package dev.skald.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskFileTest {

    private static final String QUIZ = """
            task: quiz
            dataset_path: json
            dataset_kwargs:
              data_files: {test: items.jsonl}
            test_split: test
            output_type: multiple_choice
            doc_to_text: "Fråga: {{question}}\\nSvar:"
            doc_to_choice: "{{choices}}"
            doc_to_target: answer
            """;

    @TempDir
    private Path directory;

    private static Row row(Object choices, Object answer) {
        return new Row(Map.of("question", "Vad är 1 + 1?", "choices", choices, "answer", answer), "items.jsonl:1");
    }

    private Task read(String yaml, Row... rows) throws IOException {
        Path file = Files.writeString(directory.resolve("quiz.yaml"), yaml);
        Files.writeString(directory.resolve("items.jsonl"), "");
        return TaskFile.read(file, _ -> List.of(rows)).getFirst();
    }

    @Test
    void choicesAndContext() throws IOException {
        Row row = row(List.of("ett", "it's två"), 1);
        Task task = read(QUIZ + "description: \"Svara.\\n\\n\"\n", row);
        assertThat(task.templates().choices(row)).containsExactly("ett", "it's två");
        assertThat(task.templates().gold(row, List.of("ett", "it's två"))).containsExactly(1);
        assertThat(task.context(row, List.of(row)))
                .isEqualTo("Svara.\n\nFråga: Vad är 1 + 1?\nSvar: it's två\n\nFråga: Vad är 1 + 1?\nSvar:");
    }

    @Test
    void aChildWinsOverWhatItIncludes() throws IOException {
        Files.writeString(directory.resolve("base.yaml"), QUIZ);
        Task task = read("include: base.yaml\ntask: child\nnum_fewshot: 3\n", row(List.of("a"), 0));
        assertThat(task.name()).isEqualTo("child");
        assertThat(task.numFewshot()).isEqualTo(3);
    }

    @Test
    void errorsNameFileAndLine() {
        refused(QUIZ + "process_results: !function utils.f\n", "quiz.yaml:10: !function utils.f is Python code");
        refused(QUIZ + "doc_to_txt: a\n", "quiz.yaml:10: unknown key 'doc_to_txt'; did you mean 'doc_to_text'?");
        refused(
                QUIZ.replace("test_split: test", "test_split: dev"),
                "quiz.yaml:5: test_split: found 'dev', expected one of test");
        refused(
                QUIZ.replace("path: json", "path: hellaswag"),
                "quiz.yaml:2: dataset_path: found 'hellaswag', expected json, csv");
        assertThatThrownBy(() -> read(QUIZ)).hasMessageContaining("the task has no items");
    }

    private void refused(String yaml, String message) {
        assertThatThrownBy(() -> read(yaml, row(List.of("a"), 0)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(message);
    }

    @Test
    void rowsThatDoNotFitNameTheirLine() throws IOException {
        Task task = read(QUIZ, row(List.of("a"), 0));
        assertThatThrownBy(() -> task.templates().choices(row(List.of("a", ""), 0)))
                .hasMessage("items.jsonl:1: choice 1 is empty");
        assertThatThrownBy(() -> task.templates().gold(row(List.of("a"), 3), List.of("a")))
                .hasMessageStartingWith("items.jsonl:1: doc_to_target: found 3");
        assertThatThrownBy(() -> task.templates().text(new Row(Map.of("q", "x"), "items.jsonl:7")))
                .hasMessageContaining("items.jsonl:7")
                .hasMessageContaining("'question' is undefined")
                .hasMessageContaining("columns are q");
    }
}
