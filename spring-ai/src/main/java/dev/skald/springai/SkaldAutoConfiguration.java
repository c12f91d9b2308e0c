package dev.skald.springai;

import dev.skald.chat.Chat;
import dev.skald.chat.ChatTemplate;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** Loads the model that {@code skald.model} names, and answers with it. */
@AutoConfiguration
@ConditionalOnProperty("skald.model")
@EnableConfigurationProperties(SkaldProperties.class)
public class SkaldAutoConfiguration {

    private static final int PARALLEL = 64;
    private static final int QUEUE = 4096;

    /** The model; closed with the context. */
    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    Generator skaldGenerator(SkaldProperties properties) throws IOException {
        return Generator.load(
                Path.of(properties.model()),
                Optional.empty(),
                "auto",
                properties.parallel() == 0 ? PARALLEL : properties.parallel(),
                properties.queue() == 0 ? QUEUE : properties.queue());
    }

    /** Answers messages with the model. */
    @Bean
    @ConditionalOnMissingBean
    Chat skaldChat(Generator generator, SkaldProperties properties) throws IOException {
        return properties.chatTemplate() == null
                ? Chat.of(generator)
                : Chat.of(generator, ChatTemplate.of(generator.tokenizer(), properties.chatTemplate()));
    }

    /** The same as Spring AI has it. */
    @Bean
    @ConditionalOnMissingBean(ChatModel.class)
    SkaldChatModel skaldChatModel(Chat chat) {
        return new SkaldChatModel(chat, ChatOptions.builder().build());
    }
}
