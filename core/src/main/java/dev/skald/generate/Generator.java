package dev.skald.generate;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.engine.Engine;
import dev.skald.gguf.Gguf;
import dev.skald.model.AdapterConfig;
import dev.skald.model.LatestCheckpoint;
import dev.skald.model.Llama;
import dev.skald.model.LlamaConfig;
import dev.skald.tensor.DType;
import dev.skald.tokenizer.IncrementalDecoder;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Generates text with a model directory, as transformers' {@code generate} does. Load it once and use it from any number of threads;
 * the calls of all threads are one batch, in which none has influence on another. {@link #close} frees the weights.
 *
 * <pre>{@code
 * try (Generator model = Generator.load(Path.of("Llama-3-8B"))) {
 *     var options = GenerationOptions.modelDefaults().maxLength(128).repetitionPenalty(1.03).temperature(0.6);
 *     System.out.println(model.generate("Sommar och sol är det bästa jag vet", options).text());
 * }
 * }</pre>
 */
public final class Generator implements AutoCloseable {

    private static final TextListener NOBODY = (sequence, text) -> {};

    /** Sequences of all callers that are generated at once. */
    private static final int MOST_SEQUENCES = 64;

    private static final int MOST_WAITING = 4096;

    private final Llama model;
    private final Engine engine;
    private final Tokenizer tokenizer;
    private final ObjectNode defaults;
    private final Scratch scratch;
    private final Grammars grammars;

    private Generator(Llama model, Tokenizer tokenizer, ObjectNode defaults, Engine.Limits limits) {
        this.model = model;
        this.engine = new Engine(model, limits);
        this.tokenizer = tokenizer;
        this.defaults = defaults;
        this.scratch = new Scratch(model.config().vocab_size());
        this.grammars = new Grammars(tokenizer, model.config().vocab_size());
    }

    /**
     * Loads a model directory in the dtype it is stored in, on the GPU if there is one.
     *
     * @param directory a Hugging Face model directory, a .gguf file (the first part of a split one), or the output directory of a training run: then its
     *     latest checkpoint
     * @throws InvalidInputException when a file is missing or not valid
     * @throws IOException when a file cannot be read
     */
    public static Generator load(Path directory) throws IOException {
        return load(directory, Optional.empty(), "auto");
    }

    /**
     * Loads a model directory.
     *
     * @param directory as for {@link #load(Path)}
     * @param dtype empty: as stored
     * @param device {@code auto}, {@code cpu} or {@code cuda}
     * @throws InvalidInputException when a file is missing or not valid, or the model does not fit into memory
     * @throws IOException when a file cannot be read
     */
    public static Generator load(Path directory, Optional<DType> dtype, String device) throws IOException {
        return load(directory, dtype, device, MOST_SEQUENCES, MOST_WAITING);
    }

    /** As {@link #load(Path, Optional, String)}, with an adapter beside the model's weights. */
    public static Generator load(Path directory, Optional<Path> adapter, Optional<DType> dtype, String device)
            throws IOException {
        return load(directory, adapter, dtype, device, MOST_SEQUENCES, MOST_WAITING);
    }

    /**
     * Loads a model directory for a stated load.
     *
     * @param directory as for {@link #load(Path)}
     * @param dtype empty: as stored
     * @param device {@code auto}, {@code cpu} or {@code cuda}
     * @param sequences how many texts are generated at once, at most; others wait
     * @param waiting how many requests may wait, at most; others are refused with {@link java.util.concurrent.RejectedExecutionException}
     * @throws InvalidInputException when a file is missing or not valid, or the model does not fit into memory
     * @throws IOException when a file cannot be read
     */
    public static Generator load(Path directory, Optional<DType> dtype, String device, int sequences, int waiting)
            throws IOException {
        return load(directory, Optional.empty(), dtype, device, sequences, waiting);
    }

    /**
     * As {@link #load(Path, Optional, String, int, int)}, with an adapter beside the model's weights. What lies in the adapter's directory of tokenizer
     * and generation_config.json is taken from there.
     *
     * @param adapter the directory of an adapter as PEFT writes it, or the output_dir of the run that made it; empty: none
     */
    public static Generator load(
            Path directory, Optional<Path> adapter, Optional<DType> dtype, String device, int sequences, int waiting)
            throws IOException {
        Path files = files(directory);
        Optional<Path> beside = Optional.empty();
        if (adapter.isPresent()) {
            beside = Optional.of(latest(adapter.get(), AdapterConfig.FILE));
        }
        Llama model = Llama.load(files, beside, dtype, device);
        return of(model, files, beside, Engine.Limits.of(model, sequences, waiting));
    }

    /**
     * A model, and several adapters of it over the same weights: each a generator of its own, whose texts are those of {@link #load} with its adapter alone.
     *
     * @param first beside the model itself, as for {@link #load}; empty: none
     * @param others each beside the model without the first
     * @return the model's, and those of the others in order; to be closed in the opposite order
     * @throws InvalidInputException also when an adapter is not one of this model
     */
    public static List<Generator> load(
            Path directory,
            Optional<Path> first,
            List<Path> others,
            Optional<DType> dtype,
            String device,
            int sequences,
            int waiting)
            throws IOException {
        Path files = files(directory);
        Optional<Path> beside = Optional.empty();
        if (first.isPresent()) {
            beside = Optional.of(latest(first.get(), AdapterConfig.FILE));
        }
        int engines = 1 + others.size();
        List<Generator> all = new ArrayList<>();
        try {
            Llama base = others.isEmpty()
                    ? Llama.load(files, beside, dtype, device)
                    : Llama.loadWhole(files, beside, dtype, device);
            all.add(of(base, files, beside, Engine.Limits.of(base, sequences, waiting, engines)));
            for (Path other : others) {
                Path adapter = latest(other, AdapterConfig.FILE);
                Llama model = base.beside(adapter);
                all.add(of(model, files, Optional.of(adapter), Engine.Limits.of(model, sequences, waiting, engines)));
            }
            return all;
        } catch (IOException | RuntimeException e) {
            all.reversed().forEach(Generator::close);
            throw e;
        }
    }

    private static Path files(Path directory) throws IOException {
        return Gguf.isGguf(directory) ? directory : latest(directory, "config.json");
    }

    /** Closes the model where the files beside it cannot be read. */
    private static Generator of(Llama model, Path files, Optional<Path> adapter, Engine.Limits limits)
            throws IOException {
        Path defaultsOf = adapter.filter(each -> Files.exists(each.resolve("generation_config.json")))
                .orElse(files);
        Path tokenizerOf = adapter.filter(each -> Files.exists(each.resolve("tokenizer.json")))
                .orElse(files);
        try {
            return new Generator(model, ModelTokenizer.load(tokenizerOf), GenerationConfig.read(defaultsOf), limits);
        } catch (IOException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /**
     * Generates with a model that is at hand, without defaults of its own.
     *
     * @param model closed by {@link #close}
     * @param sequences how many texts are generated at once, at most
     */
    public static Generator of(Llama model, Tokenizer tokenizer, int sequences) {
        return new Generator(
                model,
                tokenizer,
                StrictJson.mapper().createObjectNode(),
                Engine.Limits.of(model, sequences, MOST_WAITING));
    }

    /** A directory that has a file, or the latest checkpoint in it. */
    private static Path latest(Path directory, String file) throws IOException {
        return Files.exists(directory.resolve(file))
                ? directory
                : LatestCheckpoint.in(directory).orElse(directory);
    }

    /** The model's configuration. */
    public LlamaConfig config() {
        return model.config();
    }

    /** What runs the model, for requests in token ids; closed by {@link #close}. */
    public Engine engine() {
        return engine;
    }

    /** How long a sequence can be, prompt included: the model's positions, or what the memory for keys and values holds. */
    public int mostTokens() {
        return Math.min(model.config().max_position_embeddings(), engine.mostTokens());
    }

    /** The model's tokenizer. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** What the model's generation_config.json says, by key; values as in JSON. */
    public Map<String, Object> defaults() {
        return StrictJson.mapper().convertValue(defaults, new TypeReference<>() {});
    }

    /** What the model's generation_config.json asks for that is not supported and will be ignored, {@code key = value} each. */
    public List<String> ignoredDefaults() {
        return GenerationConfig.withoutEffect(defaults);
    }

    /**
     * How many texts a prompt gives with these options.
     *
     * @throws InvalidInputException when an option is out of range
     */
    public int sequencesPerPrompt(GenerationOptions options) {
        return resolve(options).num_return_sequences();
    }

    /** Continues a text with the model's own defaults. */
    public Generation generate(String prompt) {
        return generate(prompt, GenerationOptions.modelDefaults());
    }

    /**
     * Continues a text.
     *
     * @return the first sequence, where several are asked for
     * @throws InvalidInputException when an option is out of range, or the prompt too long
     */
    public Generation generate(String prompt, GenerationOptions options) {
        return generate(List.of(prompt), options, NOBODY).getFirst();
    }

    /**
     * Continues several texts together.
     *
     * @param listener is told of all text while it is generated
     * @return per prompt as many texts as {@code numReturnSequences} says, in order
     * @throws InvalidInputException when an option is out of range, or a prompt too long
     */
    public List<Generation> generate(List<String> prompts, GenerationOptions options, TextListener listener) {
        return run(prompts.stream().map(this::prompt).toList(), options, listener);
    }

    /**
     * Continues token ids, as they are: nothing is added to them.
     *
     * @throws InvalidInputException when an option is out of range, an id is none of the model's, or there are too many
     */
    public List<Generation> generate(int[] promptIds, GenerationOptions options, TextListener listener) {
        return run(List.of(prompt(promptIds)), options, listener);
    }

    /**
     * Continues a text piece by piece, as the stream is read; generation may be ahead of the reader. Close the stream if it is not read to its
     * end, which ends the generation.
     */
    public Stream<String> stream(String prompt, GenerationOptions options) {
        TextStream texts = open(List.of(prompt(prompt)), options.numReturnSequences(1));
        Spliterator<String> reader = new Spliterators.AbstractSpliterator<>(Long.MAX_VALUE, Spliterator.ORDERED) {
            @Override
            public boolean tryAdvance(Consumer<? super String> action) {
                if (texts.next() instanceof TextStream.Piece piece) {
                    action.accept(piece.text());
                    return true;
                }
                return false;
            }
        };
        return StreamSupport.stream(reader, false).onClose(texts::close);
    }

    /**
     * Begins to continue token ids, as they are, and returns at once: for who wants pieces as they come, with the scores of tokens, or has to end
     * a text early.
     *
     * @param prompts each at least one id
     * @return for the caller to close
     * @throws InvalidInputException when an option is out of range, an id is none of the model's, or there are too many
     * @throws java.util.concurrent.RejectedExecutionException when too many requests wait
     */
    public TextStream start(List<int[]> prompts, GenerationOptions options) {
        return open(prompts.stream().map(this::prompt).toList(), options);
    }

    /** The text of prompt ids, special tokens left out, without a character that they hold only half of, which the continuation may complete. */
    public String promptText(int[] ids) {
        IncrementalDecoder decoder = tokenizer.decoder(true);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            if (id >= 0 && id < tokenizer.vocabSize()) { // a model may have more rows than its tokenizer has tokens
                text.append(decoder.add(id));
            }
        }
        return text.toString();
    }

    /** Ends what is being generated, whose callers get an {@link IllegalStateException}, and frees the model. */
    @Override
    public void close() {
        engine.close();
        model.close();
    }

    private List<Generation> run(List<Prompt> prompts, GenerationOptions options, TextListener listener) {
        try (TextStream texts = open(prompts, options)) {
            while (texts.next() instanceof TextStream.Piece piece) {
                if (!piece.text().isEmpty()) {
                    listener.onText(piece.sequence(), piece.text());
                }
            }
            return texts.results();
        }
    }

    private GenerationConfig resolve(GenerationOptions options) {
        return GenerationConfig.resolve(options, defaults, model.config().eos_token_ids());
    }

    private TextStream open(List<Prompt> prompts, GenerationOptions options) {
        return new TextStream(
                engine,
                model.config().max_position_embeddings(),
                tokenizer,
                resolve(options),
                scratch,
                grammars,
                prompts);
    }

    private Prompt prompt(String text) {
        return new Prompt(tokenizer.encode(text, true), text);
    }

    private Prompt prompt(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= model.config().vocab_size()) {
                throw new InvalidInputException("token id " + id + " is outside the model's vocabulary of "
                        + model.config().vocab_size());
            }
        }
        return new Prompt(ids, promptText(ids));
    }
}
