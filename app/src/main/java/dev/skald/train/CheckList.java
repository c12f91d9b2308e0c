package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.model.AdapterConfig;
import dev.skald.model.AdapterParameters;
import dev.skald.model.LlamaConfig;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.tune.ExampleCounts;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/** What is looked at before a tuning run begins, in lines for people: what mostly goes wrong cannot be seen in a loss. */
record CheckList(TrainerConfig config, Tokenizer tokenizer, LlamaConfig model) {

    /**
     * What there is to say.
     *
     * @param base the model that is tuned
     * @param timetable of the run
     */
    List<String> lines(TuningData data, LlamaConfig base, Timetable timetable) {
        List<String> lines = new ArrayList<>();
        data.counts().forEach((name, counts) -> lines.add("data " + name + ": " + counts.describe()));
        data.first().ifPresent(example -> {
            lines.add(
                    "first example: " + LabelledRows.marked(example, tokenizer).replace("\n", "\\n"));
            lines.add("  its first ids: " + LabelledRows.first(example));
        });
        lines.add("ends that are learned: " + (ends().isEmpty() ? "none" : String.join(", ", ends()))
                + "; nothing is padded");
        template().ifPresent(lines::add);
        lines.add(data.packing(timetable));
        adapter(base).ifPresent(lines::add);
        answers(data.wanted()).ifPresent(lines::add);
        return lines;
    }

    private List<String> ends() {
        return config.tuning().terminators(tokenizer).stream()
                .map(id -> tokenizer.token(id) + " (" + id + ")")
                .toList();
    }

    private Optional<String> template() {
        String source = tokenizer.chatTemplates().get("default");
        if (source == null) {
            return Optional.empty();
        }
        CRC32C sum = new CRC32C();
        sum.update(source.getBytes(StandardCharsets.UTF_8));
        String name = config.tuning().chatTemplateJinja() != null
                ? "jinja"
                : config.tuning().chatTemplate() == null
                        ? "the tokenizer's"
                        : config.tuning().chatTemplate();
        return Optional.of(String.format(
                "chat template: %s (CRC %08x); tokenizer SHA-256 %.12s", name, sum.getValue(), tokenizer.hash()));
    }

    /** Both kinds of KTO's answers, and whether their weights are in the paper's range: as much of either, up to a third more of the wanted ones. */
    private Optional<String> answers(long[] wanted) {
        if (!config.preferences().isKto()) {
            return Optional.empty();
        }
        KtoLoss loss = KtoLoss.of(config.preferences());
        double desirable = wanted[0];
        double undesirable = wanted[1];
        double ratio = loss.desirable() * desirable / (loss.undesirable() * undesirable);
        String line = String.format(
                Locale.ROOT,
                "kto: %,d answers are wanted, %,d are not; with their weights %.2f to 1",
                wanted[0],
                wanted[1],
                ratio);
        if ((ratio >= 0.99 && ratio <= 1.34) || wanted[0] == 0 || wanted[1] == 0) {
            return Optional.of(line);
        }
        return Optional.of(line
                + String.format(
                        Locale.ROOT,
                        ", expected 1 to 1.33: kto_undesirable_weight %.3g or kto_desirable_weight %.3g makes it 1",
                        loss.desirable() * desirable / undesirable,
                        loss.undesirable() * undesirable / desirable));
    }

    private Optional<String> adapter(LlamaConfig base) {
        if (!config.lora().isOn()) {
            return Optional.empty();
        }
        AdapterConfig adapter = TrainedModel.adapterConfig(config, base, model);
        long learned = AdapterParameters.count(model, adapter);
        String line = String.format(
                Locale.ROOT,
                "adapter: rank %d, alpha %s, beside %s; %,d parameters are learned, %.2f %% of the model's",
                adapter.r(),
                Auto.number(adapter.alpha()),
                adapter.targetPattern().orElseGet(() -> String.join(", ", adapter.targetModules())),
                learned,
                100.0 * learned / model.parameterCount());
        if (!adapter.modulesToSave().isEmpty()) {
            line += "; whole: " + String.join(", ", adapter.modulesToSave());
        } else if (base.vocab_size() == model.vocab_size()
                && tokenizer.chatTemplates().containsKey("default")) {
            line += "; the embeddings are not: tokens of the template that the base model never saw stay as they are"
                    + " (lora_modules_to_save: [embed_tokens, lm_head] learns them)";
        }
        return Optional.of(line);
    }

    /**
     * Refuses what would teach nothing, unless {@code require_labels} is false.
     *
     * @throws InvalidInputException when no end of a message is learned in all the data, or rows have nothing that is
     */
    void require(Map<String, ExampleCounts> all) {
        if (!config.tuning().requireLabels()) {
            return;
        }
        if (all.values().stream().allMatch(counts -> counts.ended() == 0)) {
            throw new InvalidInputException(
                    "no example ends with a token that is learned as an end: the model would never"
                            + " stop. The end is " + (ends().isEmpty() ? "no token" : String.join(", ", ends()))
                            + "; name the template's with eot_tokens or special_tokens.eos_token (llama3: <|eot_id|>, chatml:"
                            + " <|im_end|>), or set require_labels: false");
        }
        all.forEach((name, counts) -> {
            if (counts.unlabelled() > 0) {
                throw new InvalidInputException(
                        "datasets: " + name + ": " + counts.unlabelled() + " of " + counts.rows()
                                + " rows have nothing that is learned: see roles, roles_to_train and message_property_mappings,"
                                + " or skald data labels; require_labels: false drops them");
            }
        });
    }
}
