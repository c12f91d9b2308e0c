package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.base.Progress;
import dev.skald.text.TextParts;
import dev.skald.tokenizer.TokenizerTrainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald tokenizer}: what is done with tokenizers besides using them. */
@Command(
        name = "tokenizer",
        description = "Trains tokenizers.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  skald tokenizer train --vocab-size 32000 --output nordic corpus/*.jsonl.gz"})
final class TokenizerCommand implements Runnable {

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    @Command(
            name = "train",
            description = {
                "Trains a byte-level BPE tokenizer with the pattern of Llama 3.",
                "Writes tokenizer.json and tokenizer_config.json as Hugging Face's tokenizers and transformers read them."
            },
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  skald tokenizer train --vocab-size 32000 --output nordic corpus/*.jsonl.gz"})
    void train(
            @Parameters(
                            paramLabel = "FILE",
                            arity = "1..*",
                            description =
                                    "Text: .txt, or .jsonl with one object a line; also .gz and .zst of them. Their order counts.")
                    List<Path> files,
            @Option(
                            names = "--vocab-size",
                            required = true,
                            paramLabel = "N",
                            description = "All tokens: the 256 bytes, merges and special tokens.")
                    int vocabSize,
            @Option(
                            names = "--output",
                            required = true,
                            paramLabel = "DIR",
                            description = "Where the two files go; made if absent.")
                    Path output,
            @Option(
                            names = "--field",
                            defaultValue = "text",
                            paramLabel = "KEY",
                            description = "Key of the text in a .jsonl (default: ${DEFAULT-VALUE}).")
                    String field,
            @Option(
                            names = "--special-token",
                            paramLabel = "TOKEN",
                            description =
                                    "Special token, repeatable; they get the highest ids (default: <|begin_of_text|> and <|end_of_text|>).")
                    List<String> specialTokens,
            @Option(
                            names = "--bos",
                            defaultValue = "<|begin_of_text|>",
                            paramLabel = "TOKEN",
                            description = "The special token that begins a text (default: ${DEFAULT-VALUE}).")
                    String bos,
            @Option(
                            names = "--eos",
                            defaultValue = "<|end_of_text|>",
                            paramLabel = "TOKEN",
                            description = "The special token that ends a text (default: ${DEFAULT-VALUE}).")
                    String eos,
            @Option(
                            names = "--post-processor",
                            defaultValue = "template",
                            paramLabel = "template|byte-level",
                            description =
                                    "template: encoding with special tokens puts the one of --bos first; byte-level: it adds nothing (default: ${DEFAULT-VALUE}).")
                    String postProcessor,
            @Option(
                            names = "--min-frequency",
                            defaultValue = "2",
                            paramLabel = "N",
                            description = "A pair that occurs less often is not merged (default: ${DEFAULT-VALUE}).")
                    long minFrequency,
            @Option(
                            names = "--max-pieces",
                            defaultValue = "4000000",
                            paramLabel = "N",
                            description =
                                    "How many different pieces of text are counted at once; beyond it the rarest half is forgotten. Bounds the memory, at about 250 bytes a piece (default: ${DEFAULT-VALUE}).")
                    int maxPieces)
            throws IOException {
        boolean template = postProcessor.equals("template");
        if (!template && !postProcessor.equals("byte-level")) {
            throw new InvalidInputException(
                    "--post-processor: expected template or byte-level, found \"" + postProcessor + "\"");
        }
        List<String> special = specialTokens == null ? TokenizerTrainer.Options.DEFAULT_SPECIAL_TOKENS : specialTokens;
        TokenizerTrainer trainer = new TokenizerTrainer(
                new TokenizerTrainer.Options(vocabSize, special, bos, eos, template, minFrequency, maxPieces));
        PrintWriter err = spec.commandLine().getErr();
        read(trainer, files, field);
        TokenizerTrainer.Counts counts = trainer.counts();
        err.printf(
                Locale.ROOT,
                "%d bytes of text, %d pieces, %d different ones%s%n",
                counts.bytes(),
                counts.pieces(),
                counts.differentPieces(),
                counts.forgottenPieces() == 0 ? "" : ", " + counts.forgottenPieces() + " rare ones forgotten");
        err.flush();
        TokenizerTrainer.Trained trained = trainer.train();
        trained.write(output);
        if (trained.vocabSize() < vocabSize) {
            err.println("the text gave " + trained.vocabSize() + " tokens only: no pair is left that occurs "
                    + minFrequency + " times");
        }
        spec.commandLine().getOut().println(output.resolve("tokenizer.json"));
    }

    private static void read(TokenizerTrainer trainer, List<Path> files, String field) throws IOException {
        long total = 0;
        for (Path file : files) {
            total += Files.size(file);
        }
        try (Progress progress = Progress.ofBytes("reading", total)) {
            long done = 0;
            for (Path file : files) {
                long before = done;
                new TextParts(file, field, trainer::read).read(bytes -> progress.toBytes(before + bytes));
                done += Files.size(file);
            }
        }
    }
}
