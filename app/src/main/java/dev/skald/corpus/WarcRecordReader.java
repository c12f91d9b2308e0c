package dev.skald.corpus;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.netpreserve.jwarc.MediaType;
import org.netpreserve.jwarc.ParsingException;
import org.netpreserve.jwarc.WarcConversion;
import org.netpreserve.jwarc.WarcReader;
import org.netpreserve.jwarc.WarcRecord;
import org.netpreserve.jwarc.WarcResponse;

/** Responses of a web archive: the readable text of HTML and plain text that was found (status 200); and texts already converted (WET). */
final class WarcRecordReader implements RecordReader {

    private final Split split;
    private final Recipe.Source source;
    private final Recipe.Read read;
    private final Rejects rejects;
    private final WarcReader records;
    private boolean ended;

    WarcRecordReader(Split split, Recipe.Source source, Recipe.Read read, Rejects rejects) throws IOException {
        this.split = split;
        this.source = source;
        this.read = read;
        this.rejects = rejects;
        // jwarc decompresses gzip itself, record by record
        records = split.file().toLowerCase(Locale.ROOT).endsWith(".zst")
                ? new WarcReader(RecordReader.content(Path.of(split.file())))
                : new WarcReader(Path.of(split.file()));
    }

    @Override
    public Document next() throws IOException {
        while (!ended) {
            try {
                Optional<WarcRecord> record = records.next();
                if (record.isEmpty()) {
                    ended = true;
                    return null;
                }
                Document document = document(record.get());
                if (document != null) {
                    return document;
                }
            } catch (ParsingException | EOFException | java.util.zip.ZipException e) {
                reject("unreadable from here on", String.valueOf(e.getMessage()));
                ended = true;
            }
        }
        return null;
    }

    private Document document(WarcRecord record) throws IOException {
        return switch (record) {
            case WarcResponse response when isHttp(response) -> ofResponse(response);
            case WarcConversion conversion
            when conversion.payload().isPresent() -> {
                byte[] body = body(conversion.payload().get().body().stream());
                yield body == null
                        ? null
                        : document(
                                record, conversion.target(), new String(body, java.nio.charset.StandardCharsets.UTF_8));
            }
            default -> null;
        };
    }

    private static boolean isHttp(WarcResponse response) {
        return response.contentType().base().equals(MediaType.HTTP);
    }

    private Document ofResponse(WarcResponse response) throws IOException {
        MediaType type;
        int status;
        byte[] body;
        try {
            type = response.payloadType();
            status = response.http().status();
            boolean html = type.base().equals(MediaType.HTML) || type.subtype().equals("xhtml+xml");
            if (status != 200 || (!html && !type.base().equals(MediaType.PLAIN_TEXT))) {
                return null;
            }
            body = body(response.http().bodyDecoded().stream());
            if (body == null) {
                return null;
            }
            String charset = type.parameters().get("charset");
            String text = html ? HtmlText.of(body, charset, response.target()) : decoded(body, charset);
            return document(response, response.target(), text);
        } catch (ParsingException e) {
            reject("not a readable HTTP response", String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static String decoded(byte[] body, String charset) {
        String text = Utf8.strict(body, 0, body.length);
        if (text != null) {
            return text;
        }
        boolean known = charset != null && Charset.availableCharsets().containsKey(charset);
        return new String(body, known ? Charset.forName(charset) : java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    private byte[] body(InputStream stream) throws IOException {
        byte[] bytes = stream.readNBytes(read.maxDocumentBytes() + 1);
        if (bytes.length > read.maxDocumentBytes()) {
            reject("longer than read.max_document_bytes", "more than " + read.maxDocumentBytes() + " bytes");
            return null;
        }
        return bytes;
    }

    private Document document(WarcRecord record, String url, String text) {
        String id = record.headers().first("WARC-Record-ID").orElse("");
        String plain = id.replaceFirst("^<urn:uuid:", "").replaceFirst(">$", "");
        return new Document(
                plain.isEmpty() ? JsonLinesReader.positionId(source.name(), split.file(), records.position()) : plain,
                text,
                url,
                "",
                split.source(),
                source.language());
    }

    private void reject(String reason, String detail) throws IOException {
        rejects.add(split.file(), "byte", records.position(), reason, detail, new byte[0], 0);
    }

    @Override
    public void close() throws IOException {
        records.close();
    }
}
