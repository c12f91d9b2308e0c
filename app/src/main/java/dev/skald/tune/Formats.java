package dev.skald.tune;

import dev.skald.InvalidInputException;
import dev.skald.chat.ChatTemplate;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** Chooses how rows become examples, by a data set's {@code type} and the configuration around it. */
final class Formats {

    private final TuningConfig tuning;
    private final Tokenizer tokenizer;
    private final int sequenceLen;

    Formats(TuningConfig tuning, Tokenizer tokenizer, int sequenceLen) {
        this.tuning = tuning;
        this.tokenizer = tokenizer;
        this.sequenceLen = sequenceLen;
    }

    ExampleFormat of(DatasetType type, String textField, ConversationKeys keys) throws IOException {
        String name = type.name();
        if (name.equals("alpaca") || name.startsWith("alpaca:")) {
            String style = name.equals("alpaca") ? "instruct" : name.substring("alpaca:".length());
            return InstructionRows.alpaca(style, tokenizer, tuning.trainOnInputs(), sequenceLen);
        }
        return switch (name) {
            case "chat_template" -> conversations(keys);
            case DatasetType.USER_DEFINED ->
                InstructionRows.userDefined(type.keys(), tokenizer, tuning.trainOnInputs(), sequenceLen);
            case "input_output" -> new SegmentRows(tokenizer);
            case "completion" -> new CompletionRows(textField, tokenizer, sequenceLen);
            case "tokenized" -> new TokenisedRows(tokenizer);
            default ->
                throw new InvalidInputException("datasets: type: found '" + name
                        + "', which is one of preferences; they are learned with rl: dpo, or kto");
        };
    }

    /** How rows become preferences. */
    PreferenceRows preferences(DatasetType type, ConversationKeys keys) throws IOException {
        String family = type.name().replaceFirst("\\..*", "");
        Optional<ChatTemplate> written = switch (family) {
            case "chat_template" -> Optional.of(template(keys));
            case "chatml", "llama3" -> Optional.of(ChatTemplate.of(tokenizer, family));
            case "completion" -> Optional.empty();
            default ->
                throw new InvalidInputException("datasets: type: found '" + type.name()
                        + "', but rl wants preferences: chat_template.default, chatml.NAME, llama3.NAME, or no type");
        };
        // Without a template of its own a row's messages are still read by these keys.
        ChatTemplate any = written.isPresent() ? written.get() : ChatTemplate.of(tokenizer, "chatml");
        return new PreferenceRows(
                keys, new ConversationRows(keys, tuning, any, labels(keys)), written, tokenizer, labels(keys));
    }

    /** How rows become single answers that are wanted or not. */
    AnswerRows answers(DatasetType type, ConversationKeys keys) throws IOException {
        boolean own = type.name().equals(DatasetType.USER_DEFINED);
        return new AnswerRows(preferences(own ? DatasetType.COMPLETION : type, keys), own ? type.keys() : Map.of());
    }

    ConversationRows conversations(ConversationKeys keys) throws IOException {
        return new ConversationRows(keys, tuning, template(keys), labels(keys));
    }

    /** The template of a data set, else of the configuration, else of the tokenizer. */
    ChatTemplate template(ConversationKeys keys) throws IOException {
        boolean own = keys.chatTemplate() != null || keys.chatTemplateJinja() != null;
        String name = own ? keys.chatTemplate() : tuning.chatTemplate();
        String jinja = own ? keys.chatTemplateJinja() : tuning.chatTemplateJinja();
        return template(tokenizer, name, jinja);
    }

    static ChatTemplate template(Tokenizer tokenizer, String name, String jinja) throws IOException {
        if (jinja != null) {
            boolean file = !jinja.contains("{") && Files.isRegularFile(Path.of(jinja));
            return ChatTemplate.ofSource(tokenizer, file ? Files.readString(Path.of(jinja)) : jinja);
        }
        String fallback = "tokenizer_default_fallback_";
        if (name == null || name.equals("tokenizer_default") || name.startsWith(fallback)) {
            var own = ChatTemplate.of(tokenizer);
            if (own.isPresent()) {
                return own.get();
            }
            if (name != null && name.startsWith(fallback)) {
                return ChatTemplate.of(tokenizer, name.substring(fallback.length()));
            }
            throw new InvalidInputException(
                    "chat_template: the tokenizer has none; expected chat_template: llama3, chatml, or"
                            + " chat_template_jinja");
        }
        if (name.equals("jinja")) {
            throw new InvalidInputException("chat_template: jinja wants chat_template_jinja");
        }
        return ChatTemplate.of(tokenizer, name);
    }

    LabelRule labels(ConversationKeys keys) {
        Set<Integer> eot = tuning.eotTokens().stream().map(this::eot).collect(Collectors.toSet());
        OptionalInt eos = tokenizer.eosId();
        if (eos.isPresent()
                && eot.contains(eos.getAsInt())
                && !keys.trainOnEos().equals(keys.trainOnEot())) {
            throw new InvalidInputException("eot_tokens has the eos token, but train_on_eos " + keys.trainOnEos()
                    + " contradicts train_on_eot " + keys.trainOnEot());
        }
        if (eot.isEmpty() && eos.isPresent()) {
            eot = Set.of(eos.getAsInt());
        }
        return new LabelRule(eos.orElse(-1), eot, keys.trainOnEos(), keys.trainOnEot());
    }

    private int eot(String token) {
        OptionalInt id = tokenizer.id(token);
        if (id.isEmpty()) {
            throw new InvalidInputException(
                    "eot_tokens: found '" + token + "', expected a token of the tokenizer; tokens: adds one");
        }
        return id.getAsInt();
    }
}
