package dev.skald.text;

import dev.skald.InvalidInputException;
import java.io.IOException;

/** A document a line: JSON objects, of which blank lines are passed over, or plain texts, of which empty ones are. */
final class LineDocuments implements DocumentReader {

    private final FilePart part;
    private final ReadOptions options;
    private final LineReader lines;
    private final boolean countsLines;
    private boolean ended;

    LineDocuments(FilePart part, ReadOptions options) throws IOException {
        this.part = part;
        this.options = options;
        lines = new LineReader(part.file(), part.from(), options.maxBytes());
        countsLines = part.from() == 0 || !UnpackingInputStream.isSeekable(part.file());
    }

    @Override
    public RawDocument nextRaw() throws IOException {
        while (!ended && lines.next()) {
            if (lines.start() >= part.to()) {
                ended = true;
                return null;
            }
            if (lines.tooLong()) {
                options.flaws().add(Flaw.of(place(), Flaw.Kind.TOO_LONG, lines.fullLength() + " bytes", lines.bytes()));
            } else if (part.format() == Format.TEXT_LINES ? !lines.isEmpty() : !lines.isBlank()) {
                return new Line(part.format(), lines.bytes(), place(), lines.start(), options);
            }
        }
        if (!ended && lines.damage().isPresent()) {
            InvalidInputException damage = lines.damage().get();
            options.flaws().add(Flaw.damage(place(), LineReader.describe(damage), damage.getMessage(), lines.bytes()));
        }
        ended = true;
        return null;
    }

    private Place place() {
        return countsLines
                ? new Place(part.file(), Place.Unit.LINE, lines.number())
                : new Place(part.file(), Place.Unit.BYTE, lines.start());
    }

    @Override
    public long consumed() {
        return lines.consumed();
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }

    @SuppressWarnings("ArrayRecordComponent") // parsed once
    private record Line(Format format, byte[] utf8, Place place, long position, ReadOptions options)
            implements RawDocument {

        @Override
        public long bytes() {
            return utf8.length;
        }

        @Override
        public TextDocument parse() throws IOException {
            if (format == Format.JSON_LINES) {
                return JsonRecord.parse(utf8, place, position, options);
            }
            String text = Decoding.text(utf8, utf8.length, place, options);
            return text == null ? null : new TextDocument("", text, "", "", "", place, position);
        }
    }
}
