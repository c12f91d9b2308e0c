package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.text.Fields;
import dev.skald.text.Flaws;
import dev.skald.text.ReadOptions;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a corpus is made of and how: the YAML file's content with the preset and the defaults filled in ({@code defaults.yaml} beside this
 * class holds the default of every key). Read it with {@link RecipeReader}.
 *
 * @param preset the name of the thresholds to start from: nordic-pile, gopher, fineweb2 or none
 * @param seed of every choice that looks random: sampling, shuffling, the validation split, MinHash
 * @param data the directory that relative source paths start from
 * @param output the directory to write; its parent must exist
 * @param tokenizer a directory with tokenizer.json, or the file itself; empty: stop after kept/ and removed/
 * @param sources in order of preference: of two equal documents the one from the earlier source is kept
 * @param read how files become documents
 * @param normalize how text is cleaned
 * @param personalData what is masked
 * @param language which languages are kept
 * @param filters rule name to bounds, for every language
 * @param languageFilters language to rule name to bounds; a rule here replaces the one in {@code filters}
 * @param wordLists files that replace the built-in lists
 * @param exactDedup removal of equal texts
 * @param fuzzyDedup removal of nearly equal texts
 * @param decontaminate removal of texts that hold parts of evaluation sets
 * @param mix how often each document goes into the packed set
 * @param validation documents held out of training
 * @param pack the packed files
 * @param kept how kept/ and removed/ are written
 * @param report what report.html shows
 */
