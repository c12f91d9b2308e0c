package dev.skald.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.engine.Handle;
import dev.skald.engine.Request;
import dev.skald.generate.Generation;
import dev.skald.generate.ScoredToken;
import dev.skald.serve.Parameters.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** {@code /v1/completions}: continues prompts. */
final class Completions {

    private static final int MOST_PROMPTS = 2048;
    /** OpenAI's default. */
    private static final int NEW_TOKENS = 16;

    private final ServedModel model;
    private final Metrics metrics;
    private final Function<RuntimeException, ApiException> refusal;

    Completions(ServedModel model, Metrics metrics, Function<RuntimeException, ApiException> refusal) {
        this.model = model;
        this.metrics = metrics;
        this.refusal = refusal;
    }

    void answer(Exchange exchange, Parameters body) {
        Sampling sampling = Sampling.of(body, Sampling.topOfCompletion(body), model);
        if (body.has("suffix") && !body.text("suffix").orElse("").isEmpty()) {
            throw ApiException.invalid("suffix", "suffix is not supported");
        }
        boolean echo = body.flag("echo", false);
        int most = body.integer("max_tokens", 0, Integer.MAX_VALUE).orElse(NEW_TOKENS);
        List<int[]> prompts = new ArrayList<>();
        int longest = 0;
        for (Prompt prompt : body.prompts("prompt", MOST_PROMPTS)) {
            int[] ids = ids(prompt, body.flag("add_special_tokens", true));
            int needed = ids.length + (most == 0 ? 0 : 1);
            if (needed > model.context()) {
                throw ApiException.tooLong("the prompt has " + ids.length + " tokens, and there is room for "
                        + model.context() + " of prompt and answer together");
            }
            longest = Math.max(longest, ids.length);
            prompts.add(ids);
        }
        boolean stream = body.flag("stream", false);
        boolean usage = streamUsage(body, stream);
        List<Echo> echoes = new ArrayList<>();
        for (int[] prompt : prompts) {
            echoes.add(echo ? echo(exchange, prompt, sampling) : new Echo("", prompt, Optional.empty(), 0));
        }
        if (most == 0 && !echo) {
            throw ApiException.invalid("max_tokens", "max_tokens is 0 without echo: there is nothing to answer");
        }
        var form = new CompletionForm(model, sampling, echoes, echo, most == 0);
        var options = sampling.options().maxNewTokens(Math.clamp(most, 1, model.context() - longest));
        new Choices(exchange, model, metrics, refusal, form, "cmpl-")
                .answer(new Choices.Order(
                        prompts,
                        options,
                        sampling.count(),
                        sampling.generated(),
                        body.ids("stop_token_ids"),
                        stream,
                        usage));
    }

    /** Whether a stream ends with a count of tokens. */
    static boolean streamUsage(Parameters body, boolean stream) {
        if (body.has("stream_options") && !stream) {
            throw ApiException.invalid("stream_options", "stream_options is set, expected stream: true beside it");
        }
        return body.object("stream_options").flag("include_usage", false);
    }

    private int[] ids(Prompt prompt, boolean special) {
        int[] ids = switch (prompt) {
            case Prompt.OfText text -> model.tokenizer().encode(text.text(), special);
            case Prompt.OfIds given -> given.ids();
        };
        int vocabulary = model.generator().config().vocab_size();
        for (int id : ids) {
            if (id >= vocabulary) {
                throw ApiException.invalid(
                        "prompt", "token id " + id + " is outside the model's vocabulary of " + vocabulary);
            }
        }
        if (ids.length == 0) {
            throw ApiException.invalid("prompt", "the prompt has no tokens, expected at least one");
        }
        return ids;
    }

    /**
     * A prompt as the answer repeats it.
     *
     * @param scores of its tokens from the second on, where log-probabilities were asked for
     */
    @SuppressWarnings("ArrayRecordComponent") // read only
    private record Echo(String text, int[] ids, Optional<Handle.TokenScores> scores, int characters) {}

