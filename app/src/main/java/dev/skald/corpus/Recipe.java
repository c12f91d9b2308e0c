package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import dev.skald.text.Fields;
import dev.skald.text.Flaws;
import dev.skald.text.ReadOptions;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a corpus is made of and how: the YAML file's content with the preset and the defaults filled in. Read it with {@link
 * RecipeReader}.
 */
public record Recipe(
        @Key(
                value = "The name of the thresholds to start from: nordic-pile, gopher, fineweb2 or none.",
                defaultValue = "none")
        String preset,

        @Key(
                value = "Seed of every choice that looks random: sampling, shuffling, the validation split, MinHash.",
                defaultValue = "42")
        long seed,

        @Key(value = "The directory that relative source paths start from.", defaultValue = ".")
        String data,

        @Key("The directory to write; its parent must exist.")
        String output,

        @Key(
                value = "A directory with tokenizer.json, or the file itself; empty: stop after kept/ and removed/.",
                defaultValue = "\"\"")
        String tokenizer,

        @Key(
                "Where documents come from, in order of preference: of two equal documents the one from the earlier source is kept.")
        List<Source> sources,

        @Key(value = "How files become documents.", defaultValue = "{}")
        Read read,

        @Key(value = "How text is cleaned.", defaultValue = "{}")
        Normalize normalize,

        @Key(value = "What is masked.", defaultValue = "{}") PersonalDataSettings personalData,

        @Key(value = "Which languages are kept.", defaultValue = "{}")
        Language language,

        @Key("Rule name to bounds, for every language.") Map<String, Bound> filters,

        @Key("Language to rule name to bounds; a rule here replaces the one in filters.")
        Map<String, Map<String, Bound>> languageFilters,

        @Key(value = "Files that replace the built-in lists.", defaultValue = "{}")
        WordListFiles wordLists,

        @Key(value = "Removal of equal texts.", defaultValue = "{}")
        ExactDedup exactDedup,

        @Key(value = "Removal of nearly equal texts.", defaultValue = "{}")
        FuzzyDedup fuzzyDedup,

        @Key(value = "Removal of texts that hold parts of evaluation sets.", defaultValue = "{}")
        Decontaminate decontaminate,

        @Key(value = "How often each document goes into the packed set.", defaultValue = "{}")
        Mix mix,

        @Key(value = "Documents held out of training.", defaultValue = "{}")
        Validation validation,

        @Key(value = "The packed files.", defaultValue = "{}")
        Pack pack,

        @Key(value = "How kept/ and removed/ are written.", defaultValue = "{}")
        Kept kept,

        @Key(value = "What report.html shows.", defaultValue = "{}")
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

    /** Where documents come from. */
    public record Source(
            @Key("Unique; used in the reports. The path when not given.")
            String name,

            @Key("A file, a directory (all files of a known kind in it) or a glob with *, ** and {a,b}; a file that an"
                    + " earlier source has taken is not read again.")
            String path,

            @Key(
                    value =
                            "One of jsonl, txt (one document a file), txt-lines (one a line), parquet or warc; empty: by the file's name.",
                    defaultValue = "\"\"")
            String format,

            @Key(value = "The row of the mix table.", defaultValue = "misc")
            String category,

            @Key(
                    value =
                            "The language that its documents declare, compared with the identified one in the report; empty: unknown.",
                    defaultValue = "\"\"")
            String language,

            @Key(
                    value = "The field that holds a document's declared language, if any; wins over language.",
                    defaultValue = "\"\"")
            String languageField,

            @Key(value = "Weight, multiplied with the weight of the mix table.", defaultValue = "1.0")
            double weight,

            @Key(
                    value =
                            "The survivor of a duplicate cluster is the document of the highest priority, if the recipe asks for it.",
                    defaultValue = "0")
            int priority,

            @Key(
                    value = "The field that holds the text (jsonl, parquet); a.b for one inside an object.",
                    defaultValue = "text")
            String text,

            @Key(value = "The field that holds the id; documents without get one.", defaultValue = "id")
            String id,

            @Key(value = "The field that holds the URL.", defaultValue = "url")
            String url,

            @Key(value = "Do not stop if no file is found.", defaultValue = "false")
            boolean optional,

            @Key(
                    value = "Rules that its documents are not put under: those of verse, lists or tables.",
                    defaultValue = "[]")
            List<String> without,

            @Key(
                    value = "Licence of its texts, for the reader of a model card; free text, may be empty.",
                    defaultValue = "\"\"")
            String licence)
            implements Serializable {

        /** Validates. */
        public Source {
            name = name == null ? path : name;
            require(path != null && !path.isBlank(), "sources.path", "nothing", "a file, directory or glob");
            require(name != null && !name.isBlank(), "sources.name", "nothing", "a name");
            requireOneOf(
                    "sources." + name + ".format", format, List.of("", "jsonl", "txt", "txt-lines", "parquet", "warc"));
            without = List.copyOf(without);
            without.forEach(rule -> Rule.named(rule, "sources." + path + ".without"));
            require(weight >= 0, "sources." + name + ".weight", weight, "at least 0");
            require(priority >= -128 && priority < 128, "sources." + name + ".priority", priority, "-128 to 127");
        }
    }

    /** How files become documents. */
    public record Read(
            @Key(
                    value = "Text that one task reads, about; also the unit that a resumed run does again.",
                    defaultValue = "8388608")
            long splitBytes,

            @Key(value = "A longer record is kept aside.", defaultValue = "16777216")
            int maxDocumentBytes,

            @Key(
                    value = "With replace: U+FFFD for what is not UTF-8; with reject the record is kept aside.",
                    defaultValue = "replace")
            String invalidUtf8,

            @Key(
                    value =
                            "Share of records kept aside above which the run stops: a wrong field name must not look like an empty corpus.",
                    defaultValue = "0.5")
            double maxRejected)
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

    /** How text is cleaned. */
    public record Normalize(
            @Key(
                    value = "Remove control characters and soft hyphens, unify spaces, compose to NFC.",
                    defaultValue = "true")
            boolean enabled,

            @Key(value = "Undo UTF-8 that was read as Windows-1252, as in \"Ã¥\" for \"å\".", defaultValue = "false")
            boolean repairUtf8)
            implements Serializable {}

    /** What is masked; each is replaced by its name in angle brackets. */
    public record PersonalDataSettings(
            @Key(value = "E-mail addresses.", defaultValue = "false")
            boolean emails,

            @Key(value = "IPv4 and IPv6 addresses.", defaultValue = "false")
            boolean ipAddresses,

            @Key(
                    value =
                            "Swedish, Norwegian, Danish, Finnish and Icelandic personal identity numbers whose date and checksum hold.",
                    defaultValue = "false")
            boolean identityNumbers,

            @Key(
                    value = "Numbers with a Nordic country code, or in a national form after a word such as \"tel\".",
                    defaultValue = "false")
            boolean phoneNumbers)
            implements Serializable {

        boolean any() {
            return emails || ipAddresses || identityNumbers || phoneNumbers;
        }
    }

    /** Which languages are kept. */
    public record Language(
            @Key(
                    value = "Some of sv, da, nb, nn, is, fo, en, other.",
                    defaultValue = "[\"sv\", \"da\", \"nb\", \"nn\", \"is\", \"fo\", \"en\"]")
            List<String> keep,

            @Key(
                    value = "Characters of a document that are looked at, from its start, middle and end.",
                    defaultValue = "3000")
            int sampleChars)
            implements Serializable {

        /** Validates. */
        public Language {
            keep = List.copyOf(keep);
            keep.forEach(language -> requireOneOf("language.keep", language, LanguageIdentifier.KNOWN));
            require(sampleChars >= 100, "language.sample_chars", sampleChars, "at least 100");
        }
    }

    /** What a measured value must lie between; inclusive. */
    public record Bound(
            @Key("Lowest value that passes; none when not given.")
            Double min,

            @Key("Highest value that passes; none when not given.")
            Double max,

            @Key(
                    value = "The rule applies from this many lines (line rules) or hits (adult_words) on.",
                    defaultValue = "0")
            int from,

            @Key(value = "Different hits that adult_words needs.", defaultValue = "0")
            int distinct,

            @Key("The rule is for sources of these categories only; empty: all.")
            List<String> categories)
            implements Serializable {

        /** Validates. */
        public Bound {
            categories = List.copyOf(categories);
        }

        boolean passes(double value) {
            return (min == null || value >= min) && (max == null || value <= max);
        }
    }

    /** Files of one word a line, replacing the built-in lists. */
    public record WordListFiles(
            @Key("Language to file; the built-in ones are for sv, da, nb, nn, is, fo and en.")
            Map<String, String> stopWords,

            @Key("Language to file of lines, each a word and its weight; the built-in list is empty.")
            Map<String, String> adult,

            @Key(value = "File; the built-in list is empty.", defaultValue = "\"\"")
            String blockedDomains,

            @Key(
                    value = "File endings that are no texts.",
                    defaultValue =
                            "["
                                    + "\".jpg\", \".jpeg\", \".png\", \".gif\", \".svg\", \".webp\", \".mp3\", \".mp4\", \".avi\", "
                                    + "\".mov\", \".pdf\", \".zip\", \".gz\", \".exe\", \".css\", \".js\", \".xml\", \".json\"]")
            List<String> blockedExtensions)
            implements Serializable {}

    /** Removal of equal texts. */
    public record ExactDedup(
            @Key(value = "Whether it is done.", defaultValue = "true")
            boolean enabled) implements Serializable {}

    /** Removal of nearly equal texts, by MinHash and locality-sensitive hashing, verified. */
    public record FuzzyDedup(
            @Key(value = "Whether it is done.", defaultValue = "true")
            boolean enabled,

            @Key(value = "Word or character.", defaultValue = "word")
            String shingle,

            @Key(value = "Words or characters in a shingle.", defaultValue = "5")
            int shingleSize,

            @Key(value = "Hash tables; two documents that agree in one are compared.", defaultValue = "20")
            int bands,

            @Key(value = "MinHash values in a band.", defaultValue = "5")
            int rows,

            @Key(
                    value =
                            "Exact Jaccard similarity of the shingle sets from which on two documents count as the same.",
                    defaultValue = "0.8")
            double threshold,

            @Key(
                    value = "What decides which one is kept, in order: priority, longest, earliest.",
                    defaultValue = "[\"priority\", \"longest\", \"earliest\"]")
            List<String> survivor,

            @Key(
                    value =
                            "Documents of one bucket compared all with all; a larger bucket is cut into pieces of this size, each"
                                    + " of which holds the bucket's most preferred document too.",
                    defaultValue = "10000")
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
     * Removal of texts that hold parts of evaluation sets: the rule {@code contamination} measures the share of a document's word
     * n-grams that occur there.
     */
    public record Decontaminate(
            @Key("Files or globs (jsonl, txt, parquet, plain or compressed).")
            List<String> paths,

            @Key(value = "The field that holds the text.", defaultValue = "text")
            String text,

            @Key(value = "Words in an n-gram.", defaultValue = "13")
            int ngram,

            @Key(value = "The highest share that passes.", defaultValue = "0.0")
            double maxShare)
            implements Serializable {

        /** Validates. */
        public Decontaminate {
            paths = List.copyOf(paths);
            require(ngram >= 3 && ngram <= 50, "decontaminate.ngram", ngram, "3 to 50");
            requireFraction("decontaminate.max_share", maxShare);
        }
    }

    /** How often each document goes into the packed set. */
    public record Mix(
            @Key("Category to language (or default) to weight: 0.5 takes every second document, 1.5 takes each once "
                    + "and every second one twice.")
            Map<String, Map<String, Double>> weights,

            @Key("Language to tokens wanted; the weights of that language are scaled to it.")
            Map<String, Long> targetTokens,

            @Key(value = "A document is taken at most this often.", defaultValue = "10")
            int maxRepeats)
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

    /** Documents held out of training. */
    public record Validation(
            @Key(value = "Share of each language's documents, 0 for none.", defaultValue = "0.01")
            double fraction,

            @Key(value = "At most this many of a language.", defaultValue = "1000")
            int maxDocuments)
            implements Serializable {

        /** Validates. */
        public Validation {
            requireFraction("validation.fraction", fraction);
            require(maxDocuments >= 0, "validation.max_documents", maxDocuments, "at least 0");
        }
    }

    /** The packed files. */
    public record Pack(
            @Key(
                    value =
                            "Files that the training set is cut into; each is shuffled, and a document's shard is random.",
                    defaultValue = "4")
            int shards,

            @Key(value = "Begin each document with the tokenizer's begin token.", defaultValue = "true")
            boolean bos,

            @Key(value = "End each document with the tokenizer's end token.", defaultValue = "true")
            boolean eos)
            implements Serializable {

        /** Validates. */
        public Pack {
            require(shards >= 1 && shards <= 1 << 16, "pack.shards", shards, "1 to 65536");
        }
    }

    /** How kept/ and removed/ are written. */
    public record Kept(
            @Key(value = "One of jsonl.zst and parquet.", defaultValue = "jsonl.zst")
            String format,

            @Key(value = "Write the text of removed documents too.", defaultValue = "true")
            boolean removedText)
            implements Serializable {

        /** Validates. */
        public Kept {
            requireOneOf("kept.format", format, List.of("jsonl.zst", "parquet"));
        }
    }

    /** What report.html shows. */
    public record ReportSettings(
            @Key(value = "Dropped documents shown for each rule.", defaultValue = "10")
            int samples,

            @Key(value = "Characters of each.", defaultValue = "400")
            int sampleChars)
            implements Serializable {}

    /** A hash of all that the result depends on besides the input: everything but where things lie. */
    String hash() {
        return java.util.HexFormat.of().formatHex(Hashes.md5(RecipeReader.writeAnywhere(this)));
    }

    private static void require(boolean holds, String key, Object found, String expected) {
        if (!holds) {
            throw new InvalidInputException(key + ": found " + found + ", expected " + expected);
        }
    }

    private static void requireFraction(String key, double found) {
        require(found >= 0 && found <= 1, key, found, "0 to 1");
    }

    private static void requireOneOf(String key, String found, List<String> expected) {
        require(expected.contains(found), key, "'" + found + "'", "one of " + String.join(", ", expected));
    }
}
