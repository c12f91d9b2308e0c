package dev.skald.dataset;

import dev.skald.model.PackedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Documents of packed datasets, one after the other, as one stream of tokens that is cut into sequences of equal length. Nothing is lost or
 * seen twice but what is left at the very end.
 *
 * <p>With documents kept apart, attention and positions begin anew at each document and at the start of a sequence. Each token of a document
 * is predicted once but for its first; the last row of a sequence predicts the first token of the next when the document goes on there.
 */
public final class TokenStream {

    private final List<PackedTokens> sources;
    private final int[] source;
    private final long[] start;
    private final long[] end;
    private final int sequenceLen;
    private final boolean documentsApart;

    /** A part of a document that a sequence holds: tokens {@code from} to {@code to} of it. */
    public record Part(PackedDocument document, long from, long to) {}

    /** Whole documents in a row, {@code first} to before {@code end}, of a packed dataset. */
    public record Documents(PackedTokens source, long first, long end) {}

    /**
     * The stream of these documents.
     *
     * @param sequenceLen tokens of a sequence
     * @param documentsApart whether attention and positions begin anew at each document
     */
    public TokenStream(List<Documents> documents, int sequenceLen, boolean documentsApart) {
        this.sequenceLen = sequenceLen;
        this.documentsApart = documentsApart;
        sources = documents.stream().map(Documents::source).distinct().toList();
        List<Documents> parts =
                documents.stream().filter(part -> part.end > part.first).toList();
        source = new int[parts.size()];
        start = new long[parts.size()];
        end = new long[parts.size()];
        long tokens = 0;
        for (int i = 0; i < parts.size(); i++) {
            Documents part = parts.get(i);
            source[i] = sources.indexOf(part.source);
            start[i] = part.source.start(part.first);
            tokens += part.source.end(part.end - 1) - start[i];
            end[i] = tokens;
        }
    }

    /** Number of tokens. */
    public long tokens() {
        return end.length == 0 ? 0 : end[end.length - 1];
    }

    /** Number of full sequences. */
    public long sequences() {
        return tokens() / sequenceLen;
    }

    /** Full sequences one after the other as the rows of a micro-batch. */
    public PackedRows rows(long... sequences) {
        Rows rows = new Rows(sequences.length * sequenceLen);
        for (long sequence : sequences) {
            rows.add(sequence * sequenceLen, sequenceLen);
        }
        return rows.packed();
    }

    /** The documents that a sequence holds, in order. */
    public List<Part> parts(long sequence) {
        List<Part> parts = new ArrayList<>();
        long at = sequence * sequenceLen;
        long last = at + sequenceLen;
        while (at < last) {
            int i = find(at);
            PackedTokens packed = sources.get(source[i]);
            long position = position(i, at);
            long document = packed.documentAt(position);
            long from = position - packed.start(document);
            long count = Math.min(last - at, packed.end(document) - position);
            parts.add(new Part(packed.document(document), from, from + count));
            at += count;
        }
        return parts;
    }

    /** The part that holds token {@code at} of the stream. */
    private int find(long at) {
        // the first end above it
        int found = Arrays.binarySearch(end, at + 1);
        return found >= 0 ? found : -found - 1;
    }

    private long position(int part, long at) {
        return start[part] + at - (part == 0 ? 0 : end[part - 1]);
    }

    /** Rows that are being gathered. */
    private final class Rows {

        private final int[] ids;
        private final int[] targets;
        private final int[] positions;
        private int[] starts = new int[16];
        private int spans;
        private int row;

        Rows(int rows) {
            ids = new int[rows];
            targets = new int[rows];
            positions = new int[rows];
        }

        void add(long from, int count) {
            long at = from;
            int first = row;
            int last = row + count;
            while (row < last) {
                int part = find(at);
                PackedTokens packed = sources.get(source[part]);
                long position = position(part, at);
                long spanEnd = documentsApart ? packed.end(packed.documentAt(position)) : position + end[part] - at;
                int taken = (int) Math.min(last - row, spanEnd - position);
                packed.read(position, ids, row, taken);
                if (documentsApart || row == first) {
                    start(row);
                }
                for (int r = row; r < row + taken; r++) {
                    positions[r] = r - starts[spans - 1];
                    targets[r] = r + 1 < row + taken ? ids[r + 1] : PackedRows.NOT_PREDICTED;
                }
                row += taken;
                at += taken;
                if (position + taken < spanEnd || (!documentsApart && at < tokens())) {
                    targets[row - 1] = id(at);
                }
            }
        }

        private int id(long at) {
            int part = find(at);
            int[] one = new int[1];
            sources.get(source[part]).read(position(part, at), one, 0, 1);
            return one[0];
        }

        private void start(int row) {
            if (spans == starts.length) {
                starts = Arrays.copyOf(starts, 2 * spans);
            }
            starts[spans++] = row;
        }

        PackedRows packed() {
            return new PackedRows(ids, targets, positions, Arrays.copyOf(starts, spans));
        }
    }
}
