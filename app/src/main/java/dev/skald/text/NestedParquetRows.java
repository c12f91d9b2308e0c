package dev.skald.text;

import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The rows of a Parquet file, with lists and structs as they are. */
final class NestedParquetRows implements dev.skald.text.RowReader {

    private final Path file;
    private final ParquetFileReader reader;
    private final RowReader rows;
    private final long count;
    private final long fileBytes;
    private long row;

    NestedParquetRows(Path file) throws IOException {
        this.file = file;
        fileBytes = Files.size(file);
        reader = ParquetValues.open(file);
        count = reader.getFileMetaData().numRows();
        rows = reader.rowReader();
    }

    @Override
    public Row next() {
        Place place = new Place(file, Place.Unit.ROW, row + 1);
        try {
            if (!rows.hasNext()) {
                return null;
            }
            rows.next();
            row++;
            return new Row(ParquetValues.object(rows), place);
        } catch (RuntimeException e) {
            throw new InvalidInputException(place + ": damaged: " + e.getMessage(), e);
        }
    }

    @Override
    public long consumed() {
        return count == 0 ? fileBytes : (long) ((double) fileBytes * row / count);
    }

    @Override
    public void close() throws IOException {
        rows.close();
        reader.close();
    }
}
