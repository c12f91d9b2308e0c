package dev.skald.tokenizer;

import java.util.ArrayList;
import java.util.List;

/** How text is cut into the pieces that the model sees: the pre-tokenizers of tokenizer.json. This is the general way; see {@link Scanner}. */
sealed interface PreTokenizer {

    List<String> apply(String piece);

    /** @param first whether the piece is the beginning of the text */
    default List<String> apply(String piece, boolean first) {
        return apply(piece);
    }

    /** What becomes of the matches of a Split; the names are those of tokenizer.json. */
    enum Behavior {
        REMOVED,
        ISOLATED,
        MERGED_WITH_PREVIOUS,
        MERGED_WITH_NEXT,
        CONTIGUOUS
    }

    record Split(Pattern pattern, Behavior behavior, boolean invert) implements PreTokenizer {

        @Override
        public List<String> apply(String piece) {
            List<Span> spans = new ArrayList<>();
            pattern.spans(piece, (from, to, match) -> spans.add(new Span(from, to, match != invert)));
            return pieces(piece, spans, behavior);
        }
    }

    /** Cuts at numbers (categories Nd, Nl, No). */
    record Digits(boolean individualDigits) implements PreTokenizer {

        @Override
        public List<String> apply(String piece) {
            List<Span> spans = new ArrayList<>();
            int done = 0;
            for (int at = 0; at < piece.length(); ) {
                int codePoint = piece.codePointAt(at);
                int next = at + Character.charCount(codePoint);
                if (CharacterClass.of(codePoint) == CharacterClass.NUMBER) {
                    if (done < at) {
                        spans.add(new Span(done, at, false));
                    }
                    spans.add(new Span(at, next, true));
                    done = next;
                }
                at = next;
            }
            if (done < piece.length()) {
                spans.add(new Span(done, piece.length(), false));
            }
            return pieces(piece, spans, individualDigits ? Behavior.ISOLATED : Behavior.CONTIGUOUS);
        }
    }

    /**
     * Cuts by GPT-2's pattern.
     *
     * @param spell whether each byte becomes its character of the {@link ByteAlphabet} here; false where the model takes bytes
     */
    record ByteLevel(boolean addPrefixSpace, boolean useRegex, boolean spell) implements PreTokenizer {

        private static final Split GPT_2 = new Split(new Pattern.Regex(Scanner.GPT_2), Behavior.ISOLATED, false);

        @Override
        public List<String> apply(String piece) {
            String prefixed = addPrefixSpace && !piece.startsWith(" ") ? " " + piece : piece;
            List<String> pieces = useRegex ? GPT_2.apply(prefixed) : List.of(prefixed);
            return spell ? pieces.stream().map(ByteAlphabet::spell).toList() : pieces;
        }
    }

    /**
     * A visible character for each blank, and one before the text, as SentencePiece has it; cut before each.
     *
     * @param replacement the character
     * @param scheme where one is put before: {@code always}, {@code first} (the beginning of the text only), {@code never}
     * @param split whether there are cuts
     */
    record Metaspace(String replacement, String scheme, boolean split) implements PreTokenizer {

        @Override
        public List<String> apply(String piece) {
            return apply(piece, false);
        }

        @Override
        public List<String> apply(String piece, boolean first) {
            String marked = piece.replace(" ", replacement);
            boolean before = scheme.equals("always") || (scheme.equals("first") && first);
            String whole = before && !marked.startsWith(replacement) ? replacement + marked : marked;
            return split
                    ? new Split(new Pattern.Literal(replacement), Behavior.MERGED_WITH_NEXT, false).apply(whole)
                    : List.of(whole);
        }
    }

    record Sequence(List<PreTokenizer> pretokenizers) implements PreTokenizer {

        @Override
        public List<String> apply(String piece) {
            return apply(piece, false);
        }

        @Override
        public List<String> apply(String piece, boolean first) {
            List<String> pieces = List.of(piece);
            for (PreTokenizer pretokenizer : pretokenizers) {
                List<String> next = new ArrayList<>();
                for (int i = 0; i < pieces.size(); i++) {
                    for (String part : pretokenizer.apply(pieces.get(i), first && i == 0)) {
                        if (!part.isEmpty()) {
                            next.add(part);
                        }
                    }
                }
                pieces = next;
            }
            return pieces;
        }
    }

    /** A part of a piece: a match, or what is between two. */
    record Span(int from, int to, boolean match) {
        Span through(Span later) {
            return new Span(from, later.to, match);
        }
    }

    private static List<String> pieces(String text, List<Span> spans, Behavior behavior) {
        List<Span> kept = switch (behavior) {
            case ISOLATED -> spans;
            case REMOVED -> spans.stream().filter(span -> !span.match()).toList();
            case CONTIGUOUS -> contiguous(spans);
            case MERGED_WITH_PREVIOUS -> mergedWithPrevious(spans);
            case MERGED_WITH_NEXT -> mergedWithNext(spans);
        };
        return kept.stream()
                .filter(span -> span.from() < span.to())
                .map(span -> text.substring(span.from(), span.to()))
                .toList();
    }

    private static List<Span> contiguous(List<Span> spans) {
        List<Span> joined = new ArrayList<>();
        boolean previous = false;
        for (Span span : spans) {
            if (span.match() == previous && !joined.isEmpty()) {
                joined.set(joined.size() - 1, joined.getLast().through(span));
            } else {
                joined.add(span);
            }
            previous = span.match();
        }
        return joined;
    }

    private static List<Span> mergedWithPrevious(List<Span> spans) {
        List<Span> joined = new ArrayList<>();
        boolean previous = false;
        for (Span span : spans) {
            if (span.match() && !previous && !joined.isEmpty()) {
                joined.set(joined.size() - 1, joined.getLast().through(span));
            } else {
                joined.add(span);
            }
            previous = span.match();
        }
        return joined;
    }

    private static List<Span> mergedWithNext(List<Span> spans) {
        List<Span> joined = new ArrayList<>();
        boolean next = false;
        for (Span span : spans.reversed()) {
            if (span.match() && !next && !joined.isEmpty()) {
                joined.set(joined.size() - 1, span.through(joined.getLast()));
            } else {
                joined.add(span);
            }
            next = span.match();
        }
        return joined.reversed();
    }
}
