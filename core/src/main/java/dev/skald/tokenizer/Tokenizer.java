package dev.skald.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.skald.InvalidInputException;
import dev.skald.base.LfsPointer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;

/**
 * Text to token ids and back, as a tokenizer.json of the BPE kind says: the same ids and the same text as Hugging Face's tokenizers. Immutable and
 * thread-safe.
 *
 * <p>Text goes through added tokens, normalizer, pre-tokenizer and model; ids through the decoder. A truncation or padding that the file asks for is left to
 * the caller.
 */
public final class Tokenizer {

    /** Not changed by anyone. */
    private static final BitSet NOWHERE = new BitSet(0);

    private final BytePairModel model;
    private final Map<Integer, AddedTokens.AddedToken> added = new HashMap<>();
    private final BitSet special = new BitSet();
    private final AddedTokens inText;
    private final AddedTokens inNormalized;
    private final Optional<Normalizer> normalizer;
    private final Optional<PreTokenizer> preTokenizer;
    private final Optional<Scanner> scanner;
    private final TokenizerReader.Template template;
    private final Decoder decoder;
    private final OptionalInt bosId;
    private final OptionalInt eosId;
    private final Optional<Boolean> addBosToken;
    private final Map<String, String> chatTemplates;
    private final Map<String, String> namedTokens;
    /** Computed beside the loading. */
    private final CompletableFuture<String> hash;

    private final int vocabSize;
    /** Encoders that no thread uses now, with their caches; one more than these is made where all are in use. */
    private final Queue<BytePairEncoder> encoders =
            new ArrayBlockingQueue<>(Runtime.getRuntime().availableProcessors());

    private Tokenizer(
            TokenizerReader reader,
            JsonNode config,
            Optional<String> chatTemplateFile,
            CompletableFuture<String> hash) {
        model = reader.model();
        normalizer = reader.normalizer();
        preTokenizer = reader.preTokenizer();
        scanner = reader.scanner();
        template = reader.template();
        decoder = reader.decoder();
        List<AddedTokens.AddedToken> tokens = reader.addedTokens(model.vocabulary(), config);
        int size = model.vocabulary().size();
        for (AddedTokens.AddedToken token : tokens) {
            added.put(token.id(), token);
            special.set(token.id(), token.special());
            size = Math.max(size, token.id() + 1);
        }
        vocabSize = size;
        inText = TokenizerReader.matcher(
                tokens.stream().filter(token -> !token.normalized()).toList(), Optional.empty());
        inNormalized = TokenizerReader.matcher(
                tokens.stream().filter(AddedTokens.AddedToken::normalized).toList(), normalizer);
        this.hash = hash;
        JsonNode bos = config.path("add_bos_token");
        addBosToken = bos.isBoolean() ? Optional.of(bos.booleanValue()) : Optional.empty();
        chatTemplates = chatTemplates(config.path("chat_template"), chatTemplateFile);
        namedTokens = namedTokens(config);
        bosId = named("bos_token");
        eosId = named("eos_token");
    }

    /** One template, or several with names; a file chat_template.jinja comes before the one without a name, as in transformers. */
    private static Map<String, String> chatTemplates(JsonNode node, Optional<String> file) {
        Map<String, String> templates = new LinkedHashMap<>();
        if (node.isTextual()) {
            templates.put("default", node.asText());
        }
        for (JsonNode named : node) {
            templates.put(named.path("name").asText(), named.path("template").asText());
        }
        file.ifPresent(template -> templates.put("default", template));
        return Collections.unmodifiableMap(templates);
    }

