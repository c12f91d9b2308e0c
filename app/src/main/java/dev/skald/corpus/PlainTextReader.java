package dev.skald.corpus;

import java.io.IOException;
import java.nio.file.Path;

/** Plain text: a whole file is one document, or each line is. */
final class PlainTextReader implements RecordReader {

    private final Split split;
    private final Recipe.Source source;
    private final Recipe.Read read;
    private final Rejects rejects;
    private final LineReader lines;
    private boolean ended;

    PlainTextReader(Split split, Recipe.Source source, Recipe.Read read, Rejects rejects) throws IOException {
        this.split = split;
        this.source = source;
        this.read = read;
        this.rejects = rejects;
        lines = RecordReader.lines(split, read);
    }

    @Override
    public Document next() throws IOException {
        return split.format().equals("txt") ? whole() : line();
    }

    private Document line() throws IOException {
        while (!ended && lines.next()) {
            if (lines.start() >= split.to()) {
                break;
            }
            if (lines.tooLong()) {
                reject(lines.number(), "longer than read.max_document_bytes", lines.fullLength() + " bytes");
            } else if (lines.length() > 0) {
                Document document = document(lines.bytes(), lines.length(), lines.start(), lines.number());
                if (document != null) {
                    return document;
                }
            }
        }
        if (!ended && !lines.damage().isEmpty()) {
            reject(lines.number(), "unreadable from here on", lines.damage());
        }
        ended = true;
        return null;
    }

    private Document whole() throws IOException {
        if (ended) {
            return null;
        }
        ended = true;
        java.io.ByteArrayOutputStream text = new java.io.ByteArrayOutputStream();
        while (lines.next()) {
            if (lines.tooLong() || text.size() + lines.length() > read.maxDocumentBytes()) {
                reject(1, "longer than read.max_document_bytes", "more than " + read.maxDocumentBytes() + " bytes");
                return null;
            }
            if (text.size() > 0) {
                text.write('\n');
            }
            text.write(lines.bytes(), 0, lines.length());
        }
        if (!lines.damage().isEmpty()) {
            reject(lines.number(), "unreadable from here on", lines.damage());
        }
        byte[] bytes = text.toByteArray();
        return document(bytes, bytes.length, 0, 1);
    }

    private Document document(byte[] bytes, int length, long start, long line) throws IOException {
        String decoded = Utf8.strict(bytes, 0, length);
        if (decoded == null && read.invalidUtf8().equals("reject")) {
            reject(line, "not UTF-8", "");
            return null;
        }
        String text = decoded == null ? Utf8.lenient(bytes, 0, length) : decoded;
        String id = split.format().equals("txt")
                ? source.name() + "/" + Path.of(split.file()).getFileName()
                : JsonLinesReader.positionId(source.name(), split.file(), start);
        return new Document(id, text, "", "", split.source(), source.language());
    }

    private void reject(long line, String reason, String detail) throws IOException {
        boolean counted = split.from() == 0 || RecordReader.isCompressed(split.file());
        rejects.add(
                split.file(),
                counted ? "line" : "byte",
                counted ? line : lines.start(),
                reason,
                detail,
                lines.bytes(),
                lines.length());
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
