package dev.skald.evaluate;

import dev.skald.engine.Handle;
import dev.skald.engine.Request;
import dev.skald.evaluate.Asked.Ask;
import dev.skald.evaluate.Asked.Reply;
import dev.skald.generate.Generator;
import dev.skald.generate.TextListener;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BiConsumer;

/**
 * Puts items to a model so that what they share is read once. The engine finds the beginning of a sequence in its prefix cache only when another one
 * has been read before it, so who shares something waits: what all items begin with (a description, few-shot examples) is read with the first one
 * alone, and the context of an item's choices with its longest choice, whose end begins the others. The longest items come first: memory is
 * highest at once, and the time that is left is not underestimated. On the CPU no order changes a bit of any reply.
 */
final class Answering {

    /** Asks that the engine has at once: enough to fill its steps, few enough that a context is still cached when the other choices come. */
    private static final int AHEAD = 32;

    /** The engine's cache holds blocks of so many tokens: fewer that are shared are read again. */
    private static final int SHARED = 32;

    /** Switches all of this off, to measure what it gains. */
    private static final String APART = "skald.evaluate.apart";

    private final Generator model;
    private final BiConsumer<Asked, List<Reply>> answered;
    private final boolean apart = Boolean.getBoolean(APART);
    private final BlockingQueue<Runnable> ended = new LinkedBlockingQueue<>();
    private final Set<Handle> running = new HashSet<>();
    private int open;

    /** @param answered told of each item when all its replies are there, on the caller's thread, in any order */
    Answering(Generator model, BiConsumer<Asked, List<Reply>> answered) {
        this.model = model;
        this.answered = answered;
    }

    /** An item some of whose asks have been sent. */
    private static final class Open {
        private final Asked asked;
        private final Reply[] replies;
        private int missing;

        Open(Asked asked) {
            this.asked = asked;
            this.replies = new Reply[asked.asks().size()];
            this.missing = replies.length;
        }
    }

    /** Puts all items, and returns when they are answered. */
    void put(List<Asked> items) {
        Deque<Asked> next = new ArrayDeque<>(items);
        if (!apart) {
            next = new ArrayDeque<>(items.stream()
                    .sorted(Comparator.comparingInt(Asked::longest).reversed().thenComparingInt(Asked::doc))
                    .toList());
        }
        boolean first = !apart && items.size() > 1 && shared(asks(items)) >= SHARED;
        try {
            while (!next.isEmpty() || open > 0) {
                while (!next.isEmpty() && open < (first ? 1 : apart ? 64 : AHEAD)) {
                    begin(new Open(next.remove()));
                }
                ended.take().run();
                first = false;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a task is run", e);
        } finally {
            running.forEach(Handle::cancel);
        }
    }

    private static List<Ask> asks(List<Asked> items) {
        return items.stream().flatMap(item -> item.asks().stream()).toList();
    }

    /** How many ids all begin with. */
    private static int shared(List<Ask> asks) {
        int[] first = asks.getFirst().ids();
        int shared = first.length;
        for (Ask ask : asks) {
            int differs = Arrays.mismatch(first, 0, shared, ask.ids(), 0, Math.min(shared, ask.ids().length));
            shared = differs < 0 ? Math.min(shared, ask.ids().length) : differs;
        }
        return shared;
    }

    private void begin(Open item) {
        List<Ask> asks = item.asked.asks();
        if (asks.isEmpty()) {
            answered.accept(item.asked, List.of());
            return;
        }
        if (apart || asks.size() == 1 || shared(asks) < SHARED) {
            for (int i = 0; i < asks.size(); i++) {
                send(item, i, () -> {});
            }
            return;
        }
        int longest = 0;
        for (int i = 1; i < asks.size(); i++) {
            longest = asks.get(i).ids().length > asks.get(longest).ids().length ? i : longest;
        }
        int leader = longest;
        send(item, leader, () -> {
            for (int i = 0; i < asks.size(); i++) {
                if (i != leader) {
                    send(item, i, () -> {});
                }
            }
        });
    }

    private void send(Open item, int index, Runnable then) {
        open++;
        switch (item.asked.asks().get(index)) {
            case Ask.Score score -> {
                Handle handle =
                        model.engine().submit(new Request.Score(score.ids(), score.from(), 0, Optional.empty()));
                running.add(handle);
                handle.whenEnded(() -> ended.add(() -> {
                    running.remove(handle);
                    end(item, index, likelihood(score, handle.await().scores()), then);
                }));
            }
            case Ask.Text text -> {
                // The engine makes one batch of what these threads wait for.
                Thread _ = Thread.ofVirtual().start(() -> {
                    Runnable event;
                    try {
                        String said = model.generate(text.ids(), text.options(), NOBODY)
                                .getFirst()
                                .generatedText();
                        event = () -> end(item, index, new Reply.Said(said), then);
                    } catch (RuntimeException | Error e) {
                        event = () -> {
                            throw e;
                        };
                    }
                    ended.add(event);
                });
            }
        }
    }

    private static final TextListener NOBODY = (sequence, text) -> {};

    private void end(Open item, int index, Reply reply, Runnable then) {
        open--;
        item.replies[index] = reply;
        item.missing--;
        then.run();
        if (item.missing == 0) {
            answered.accept(item.asked, new ArrayList<>(Arrays.asList(item.replies)));
        }
    }

    private static Reply.Likelihood likelihood(Ask.Score score, Handle.TokenScores scores) {
        double sum = 0;
        boolean greedy = true;
        for (int i = 0; i < scores.logProbabilities().length; i++) {
            sum += scores.logProbabilities()[i];
            greedy &= scores.mostLikely()[i] == score.ids()[score.from() + i];
        }
        return new Reply.Likelihood(sum, greedy);
    }
}
