package dev.skald.corpus;

import dev.skald.text.DocumentReader;
import dev.skald.text.Fields;
import dev.skald.text.TextDocument;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;

/** The documents of one split, one after the other, with an id each; what is no document goes to {@link Rejects}. */
final class SplitReader implements AutoCloseable {

    private final Split split;
    private final Recipe.Source source;
    private final DocumentReader documents;

    SplitReader(Split split, Recipe.Source source, Recipe.Read read, Rejects rejects) throws IOException {
        this.split = split;
        this.source = source;
        Fields fields = new Fields(source.text(), source.id(), source.url(), source.languageField());
        documents = split.format()
                .open(Path.of(split.file()), split.from(), split.to(), read.options(fields, true, rejects));
    }

    /** The next document, or null at the end. */
    Document next() throws IOException {
        TextDocument read = documents.next();
        if (read == null) {
            return null;
        }
        return new Document(
                read.id().isEmpty() ? madeId(read) : read.id(),
                split.format() == InputFormat.TXT ? withoutEmptyEnds(read.text()) : read.text(),
                read.url(),
                read.metadata(),
                split.source(),
                read.language().isEmpty() ? source.language() : read.language());
    }

    private String madeId(TextDocument read) {
        return split.format() == InputFormat.TXT
                ? source.name() + "/" + split.name()
                : HexFormat.of().formatHex(Hashes.md5(source.name() + "\n" + split.name() + "\n" + read.position()));
    }

    /** Without the line end of the last line, and without empty lines before the first. */
    private static String withoutEmptyEnds(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && text.charAt(from) == '\n') {
            from++;
        }
        return text.substring(from, to > from && text.charAt(to - 1) == '\n' ? to - 1 : to);
    }

    @Override
    public void close() throws IOException {
        documents.close();
    }
}