    private Echo echo(Exchange exchange, int[] ids, Sampling sampling) {
        Optional<Handle.TokenScores> scores = Optional.empty();
        if (sampling.top().isPresent() && ids.length > 1) {
            Handle handle = model.generator()
                    .engine()
                    .submit(new Request.Score(ids, 1, sampling.top().getAsInt(), Optional.empty()));
            exchange.whenGone(handle::cancel);
            Handle.Outcome outcome = handle.await();
            if (outcome.end() != Handle.End.COMPLETE) {
                throw ApiException.unavailable("the client has gone");
            }
            scores = Optional.of(outcome.scores());
        }
        String text = model.generator().promptText(ids);
        return new Echo(text, ids, scores, text.codePointCount(0, text.length()));
    }

    /** The choices of a completion, with the prompt before them if it is to be repeated. */
    private static final class CompletionForm implements Choices.Form {
        private final ServedModel model;
        private final Sampling sampling;
        private final List<Echo> echoes;
        private final boolean echo;
        private final boolean promptOnly;
        /** By choice, where the next piece's text begins. */
        private final int[] offsets;

        CompletionForm(ServedModel model, Sampling sampling, List<Echo> echoes, boolean echo, boolean promptOnly) {
            this.model = model;
            this.sampling = sampling;
            this.echoes = echoes;
            this.echo = echo;
            this.promptOnly = promptOnly;
            this.offsets = new int[echoes.size() * sampling.count()];
            for (int i = 0; i < offsets.length; i++) {
                offsets[i] = echoes.get(i / sampling.count()).characters();
            }
        }

        @Override
        public String object(boolean chunk) {
            return "text_completion";
        }

        @Override
        public ObjectNode whole(int prompt, Generation text) {
            Echo before = echoes.get(prompt);
            ObjectNode choice = Exchange.JSON
                    .createObjectNode()
                    .put("text", before.text() + (promptOnly ? "" : text.generatedText()));
            if (sampling.top().isEmpty()) {
                return choice.putNull("logprobs");
            }
            LogProbabilities.Arrays arrays = new LogProbabilities.Arrays(model, 0);
            if (echo) {
                addPrompt(arrays, before);
            }
            if (!promptOnly) {
                text.scores().forEach(arrays::add);
            }
            choice.set("logprobs", arrays.json());
            return choice;
        }

        private void addPrompt(LogProbabilities.Arrays arrays, Echo prompt) {
            arrays.first(prompt.ids()[0]);
            prompt.scores().ifPresent(scores -> {
                for (int i = 1; i < prompt.ids().length; i++) {
                    arrays.add(new ScoredToken(
                            prompt.ids()[i],
                            scores.logProbabilities()[i - 1],
                            scores.topIds()[i - 1],
                            scores.topLogProbabilities()[i - 1]));
                }
            });
        }

        @Override
        public ObjectNode opening(int prompt) {
            if (!echo) {
                return null;
            }
            ObjectNode choice = Exchange.JSON
                    .createObjectNode()
                    .put("text", echoes.get(prompt).text());
            if (sampling.top().isPresent()) {
                LogProbabilities.Arrays arrays = new LogProbabilities.Arrays(model, 0);
                addPrompt(arrays, echoes.get(prompt));
                choice.set("logprobs", arrays.json());
            } else {
                choice.putNull("logprobs");
            }
            return choice;
        }

        @Override
        public ObjectNode piece(int choice, int prompt, String text, List<ScoredToken> scores) {
            if (promptOnly) {
                return null;
            }
            ObjectNode node = Exchange.JSON.createObjectNode().put("text", text);
            if (sampling.top().isPresent()) {
                LogProbabilities.Arrays arrays = new LogProbabilities.Arrays(model, offsets[choice]);
                scores.forEach(arrays::add);
                offsets[choice] = arrays.offset();
                node.set("logprobs", arrays.json());
            } else {
                node.putNull("logprobs");
            }
            return node;
        }

        @Override
        public ObjectNode held(int choice, int prompt, Generation text) {
            return null;
        }

        @Override
        public ObjectNode closing() {
            return Exchange.JSON.createObjectNode().put("text", "").putNull("logprobs");
        }

        @Override
        public String reason(Generation text) {
            return promptOnly ? "length" : Choices.reason(text.finishReason());
        }
    }
}