public record Recipe(
        String preset,
        long seed,
        String data,
        String output,
        String tokenizer,
        List<Source> sources,
        Read read,
        Normalize normalize,
        PersonalDataSettings personalData,
        Language language,
        Map<String, Bound> filters,
        Map<String, Map<String, Bound>> languageFilters,
        WordListFiles wordLists,
        ExactDedup exactDedup,
        FuzzyDedup fuzzyDedup,
        Decontaminate decontaminate,
        Mix mix,
        Validation validation,
        Pack pack,
        Kept kept,
        ReportSettings report)
        implements Serializable {

    /** Validates what spans several keys. */
    public Recipe {
        require(sources != null && !sources.isEmpty(), "sources", "no source", "at least one");
        require(output != null && !output.isBlank(), "output", "nothing", "a directory to write");
        sources = List.copyOf(sources);
        Set<String> names = new java.util.HashSet<>();
        for (Source source : sources) {
            require(names.add(source.name), "sources", "two sources named '" + source.name + "'", "different names");
        }
        filters.keySet().forEach(name -> Rule.named(name, "filters"));
        languageFilters.forEach((code, rules) -> {
            requireOneOf("language_filters", code, LanguageIdentifier.KNOWN);
            rules.keySet().forEach(name -> Rule.named(name, "language_filters." + code));
        });
    }

    /** The bounds that apply to a document of this language, by rule. */
    Map<Rule, Bound> bounds(String language) {
        Map<Rule, Bound> bounds = new java.util.EnumMap<>(Rule.class);
        filters.forEach((name, bound) -> bounds.put(Rule.named(name, "filters"), bound));
        languageFilters
                .getOrDefault(language, Map.of())
                .forEach((name, bound) -> bounds.put(Rule.named(name, "language_filters"), bound));
        if (!decontaminate.paths().isEmpty()) {
            bounds.put(Rule.CONTAMINATION, new Bound(null, decontaminate.maxShare(), 0, 0, List.of()));
        }
        return bounds;
    }

    /**
     * Where documents come from.
     *
     * @param name unique; used in the reports
     * @param path a file, a directory (all files of a known kind in it) or a glob with *, ** and {a,b}; a file that an earlier source
     *     has taken is not read again
     * @param format jsonl, txt (one document a file), txt-lines (one a line), parquet or warc; empty: by the file's name
     * @param category the row of the mix table
     * @param language the language that its documents declare, compared with the identified one in the report; empty: unknown
     * @param languageField the field that holds a document's declared language, if any; wins over {@code language}
     * @param weight multiplied with the weight of the mix table
     * @param priority the survivor of a duplicate cluster is the document of the highest priority, if the recipe asks for it
     * @param text the field that holds the text (jsonl, parquet)
     * @param id the field that holds the id; documents without get one
     * @param url the field that holds the URL
     * @param optional do not stop if no file is found
     * @param licence of its texts, for the reader of a model card; free text, may be empty
     */
    public record Source(
            String name,
            String path,
            String format,
            String category,
            String language,
            String languageField,
            double weight,
            int priority,
            String text,
            String id,
            String url,
            boolean optional,
            String licence)
            implements Serializable {

        /** Validates. */
        public Source {
            require(path != null && !path.isBlank(), "sources.path", "nothing", "a file, directory or glob");
            require(name != null && !name.isBlank(), "sources.name", "nothing", "a name");
            requireOneOf(
                    "sources." + name + ".format", format, List.of("", "jsonl", "txt", "txt-lines", "parquet", "warc"));
            require(weight >= 0, "sources." + name + ".weight", weight, "at least 0");
            require(priority >= -128 && priority < 128, "sources." + name + ".priority", priority, "-128 to 127");
        }
    }

    /**
     * How files become documents.
     *
     * @param splitBytes text that one task reads, about; also the unit that a resumed run does again
     * @param maxDocumentBytes a longer record is kept aside
     * @param invalidUtf8 {@code replace}: U+FFFD for what is not UTF-8; {@code reject}: the record is kept aside
     * @param maxRejected share of records kept aside above which the run stops: a wrong field name must not look like an empty corpus
     */
    public record Read(long splitBytes, int maxDocumentBytes, String invalidUtf8, double maxRejected)
            implements Serializable {

        /** Validates. */
        public Read {
            require(splitBytes >= 1 << 16, "read.split_bytes", splitBytes, "at least 65536");
            require(
                    maxDocumentBytes >= 1 << 10 && maxDocumentBytes <= 1 << 28,
                    "read.max_document_bytes",
                    maxDocumentBytes,
                    "1024 to 268435456");
            requireOneOf("read.invalid_utf8", invalidUtf8, List.of("replace", "reject"));
            requireFraction("read.max_rejected", maxRejected);
        }

        /** The same for a reader of files. */
        ReadOptions options(Fields fields, boolean metadata, Flaws flaws) {
            return new ReadOptions(fields, metadata, maxDocumentBytes, invalidUtf8.equals("replace"), flaws);
        }
    }

    /**
     * How text is cleaned.
     *
     * @param enabled remove control characters and soft hyphens, unify spaces, compose to NFC
     * @param repairUtf8 undo UTF-8 that was read as Windows-1252, as in "Ã¥" for "å"
     */
    public record Normalize(boolean enabled, boolean repairUtf8) implements Serializable {}

    /**
     * What is masked; each is replaced by its name in angle brackets.
     *
     * @param emails e-mail addresses
     * @param ipAddresses IPv4 and IPv6 addresses
     * @param identityNumbers Swedish, Norwegian, Danish, Finnish and Icelandic personal identity numbers whose date and checksum hold
     * @param phoneNumbers numbers with a Nordic country code, or in a national form after a word such as "tel"
     */
    public record PersonalDataSettings(
            boolean emails, boolean ipAddresses, boolean identityNumbers, boolean phoneNumbers)
            implements Serializable {

        boolean any() {
            return emails || ipAddresses || identityNumbers || phoneNumbers;
        }
    }

    /**
     * Which languages are kept.
     *
     * @param keep of sv, da, nb, nn, is, fo, en, other
     * @param sampleChars characters of a document that are looked at, from its start, middle and end
     */
    public record Language(List<String> keep, int sampleChars) implements Serializable {

        /** Validates. */
        public Language {
            keep = List.copyOf(keep);
            keep.forEach(language -> requireOneOf("language.keep", language, LanguageIdentifier.KNOWN));
            require(sampleChars >= 100, "language.sample_chars", sampleChars, "at least 100");
        }
    }

    /**
     * What a measured value must lie between; inclusive.
     *
     * @param min lowest value that passes, or null
     * @param max highest value that passes, or null
     * @param from the rule applies from this many lines (line rules) or hits (adult_words) on
     * @param distinct different hits that adult_words needs
     * @param categories the rule is for sources of these categories only; empty: all
     */
    public record Bound(Double min, Double max, int from, int distinct, List<String> categories)
            implements Serializable {

        /** Validates. */
        public Bound {
            categories = categories == null ? List.of() : List.copyOf(categories);
        }

        boolean passes(double value) {
            return (min == null || value >= min) && (max == null || value <= max);
        }
    }

    /**
     * Files of one word a line, replacing the built-in lists.
     *
     * @param stopWords language to file; the built-in ones are for sv, da, nb, nn, is, fo and en
     * @param adult language to file of {@code word weight} lines; the built-in list is empty
     * @param blockedDomains file; the built-in list is empty
     * @param blockedExtensions file endings that are no texts
     */
    public record WordListFiles(
            Map<String, String> stopWords,
            Map<String, String> adult,
            String blockedDomains,
            List<String> blockedExtensions)
            implements Serializable {}

    /**
     * Removal of equal texts.
     *
     * @param enabled whether
     */
    public record ExactDedup(boolean enabled) implements Serializable {}

    /**
     * Removal of nearly equal texts, by MinHash and locality-sensitive hashing, verified.
     *
     * @param enabled whether
     * @param shingle {@code word} or {@code character}
     * @param shingleSize words or characters in a shingle
     * @param bands hash tables; two documents that agree in one are compared
     * @param rows MinHash values in a band
     * @param threshold exact Jaccard similarity of the shingle sets from which on two documents count as the same
     * @param survivor what decides which one is kept, in order: priority, longest, earliest
     * @param maxBucket documents of one bucket compared all with all; a larger bucket is cut into pieces of this size, each of which
     *     holds the bucket's most preferred document too
     */
    public record FuzzyDedup(
            boolean enabled,
            String shingle,
            int shingleSize,
            int bands,
            int rows,
            double threshold,
            List<String> survivor,
            int maxBucket)
            implements Serializable {

        /** Validates. */
        public FuzzyDedup {
            requireOneOf("fuzzy_dedup.shingle", shingle, List.of("word", "character"));
            require(shingleSize >= 1 && shingleSize <= 100, "fuzzy_dedup.shingle_size", shingleSize, "1 to 100");
            require(bands >= 1 && bands <= 1000, "fuzzy_dedup.bands", bands, "1 to 1000");
            require(rows >= 1 && rows <= 100, "fuzzy_dedup.rows", rows, "1 to 100");
            requireFraction("fuzzy_dedup.threshold", threshold);
            require(maxBucket >= 2, "fuzzy_dedup.max_bucket", maxBucket, "at least 2");
            survivor = List.copyOf(survivor);
            survivor.forEach(
                    rule -> requireOneOf("fuzzy_dedup.survivor", rule, List.of("priority", "longest", "earliest")));
        }
    }

    /**
     * Removal of texts that hold parts of evaluation sets: the rule {@code contamination} measures the share of a document's word n-grams
     * that occur there.
     *
     * @param paths files or globs (jsonl, txt, parquet, plain or compressed)
     * @param text the field that holds the text
     * @param ngram words in an n-gram
     * @param maxShare the highest share that passes
     */
    public record Decontaminate(List<String> paths, String text, int ngram, double maxShare) implements Serializable {

        /** Validates. */
        public Decontaminate {
            paths = List.copyOf(paths);
            require(ngram >= 3 && ngram <= 50, "decontaminate.ngram", ngram, "3 to 50");
            requireFraction("decontaminate.max_share", maxShare);
        }
    }

    /**
     * How often each document goes into the packed set.
     *
     * @param weights category to language (or {@code default}) to weight: 0.5 takes every second document, 1.5 takes each once and
     *     every second one twice
     * @param targetTokens language to tokens wanted; the weights of that language are scaled to it
     * @param maxRepeats a document is taken at most this often
     */
    public record Mix(Map<String, Map<String, Double>> weights, Map<String, Long> targetTokens, int maxRepeats)
            implements Serializable {

        /** Validates. */
        public Mix {
            weights.forEach((category, row) -> row.forEach((language, weight) -> {
                requireOneOf("mix.weights." + category, language, LanguageIdentifier.KNOWN_OR_DEFAULT);
                require(weight >= 0, "mix.weights." + category + "." + language, weight, "at least 0");
            }));
            targetTokens.forEach((language, tokens) -> {
                requireOneOf("mix.target_tokens", language, LanguageIdentifier.KNOWN);
                require(tokens > 0, "mix.target_tokens." + language, tokens, "at least 1");
            });
            require(maxRepeats >= 1, "mix.max_repeats", maxRepeats, "at least 1");
        }
    }

    /**
     * Documents held out of training.
     *
     * @param fraction of each language's documents, 0 for none
     * @param maxDocuments at most this many of a language
     */
    public record Validation(double fraction, int maxDocuments) implements Serializable {

        /** Validates. */
        public Validation {
            requireFraction("validation.fraction", fraction);
            require(maxDocuments >= 0, "validation.max_documents", maxDocuments, "at least 0");
        }
    }

    /**
     * The packed files.
     *
     * @param shards files that the training set is cut into; each is shuffled, and a document's shard is random
     * @param bos begin each document with the tokenizer's begin token
     * @param eos end each document with the tokenizer's end token
     */
    public record Pack(int shards, boolean bos, boolean eos) implements Serializable {

        /** Validates. */
        public Pack {
            require(shards >= 1 && shards <= 1 << 16, "pack.shards", shards, "1 to 65536");
        }
    }

    /**
     * How kept/ and removed/ are written.
     *
     * @param format jsonl.zst or parquet
     * @param removedText write the text of removed documents too
     */
    public record Kept(String format, boolean removedText) implements Serializable {

        /** Validates. */
        public Kept {
            requireOneOf("kept.format", format, List.of("jsonl.zst", "parquet"));
        }
    }

    /**
     * What report.html shows.
     *
     * @param samples dropped documents shown for each rule
     * @param sampleChars characters of each
     */
    public record ReportSettings(int samples, int sampleChars) implements Serializable {}

    /** A hash of all that the result depends on besides the input: everything but where things lie. */
    String hash() {
        return java.util.HexFormat.of().formatHex(Hashes.md5(RecipeReader.writeAnywhere(this)));
    }

    private static void require(boolean holds, String key, Object found, String expected) {
        if (!holds) {
            throw new InvalidInputException("recipe: " + key + ": found " + found + ", expected " + expected);
        }
    }

    private static void requireFraction(String key, double found) {
        require(found >= 0 && found <= 1, key, found, "0 to 1");
    }

    private static void requireOneOf(String key, String found, List<String> expected) {
        require(expected.contains(found), key, "'" + found + "'", "one of " + String.join(", ", expected));
    }
}
