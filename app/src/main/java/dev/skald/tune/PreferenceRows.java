package dev.skald.tune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.chat.ChatTemplate;
import dev.skald.chat.Conversation;
import dev.skald.chat.Message;
import dev.skald.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Rows with an answer that is wanted and one that is not: two examples with the same beginning, of which the answers are learned, the end of the
 * message included.
 *
 * <p>Where the answer begins is known from the prompt, which is the beginning of the conversation; Axolotl looks for its text.
 */
final class PreferenceRows implements ExampleFormat {

    private static final List<String> PROMPTS = List.of("prompt", "input", "question", "instruction");
    static final List<String> CHOSEN = List.of("chosen", "chosen_response");
    static final List<String> REJECTED = List.of("rejected", "rejected_response");

    private final ConversationKeys keys;
    private final ConversationRows conversations;
    private final Optional<ChatTemplate> template;
    private final Tokenizer tokenizer;
    private final LabelRule ends;

    /** @param template empty: prompts and answers are texts without one */
    PreferenceRows(
            ConversationKeys keys,
            ConversationRows conversations,
            Optional<ChatTemplate> template,
            Tokenizer tokenizer,
            LabelRule ends) {
        this.keys = keys;
        this.conversations = conversations;
        this.template = template;
        this.tokenizer = tokenizer;
        this.ends = ends;
    }

    @Override
    public int together() {
        return 2;
    }

    @Override
    public List<Example> examples(ObjectNode row) {
        String chosen = present(row, keys.fieldChosen(), CHOSEN);
        String rejected = present(row, keys.fieldRejected(), REJECTED);
        return List.of(example(row, chosen, row.get(chosen)), example(row, rejected, row.get(rejected)));
    }

    static String present(ObjectNode row, String stated, List<String> usual) {
        return (stated == null ? usual : List.of(stated))
                .stream()
                        .filter(row::hasNonNull)
                        .findFirst()
                        .orElseThrow(() -> new InvalidInputException("the field "
                                + (stated == null ? String.join(" or ", usual) : stated) + " is missing; found "
                                + String.join(", ", ExampleFormat.names(row))));
    }

    /** The prompt of a row with one of its answers. */
    Example example(ObjectNode row, String field, JsonNode given) {
        JsonNode answer = ConversationRows.parsed(given);
        Message last = answer(field, answer);
        if (last.content().isBlank()) {
            throw new InvalidInputException("the field " + field + " has an empty answer");
        }
        if (template.isEmpty()) {
            return text(ExampleFormat.text(row, present(row, null, PROMPTS)), last.content());
        }
        List<Message> messages = new ArrayList<>(prompt(row, answer));
        messages.add(last);
        Conversation conversation = template.get().conversation(messages, conversations.options(row));
        int[] ids = conversation.ids();
        int begin = conversation.begins()[messages.size() - 1];
        if (begin < 0) {
            throw new InvalidInputException(
                    "the chat template writes the prompt otherwise than the conversation that it"
                            + " becomes, so that it cannot be told where the answer begins");
        }
        int end = ids.length;
        while (end > begin && ids[end - 1] != ends.eos() && !ends.eot().contains(ids[end - 1])) {
            end--;
        }
        end = end == begin ? ids.length : end; // no end is written: all of it is the answer
        int[] kept = Arrays.copyOf(ids, end);
        int[] labels = kept.clone();
        Arrays.fill(labels, 0, begin, Example.NOT_LEARNED);
        return new Example(kept, labels);
    }

    /** A text, a message, or a conversation whose last message it is. */
    private Message answer(String field, JsonNode answer) {
        if (answer.isArray() && !answer.isEmpty()) {
            return conversations.turns(field, answer).getLast().message();
        }
        if (answer.isObject()) {
            ObjectNode list = JsonNodeFactory.instance.objectNode();
            list.putArray("list").add(answer);
            return conversations.turns(field, list.get("list")).getLast().message();
        }
        if (!answer.isTextual()) {
            throw new InvalidInputException(
                    "the field " + field + " is no answer: expected a text, a message or a list of messages");
        }
        return Message.assistant(answer.textValue());
    }

    /** The messages before the answer: of their own field, of the conversation that ends with the answer, or a text. */
    private List<Message> prompt(ObjectNode row, JsonNode answer) {
        List<Message> messages = new ArrayList<>();
        JsonNode own = ConversationRows.parsed(row.path(keys.fieldMessages()));
        if (own.isArray()) {
            conversations.turns(row).forEach(turn -> messages.add(turn.message()));
            return messages;
        }
        if (row.path("system").isTextual() && !row.get("system").textValue().isBlank()) {
            messages.add(Message.system(row.get("system").textValue()));
        }
        if (answer.isArray() && answer.size() > 1) {
            List<Turn> turns = conversations.turns("the answer", answer);
            turns.subList(0, turns.size() - 1).forEach(turn -> messages.add(turn.message()));
            return messages;
        }
        String field = present(row, null, PROMPTS);
        JsonNode prompt = ConversationRows.parsed(row.get(field));
        if (prompt.isArray()) {
            conversations.turns(field, prompt).forEach(turn -> messages.add(turn.message()));
        } else {
            messages.add(Message.user(ExampleFormat.text(row, field)));
        }
        return messages;
    }

    /** As TRL does with texts: each encoded by itself, the end token behind the answer. */
    Example text(String prompt, String answer) {
        int[] before = tokenizer.encode(prompt, true);
        int[] said = IntStream.concat(Arrays.stream(tokenizer.encode(answer)), tokenizer.eosId().stream())
                .toArray();
        int[] all = IntStream.concat(Arrays.stream(before), Arrays.stream(said)).toArray();
        int[] labels = all.clone();
        Arrays.fill(labels, 0, before.length, Example.NOT_LEARNED);
        return new Example(all, labels);
    }
}
