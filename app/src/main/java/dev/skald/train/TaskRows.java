package dev.skald.train;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.base.StrictJson;
import dev.skald.evaluate.Row;
import dev.skald.text.RowReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The rows of an evaluation task's data file, of any format that {@link RowReader} reads. */
public final class TaskRows {

    private TaskRows() {}

    /**
     * Reads a file.
     *
     * @throws dev.skald.InvalidInputException when it has no rows' format, or a row is not valid
     */
    public static List<Row> read(Path file) throws IOException {
        ObjectMapper mapper = StrictJson.mapper();
        List<Row> rows = new ArrayList<>();
        try (RowReader reader = RowReader.open(file)) {
            for (dev.skald.text.Row row = reader.next(); row != null; row = reader.next()) {
                Map<String, Object> fields =
                        mapper.convertValue(row.fields(), new TypeReference<Map<String, Object>>() {});
                rows.add(new Row(fields, row.place().toString()));
            }
        }
        return rows;
    }
}
