package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.text.DocumentReader;
import dev.skald.text.Flaw;
import dev.skald.text.Place;
import dev.skald.text.RawDocument;
import dev.skald.text.ReadOptions;
import dev.skald.text.TextDocument;
import dev.skald.text.UnpackingInputStream;
import dev.skald.tokenizer.Utf8;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.ZipException;
import org.netpreserve.jwarc.MediaType;
import org.netpreserve.jwarc.ParsingException;
import org.netpreserve.jwarc.WarcConversion;
import org.netpreserve.jwarc.WarcReader;
import org.netpreserve.jwarc.WarcRecord;
import org.netpreserve.jwarc.WarcResponse;

/** Responses of a web archive: the readable text of HTML and plain text that was found (status 200); and texts already converted (WET). */
final class WarcDocuments implements DocumentReader {

    private final Path file;
    private final ReadOptions options;
    private final WarcReader records;
    private boolean ended;

    WarcDocuments(Path file, ReadOptions options) throws IOException {
        this.file = file;
        this.options = options;
        // jwarc decompresses gzip itself, record by record
        records = file.toString().toLowerCase(Locale.ROOT).endsWith(".zst")
                ? new WarcReader(UnpackingInputStream.open(file, bytes -> {}))
                : new WarcReader(file);
    }

    @Override
    public RawDocument nextRaw() throws IOException {
        while (!ended) {
            try {
                Optional<WarcRecord> record = records.next();
                if (record.isEmpty()) {
                    ended = true;
                    return null;
                }
                TextDocument document = document(record.get());
                if (document != null) {
                    return new Page(document);
                }
            } catch (ParsingException | EOFException | ZipException | InvalidInputException e) {
                String detail = String.valueOf(e.getMessage());
                options.flaws().add(Flaw.damage(place(), detail, place() + ": damaged: " + detail, new byte[0]));
                ended = true;
            }
        }
        return null;
    }

    private TextDocument document(WarcRecord record) throws IOException {
        return switch (record) {
            case WarcResponse response when isHttp(response) -> ofResponse(response);
            case WarcConversion conversion
            when conversion.payload().isPresent() -> {
                byte[] body = body(conversion.payload().get().body().stream());
                yield body == null
                        ? null
                        : document(record, conversion.target(), new String(body, StandardCharsets.UTF_8));
            }
            default -> null;
        };
    }

    private static boolean isHttp(WarcResponse response) {
        return response.contentType().base().equals(MediaType.HTTP);
    }

    private TextDocument ofResponse(WarcResponse response) throws IOException {
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
            String detail = String.valueOf(e.getMessage());
            String reason = "not a readable HTTP response";
            options.flaws()
                    .add(new Flaw(
                            place(),
                            Flaw.Kind.NO_TEXT,
                            reason,
                            detail,
                            place() + ": " + reason + ": " + detail,
                            new byte[0]));
            return null;
        }
    }

    private static String decoded(byte[] body, String charset) {
        if (Utf8.firstMalformed(body, 0, body.length) < 0) {
            return new String(body, StandardCharsets.UTF_8);
        }
        boolean known = charset != null && Charset.availableCharsets().containsKey(charset);
        return new String(body, known ? Charset.forName(charset) : StandardCharsets.ISO_8859_1);
    }

    private byte[] body(InputStream stream) throws IOException {
        byte[] bytes = stream.readNBytes(options.maxBytes() + 1);
        if (bytes.length > options.maxBytes()) {
            String detail = "more than " + options.maxBytes() + " bytes";
            options.flaws().add(Flaw.of(place(), Flaw.Kind.TOO_LONG, detail, new byte[0]));
            return null;
        }
        return bytes;
    }

    private TextDocument document(WarcRecord record, String url, String text) {
        String id = record.headers().first("WARC-Record-ID").orElse("");
        String plain = id.replaceFirst("^<urn:uuid:", "").replaceFirst(">$", "");
        return new TextDocument(plain, text, url, "", "", place(), records.position());
    }

    private Place place() {
        return new Place(file, Place.Unit.BYTE, records.position());
    }

    @Override
    public long consumed() {
        return records.position();
    }

    @Override
    public void close() throws IOException {
        records.close();
    }

    private record Page(TextDocument document) implements RawDocument {

        @Override
        public long bytes() {
            return document.text().length();
        }

        @Override
        public TextDocument parse() {
            return document;
        }
    }
}
