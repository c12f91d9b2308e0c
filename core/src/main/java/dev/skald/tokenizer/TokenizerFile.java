package dev.skald.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** The values of a tokenizer.json: the small ones as Jackson's trees, vocabulary and merges as the places where they begin. */
final class TokenizerFile {

    static final ObjectMapper JSON = StrictJson.mapper();

    private final String source;
    private final byte[] json;
    private final Map<String, JsonNode> values = new HashMap<>();
    private final Map<String, JsonNode> model = new LinkedHashMap<>();
    private int vocab = -1;
    private int merges = -1;

    TokenizerFile(String source, byte[] json) throws IOException {
        this.source = source;
        this.json = json;
        JsonScanner scanner = new JsonScanner(source, json, 0);
        scanner.expect('{');
        for (boolean first = true; scanner.more('}', first); first = false) {
            String key = key(scanner);
            if (key.equals("model") && scanner.peek() == '{') {
                readModel(scanner);
            } else {
                values.put(key, value(scanner));
            }
        }
        if (scanner.peek() != 0) {
            throw scanner.error("the end of the file");
        }
    }

    private void readModel(JsonScanner scanner) throws IOException {
        scanner.expect('{');
        for (boolean first = true; scanner.more('}', first); first = false) {
            String key = key(scanner);
            if (key.equals("vocab") && scanner.peek() == '{') {
                vocab = scanner.position();
                scanner.skip();
            } else if (key.equals("merges") && scanner.peek() == '[') {
                merges = scanner.position();
                scanner.skip();
            } else {
                model.put(key, value(scanner));
            }
        }
    }

    private static String key(JsonScanner scanner) {
        scanner.readString();
        String key = new String(scanner.string(), 0, scanner.length(), StandardCharsets.UTF_8);
        scanner.expect(':');
        return key;
    }

    private JsonNode value(JsonScanner scanner) throws IOException {
        scanner.peek();
        int start = scanner.position();
        scanner.skip();
        try {
            return JSON.readTree(json, start, scanner.position() - start);
        } catch (JsonProcessingException e) {
            throw new InvalidInputException(
                    source + ": not JSON between bytes " + start + " and " + scanner.position() + ": "
                            + e.getOriginalMessage(),
                    e);
        }
    }

    /** The value of a top-level key; missing if there is none. */
    JsonNode value(String key) {
        return values.getOrDefault(key, MissingNode.getInstance());
    }

    /** The value of a key of {@code model}. */
    JsonNode model(String key) {
        return model.getOrDefault(key, MissingNode.getInstance());
    }

    Vocabulary readVocabulary(boolean byteLevel) {
        if (vocab < 0) {
            throw new InvalidInputException(source + ": model.vocab: expected an object of tokens and ids, found none");
        }
        Vocabulary.Builder builder = new Vocabulary.Builder(byteLevel);
        JsonScanner scanner = new JsonScanner(source, json, vocab);
        scanner.expect('{');
        for (boolean first = true; scanner.more('}', first); first = false) {
            scanner.readString();
            scanner.expect(':');
            builder.add(scanner.string(), scanner.length(), scanner.readInt());
        }
        return builder.build();
    }

    Merges readMerges(Vocabulary vocabulary) {
        if (merges < 0) {
            throw new InvalidInputException(source + ": model.merges: expected an array of pairs, found none");
        }
        MergeReader reader = new MergeReader(vocabulary);
        JsonScanner scanner = new JsonScanner(source, json, merges);
        scanner.expect('[');
        for (boolean first = true; scanner.more(']', first); first = false) {
            if (scanner.peek() == '[') {
                scanner.expect('[');
                scanner.readString();
                reader.left(scanner.string(), scanner.length());
                scanner.expect(',');
                scanner.readString();
                reader.right(scanner.string(), scanner.length());
                scanner.expect(']');
            } else {
                scanner.readString();
                reader.both(scanner.string(), scanner.length());
            }
        }
        return reader.build();
    }

    /** Makes ids of the spellings of merges. */
    private final class MergeReader {
        private final Vocabulary vocabulary;
        private final TokenIds pairs = new TokenIds(1 << 16);
        private final TokenIds results = new TokenIds(1 << 15);
        private byte[] joined = new byte[64];

        MergeReader(Vocabulary vocabulary) {
            this.vocabulary = vocabulary;
        }

        void both(byte[] utf8, int length) {
            int blank = 0;
            while (blank < length && utf8[blank] != ' ') {
                blank++;
            }
            if (blank == 0 || blank >= length - 1) {
                throw invalid(utf8, length, "is not two tokens with a blank between them");
            }
            left(utf8, blank);
            int rest = length - blank - 1;
            System.arraycopy(utf8, blank + 1, utf8, 0, rest);
            right(utf8, rest);
        }

        void left(byte[] utf8, int length) {
            pairs.add(find(utf8, length));
        }

        void right(byte[] utf8, int length) {
            int right = find(utf8, length);
            int left = pairs.get(pairs.size() - 1);
            pairs.add(right);
            int needed = vocabulary.length(left) + vocabulary.length(right);
            if (needed > joined.length) {
                joined = new byte[needed * 2];
            }
            int end = vocabulary.copy(left, joined, 0);
            end += vocabulary.copy(right, joined, end);
            int result = result(end);
            if (result < 0) {
                throw new InvalidInputException(source + ": model.merges[" + results.size() + "]: the merge of "
                        + Quoted.of(vocabulary.token(left)) + " and " + Quoted.of(vocabulary.token(right))
                        + " is not in model.vocab");
            }
            results.add(result);
        }

        /** Files list the merges in the order of what they make, so that it is mostly the last one's result or the next id. */
        private int result(int length) {
            int last = results.size() == 0 ? 255 : results.get(results.size() - 1);
            for (int id = last; id <= last + 1; id++) {
                if (vocabulary.finds(id, joined, 0, length)) {
                    return id;
                }
            }
            return vocabulary.find(joined, 0, length);
        }

        private int find(byte[] utf8, int length) {
            int size = vocabulary.byteLevel() ? ByteAlphabet.unspell(utf8, length) : length;
            int id = size < 0 ? -1 : vocabulary.find(utf8, 0, size);
            if (id < 0) {
                byte[] spelled = size < 0 || !vocabulary.byteLevel()
                        ? Arrays.copyOf(utf8, length)
                        : ByteAlphabet.spell(utf8, 0, size).getBytes(StandardCharsets.UTF_8);
                throw invalid(spelled, spelled.length, "is not in model.vocab");
            }
            return id;
        }

        private InvalidInputException invalid(byte[] utf8, int length, String what) {
            return new InvalidInputException(
                    source + ": model.merges[" + results.size() + "]: " + Quoted.of(utf8, length) + " " + what);
        }

        Merges build() {
            Merges merges = new Merges(results.size());
            int[] pair = pairs.array();
            for (int i = 0; i < results.size(); i++) {
                merges.add(pair[2 * i], pair[2 * i + 1], results.get(i));
            }
            return merges;
        }
    }
}