    /** What tokenizer_config.json calls {@code bos_token}, {@code eos_token} and so on. */
    private static Map<String, String> namedTokens(JsonNode config) {
        Map<String, String> tokens = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : config.properties()) {
            JsonNode value = entry.getValue();
            String token =
                    value.isTextual() ? value.asText() : value.path("content").asText("");
            if (entry.getKey().endsWith("_token") && !token.isEmpty()) {
                tokens.put(entry.getKey(), token);
            }
        }
        return Collections.unmodifiableMap(tokens);
    }

    /**
     * Reads a tokenizer.json, and the tokenizer_config.json beside it if there is one.
     *
     * @param path a model directory, or a tokenizer.json
     * @throws InvalidInputException if the file is broken, or asks for something that is not supported
     * @throws IOException if it cannot be read
     */
    public static Tokenizer load(Path path) throws IOException {
        Path file = Files.isDirectory(path) ? path.resolve("tokenizer.json") : path;
        LfsPointer.refuse(file);
        byte[] json = Files.readAllBytes(file);
        Path configFile = file.resolveSibling("tokenizer_config.json");
        JsonNode config = MissingNode.getInstance();
        if (Files.exists(configFile)) {
            LfsPointer.refuse(configFile);
            try {
                config = TokenizerFile.JSON.readTree(Files.readAllBytes(configFile));
            } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
                throw new InvalidInputException(configFile + ": not JSON: " + e.getOriginalMessage(), e);
            }
        }
        Path template = file.resolveSibling("chat_template.jinja");
        return of(
                file.toString(),
                json,
                config,
                Files.exists(template) ? Optional.of(Files.readString(template)) : Optional.empty());
    }

    /**
     * Reads a tokenizer.json that is in memory.
     *
     * @param source where it comes from, for errors
     * @param json tokenizer.json
     * @param config tokenizer_config.json; a missing node if there is none
     * @throws InvalidInputException if it is broken, or asks for something that is not supported
     * @throws IOException as Jackson has it; memory always can be read
     */
    public static Tokenizer of(String source, byte[] json, JsonNode config) throws IOException {
        return of(source, json, config, Optional.empty());
    }

    private static Tokenizer of(String source, byte[] json, JsonNode config, Optional<String> chatTemplateFile)
            throws IOException {
        CompletableFuture<String> hash = CompletableFuture.supplyAsync(() -> sha256(json));
        return new Tokenizer(
                new TokenizerReader(source, new TokenizerFile(source, json)), config, chatTemplateFile, hash);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private OptionalInt named(String name) {
        return namedTokens.containsKey(name) ? id(namedTokens.get(name)) : OptionalInt.empty();
    }

    /** The id of a token, spelled as in tokenizer.json. */
    public OptionalInt id(String token) {
        for (AddedTokens.AddedToken each : added.values()) {
            if (each.content().equals(token)) {
                return OptionalInt.of(each.id());
            }
        }
        int id = model.vocabulary().find(token);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** The ids of a text, without special tokens around it; the ones in the text are recognised. A surrogate without its other half counts as '?'. */
    public int[] encode(String text) {
        return encode(text, false);
    }

    /**
     * The ids of a text.
     *
     * @param addSpecialTokens whether to add what the post-processor asks for, mostly the begin-of-text token
     */
    public int[] encode(String text, boolean addSpecialTokens) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        TokenIds ids = new TokenIds(utf8.length / 3 + 8);
        if (addSpecialTokens) {
            template.before().forEach(ids::add);
        }
        encode(utf8, 0, utf8.length, ids);
        if (addSpecialTokens) {
            template.after().forEach(ids::add);
        }
        return ids.toArray();
    }

    /**
     * The ids of a text of which some is somebody's words: there the spelling of a special token is text like any other. Added tokens that are not
     * special are recognised everywhere, for they are but words of the vocabulary.
     *
     * @param plain chars of {@code text} that are no part of a special token
     */
    public int[] encode(String text, BitSet plain) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        TokenIds ids = new TokenIds(utf8.length / 3 + 8);
        encode(utf8, 0, utf8.length, utf8.length == text.length() ? plain : bytes(text, plain, utf8.length), ids);
        return ids.toArray();
    }

    private static BitSet bytes(String text, BitSet chars, int length) {
        BitSet bytes = new BitSet(length);
        int at = 0;
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            int size = size(codePoint);
            bytes.set(at, at + size, chars.get(i));
            at += size;
            i += Character.charCount(codePoint);
        }
        return bytes;
    }

    /** Bytes of a code point; a surrogate without its other half becomes a question mark. */
    private static int size(int codePoint) {
        boolean half = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
        return codePoint < 0x80 || half ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    }

    /**
     * Appends the ids of the text {@code from <= i < to}, without special tokens around it.
     *
     * @param utf8 well-formed UTF-8
     */
    public void encode(byte[] utf8, int from, int to, TokenIds out) {
        encode(utf8, from, to, NOWHERE, out);
    }

    private void encode(byte[] utf8, int from, int to, BitSet plain, TokenIds out) {
        BytePairEncoder idle = encoders.poll();
        BytePairEncoder encoder = idle == null ? new BytePairEncoder(model) : idle;
        inText.split(utf8, from, to, plain, new AddedTokens.Sink() {
            @Override
            public void text(byte[] part, int start, int end) {
                encodeText(encoder, part, start, end, start == from, plain, out);
            }

            @Override
            public void token(int id) {
                out.add(id);
            }
        });
        encoders.offer(encoder);
    }

    private void encodeText(
            BytePairEncoder encoder, byte[] utf8, int from, int to, boolean first, BitSet plain, TokenIds out) {
        BitSet kept = plain;
        byte[] text = utf8;
        int start = from;
        int end = to;
        if (normalizer.isPresent()) {
            String normalized = normalizer.get().apply(new String(utf8, from, to - from, StandardCharsets.UTF_8));
            text = normalized.getBytes(StandardCharsets.UTF_8);
            start = 0;
            end = text.length;
            kept = normalized(plain, from, to, end);
        }
        if (inNormalized.isEmpty()) {
            encodePieces(encoder, text, start, end, first, out);
            return;
        }
        int begin = start;
        inNormalized.split(text, start, end, kept, new AddedTokens.Sink() {
            @Override
            public void text(byte[] part, int partStart, int partEnd) {
                encodePieces(encoder, part, partStart, partEnd, first && partStart == begin, out);
            }

            @Override
            public void token(int id) {
                out.add(id);
            }
        });
    }

    /** Which bytes come from which is not known after the normalizer: all are plain where one is. */
    private static BitSet normalized(BitSet plain, int from, int to, int length) {
        int next = plain.nextSetBit(from);
        if (next < 0 || next >= to) {
            return NOWHERE;
        }
        BitSet all = new BitSet(length);
        all.set(0, length);
        return all;
    }

    private void encodePieces(BytePairEncoder encoder, byte[] text, int from, int to, boolean first, TokenIds out) {
        if (scanner.isPresent()) {
            Scanner pieces = scanner.get();
            for (int at = from; at < to; ) {
                int end = pieces.next(text, at, to);
                encoder.encode(text, at, end, out);
                at = end;
            }
        } else if (preTokenizer.isPresent()) {
            String string = new String(text, from, to - from, StandardCharsets.UTF_8);
            for (String piece : preTokenizer.get().apply(string, first)) {
                byte[] utf8 = piece.getBytes(StandardCharsets.UTF_8);
                encoder.encode(utf8, 0, utf8.length, out);
            }
        } else if (from < to) {
            encoder.encode(text, from, to, out);
        }
    }

    /**
     * The text of ids.
     *
     * @param skipSpecialTokens whether special tokens are left out
     * @throws InvalidInputException if an id is not in the vocabulary
     */
    public String decode(int[] ids, boolean skipSpecialTokens) {
        IncrementalDecoder incremental = decoder(skipSpecialTokens);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(incremental.add(id));
        }
        return text.append(incremental.finish()).toString();
    }

    /** A decoder for ids that come one by one. */
    public IncrementalDecoder decoder(boolean skipSpecialTokens) {
        return new IncrementalDecoder(this, decoder, skipSpecialTokens);
    }

    /** One more than the highest id. */
    public int vocabSize() {
        return vocabSize;
    }

    /** The begin-of-text token that tokenizer_config.json names. */
    public OptionalInt bosId() {
        return bosId;
    }

    /** The end-of-text token that tokenizer_config.json names. */
    public OptionalInt eosId() {
        return eosId;
    }

    /** The chat templates that chat_template.jinja and tokenizer_config.json have, in Jinja, by name: {@code default} for one without a name. */
    public Map<String, String> chatTemplates() {
        return chatTemplates;
    }

    /** The tokens that tokenizer_config.json names, spelled as in tokenizer.json: {@code bos_token}, {@code eos_token} and so on. */
    public Map<String, String> namedTokens() {
        return namedTokens;
    }

    /** Whether texts begin with the begin-of-text token: the post-processor puts it first. */
    public boolean addsBos() {
        return !template.before().isEmpty()
                && bosId.equals(OptionalInt.of(template.before().getFirst()));
    }

    /**
     * What tokenizer_config.json says in {@code add_bos_token}, which has no effect on {@link #encode(String, boolean)}: beside a tokenizer.json
     * transformers 5 passes over it, while the tokenizer of Llama in transformers 4 makes a post-processor of it.
     */
    public Optional<Boolean> addBosToken() {
        return addBosToken;
    }

    /** Whether tokens are made of bytes, as those of GPT-2 and Llama 3, and not of characters, as SentencePiece's. */
    public boolean isByteLevel() {
        return model.vocabulary().byteLevel();
    }

    /** Whether the vocabulary has a token of this id. */
    public boolean has(int id) {
        return added.containsKey(id) || model.vocabulary().has(id);
    }

    /**
     * The token as tokenizer.json spells it.
     *
     * @throws InvalidInputException if the id is not in the vocabulary
     */
    public String token(int id) {
        AddedTokens.AddedToken token = added.get(id);
        if (token != null) {
            return token.content();
        }
        if (!model.vocabulary().has(id)) {
            throw new InvalidInputException("token id " + id + " is not in the vocabulary of " + vocabSize + " tokens");
        }
        return model.vocabulary().token(id);
    }

    /**
     * What a token stands for in a text, as bytes of UTF-8: perhaps a part of a character.
     *
     * @throws InvalidInputException if the id is not in the vocabulary
     */
    public byte[] tokenBytes(int id) {
        String token = token(id);
        if (!added.containsKey(id) && model.vocabulary().byteLevel()) {
            return model.vocabulary().bytes(id);
        }
        if (token.matches("<0x[0-9A-F]{2}>")) {
            return new byte[] {(byte) Integer.parseInt(token.substring(3, 5), 16)};
        }
        return token.replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8);
    }

    /** Whether the id is a special token. */
    public boolean isSpecial(int id) {
        return id >= 0 && special.get(id);
    }

    /** The SHA-256 of tokenizer.json in hexadecimal. */
    public String hash() {
        return hash.join();
    }
}
