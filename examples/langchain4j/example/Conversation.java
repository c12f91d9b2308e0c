package example;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.skald.chat.Chat;
import dev.skald.chat.ChatTemplate;
import dev.skald.generate.Generator;
import dev.skald.langchain4j.SkaldChatModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A conversation with a model in this JVM through LangChain4j: {@code Conversation MODEL QUESTION...}. */
public final class Conversation {

    private Conversation() {}

    /** Asks one question after the other, and prints the answers. */
    public static void main(String[] args) throws IOException {
        try (Generator generator = Generator.load(Path.of(args[0]))) {
            // A model that was tuned for conversations has a template of its own: Chat.of(generator).
            Chat chat = Chat.of(generator, ChatTemplate.of(generator.tokenizer(), "chatml"));
            SkaldChatModel model = new SkaldChatModel(chat);
            List<ChatMessage> messages = new ArrayList<>(List.of(SystemMessage.from("Svara kort.")));
            for (String question : List.of(args).subList(1, args.length)) {
                messages.add(UserMessage.from(question));
                ChatResponse answer = model.chat(messages);
                messages.add(answer.aiMessage());
                System.out.println(answer.aiMessage().text() + "\n(" + answer.tokenUsage() + ")");
            }
        }
    }
}
