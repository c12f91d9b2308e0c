package example;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** A Boot application that answers one question: {@code Answering --skald.model=MODEL QUESTION}. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class Answering {

    /** Answers the last argument. */
    public static void main(String[] args) {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Answering.class).run(args)) {
            ChatModel model = context.getBean(ChatModel.class);
            System.out.println(model.call(args[args.length - 1]));
        }
    }
}
