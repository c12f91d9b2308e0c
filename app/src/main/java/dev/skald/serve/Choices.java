package dev.skald.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.generate.FinishReason;
import dev.skald.generate.Generation;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.ScoredToken;
import dev.skald.generate.TextStream;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * The choices of an answer: generates them, and tells them whole or piece by piece. What they look like is {@link Form}'s.
 *
 * <p>Greedy texts of one prompt are all the same: they are generated once and told as often as they were asked for.
 */
final class Choices {

    /** Silence after which a stream gets a comment. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);

    private final Exchange exchange;
    private final ServedModel model;
    private final Metrics metrics;
    private final Function<RuntimeException, ApiException> refusal;
    private final Form form;
    private final String id;
    private final long created = System.currentTimeMillis() / 1000;

    /** How an answer spells its choices. */
    interface Form {

        /** What the field {@code object} says of an answer, or of a chunk of one. */
        String object(boolean chunk);

        /** A choice with its whole text, without index and reason. */
        ObjectNode whole(int prompt, Generation text);

        /** What comes before any text of a choice; null if nothing does. */
        ObjectNode opening(int prompt);

        /** A choice with a piece of its text, null if the piece is held back. */
        ObjectNode piece(int choice, int prompt, String text, List<ScoredToken> scores);

        /** A choice with what was held back to the end and no reason; null if nothing was. */
        ObjectNode held(int choice, int prompt, Generation text);

        /** A choice of which nothing is left but the reason. */
        ObjectNode closing();

        /** The reason that a text ended, as the API calls it. */
        String reason(Generation text);
    }

    /**
     * What is asked for.
     *
     * @param prompts token ids
     * @param count choices for each
     * @param generated texts for each, which choices share
     * @param stopIds token ids that were named as ends
     * @param usage whether a stream ends with a count of tokens
     */
    record Order(
            List<int[]> prompts,
            GenerationOptions options,
            int count,
            int generated,
            List<Integer> stopIds,
            boolean stream,
            boolean usage) {}

    Choices(
            Exchange exchange,
            ServedModel model,
            Metrics metrics,
            Function<RuntimeException, ApiException> refusal,
            Form form,
            String idPrefix) {
        this.exchange = exchange;
        this.model = model;
        this.metrics = metrics;
        this.refusal = refusal;
        this.form = form;
        this.id = idPrefix + UUID.randomUUID().toString().replace("-", "");
    }

    /** Why a text ended, in OpenAI's words. */
    static String reason(FinishReason reason) {
        return switch (reason) {
            case EOS, STOP -> "stop";
            case LENGTH, TIME -> "length";
        };
    }

    void answer(Order order) {
        try (TextStream texts = model.generator().start(order.prompts(), order.options())) {
            exchange.whenGone(texts::close);
            if (order.stream()) {
                stream(order, texts);
            } else {
                while (!(texts.next() instanceof TextStream.End)) {
                    // Pieces are not told of one by one.
                }
                List<Generation> results = texts.results();
                metrics.ended(texts.outcomes(), results, exchange.isGone());
                exchange.answer(200, whole(order, results));
            }
        }
    }

    private ObjectNode frame(boolean chunk) {
        return Exchange.JSON
                .createObjectNode()
                .put("id", id)
                .put("object", form.object(chunk))
                .put("created", created)
                .put("model", model.name());
    }

    private ObjectNode whole(Order order, List<Generation> results) {
        ObjectNode answer = frame(false);
        var choices = answer.putArray("choices");
        int copies = order.count() / order.generated();
        for (int i = 0; i < results.size() * copies; i++) {
            Generation text = results.get(i / copies);
            ObjectNode choice = form.whole(i / order.count(), text);
            choice.put("index", i);
            end(choice, text, order);
            choices.add(choice);
        }
        answer.set("usage", usage(order, results).json());
        return answer;
    }

    private void end(ObjectNode choice, Generation text, Order order) {
        choice.put("finish_reason", form.reason(text));
        if (text.stopString().isPresent()) {
            choice.put("stop_reason", text.stopString().get());
            return;
        }
        int[] ids = text.generatedIds();
        boolean named =
                text.finishReason() == FinishReason.EOS && order.stopIds().contains(ids[ids.length - 1]);
        if (named) {
            choice.put("stop_reason", ids[ids.length - 1]);
        } else {
            choice.putNull("stop_reason");
        }
    }

    private static Usage usage(Order order, List<Generation> results) {
        int copies = order.count() / order.generated();
        int prompt = 0;
        int cached = 0;
        int generated = 0;
        for (int i = 0; i < results.size(); i++) {
            Generation text = results.get(i);
            prompt += i % order.generated() == 0 ? text.promptIds().length : 0;
            cached += i % order.generated() == 0 ? text.cachedTokens() : 0;
            generated += copies * text.generatedIds().length;
        }
        return new Usage(prompt, cached, generated);
    }

    private void stream(Order order, TextStream texts) {
        int copies = order.count() / order.generated();
        Exchange.Events events = exchange.events();
        try {
            for (int i = 0; i < order.prompts().size() * order.count(); i++) {
                send(events, order, i, form.opening(i / order.count()));
            }
            for (TextStream.Event event = texts.next(HEARTBEAT);
                    !(event instanceof TextStream.End);
                    event = texts.next(HEARTBEAT)) {
                switch (event) {
                    case TextStream.Piece piece -> {
                        for (int copy = 0; copy < copies; copy++) {
                            int choice = piece.sequence() * copies + copy;
                            send(
                                    events,
                                    order,
                                    choice,
                                    form.piece(choice, choice / order.count(), piece.text(), piece.scores()));
                        }
                    }
                    default -> events.ping();
                }
            }
            List<Generation> results = texts.results();
            metrics.ended(texts.outcomes(), results, exchange.isGone());
            for (int i = 0; i < results.size() * copies; i++) {
                Generation text = results.get(i / copies);
                send(events, order, i, form.held(i, i / order.count(), text));
                ObjectNode closing = form.closing();
                end(closing, text, order);
                send(events, order, i, closing);
            }
            if (order.usage()) {
                ObjectNode last = frame(true);
                last.putArray("choices");
                last.set("usage", usage(order, results).json());
                events.send(last);
            }
        } catch (RuntimeException e) {
            // The status has been sent: what went wrong is an event of its own.
            events.send(Exchange.error(refusal.apply(e)));
        }
        events.end();
    }

    private void send(Exchange.Events events, Order order, int index, ObjectNode choice) {
        if (choice == null) {
            return;
        }
        choice.put("index", index);
        if (!choice.has("finish_reason")) {
            choice.putNull("finish_reason");
        }
        ObjectNode chunk = frame(true);
        chunk.putArray("choices").add(choice);
        if (order.usage()) {
            chunk.putNull("usage");
        }
        events.send(chunk);
    }
}
