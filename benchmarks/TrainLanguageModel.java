import dev.skald.corpus.LanguageTrainer;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Trains the shipped weights: TRAIN is OUT/train of benchmarks/language/prepare.py, MODEL
 * app/src/main/resources/dev/skald/corpus/language.model.gz. Three minutes on one core.
 *
 * <p>{@code java -Xmx3g -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/TrainLanguageModel.java TRAIN MODEL}
 */
public class TrainLanguageModel {

    private static final int STEPS = 1_500_000;

    public static void main(String[] args) throws IOException {
        LanguageTrainer.train(Path.of(args[0]), Path.of(args[1]), STEPS, System.err);
    }
}
