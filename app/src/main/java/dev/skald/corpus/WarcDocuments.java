package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.text.DocumentReader;
import dev.skald.text.Flaw;
import dev.skald.text.Place;
import dev.skald.text.RawDocument;
import dev.skald.text.ReadOptions;
import dev.skald.text.TextDocument;
import dev.skald.text.UnpackingInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
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
    private final boolean seekable;
    private WarcReader records;
    /** Where {@link #records} began to read. */
    private long start;
    /** Where the last record begins that could be read; -1: there is none. */
    private long lastRead = -1;
    /** Where the last damage was found; -1: nowhere. */
    private long damagedAt = -1;

    private boolean ended;

    WarcDocuments(Path file, ReadOptions options) throws IOException {
        this.file = file;
        this.options = options;
        // jwarc decompresses gzip itself, record by record
        seekable = !file.toString().toLowerCase(Locale.ROOT).endsWith(".zst");
        records = seekable
                ? new WarcReader(FileChannel.open(file))
                : new WarcReader(UnpackingInputStream.open(file, bytes -> {}));
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
                lastRead = position();
                TextDocument document = document(record.get());
                if (document != null) {
                    return new Page(document);
                }
            } catch (ParsingException
                    | EOFException
                    | ZipException
                    | InvalidInputException
                    | IllegalArgumentException
                    | DateTimeException e) {
                goOnAfter(String.valueOf(e.getMessage()));
            }
        }
        return null;
    }

    /**
     * Sets damage aside and stands before the next record; of a file that cannot be gone back in nothing more is read. What the record before says of its
     * length may be what is wrong: the next one is looked for from its beginning on.
     */
    private void goOnAfter(String damage) throws IOException {
        boolean gzip = file.toString().toLowerCase(Locale.ROOT).endsWith(".gz");
        long from = Math.max(start, lastRead) + 1;
        OptionalLong next = seekable ? WarcRecovery.next(file, from, gzip) : OptionalLong.empty();
        boolean known = lastRead < start && damagedAt == start;
        if (!known) {
            damagedAt = position();
            options.flaws()
                    .add(
                            next.isPresent()
                                    ? Flaw.of(place(), Flaw.Kind.DAMAGED, damage, new byte[0])
                                    : Flaw.damage(place(), damage, place() + ": damaged: " + damage, new byte[0]));
        }
        records.close();
        if (next.isEmpty()) {
            ended = true;
            return;
        }
        start = next.getAsLong();
        records = new WarcReader(FileChannel.open(file).position(start));
    }

    private long position() {
        return Math.max(start, records.position());
    }

    private TextDocument document(WarcRecord record) throws IOException {
        return switch (record) {
            case WarcResponse response when isHttp(response) -> ofResponse(response);
            case WarcConversion conversion
            when conversion.payload().isPresent() -> {
                byte[] body = body(conversion.payload().get().body().stream());
                yield body == null ? null : document(record, target(record), new String(body, StandardCharsets.UTF_8));
            }
            default -> null;
        };
    }

    /** Some writers put it between angle brackets. */
    private static String target(WarcRecord record) {
        return record.headers().first("WARC-Target-URI").orElse("").replaceAll("^<|>$", "");
    }

    private static boolean isHttp(WarcResponse response) {
        return response.contentType().base().equals(MediaType.HTTP);
    }

    private TextDocument ofResponse(WarcResponse response) throws IOException {
        String target = target(response);
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
            String text = html ? HtmlText.of(body, charset, target) : new String(body, Charsets.of(body, charset));
            return document(response, target, text);
        } catch (IOException | IllegalArgumentException | DateTimeException e) {
            // Not HTTP, or a coding of the content that it does not have, or that cannot be undone here.
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
        return new TextDocument(plain, text, url, "", "", place(), position());
    }

    private Place place() {
        return new Place(file, Place.Unit.BYTE, position());
    }

    @Override
    public long consumed() {
        return position();
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
