package dev.skald.train;

/**
 * The learning rate of each update. Formulas of transformers' optimization.py, and of Axolotl for {@code cosine_min_lr_ratio}.
 *
 * @param peak the largest learning rate
 * @param warmup updates in which it rises from 0
 * @param total updates of the run
 * @param minRatio part of the peak at which the cosine ends
 */
public record Schedule(LrScheduler kind, double peak, long warmup, long total, double minRatio) {

    static Schedule of(TrainerConfig config, long total) {
        double minRatio = config.cosineMinLrRatio() == null ? 0 : config.cosineMinLrRatio();
        return new Schedule(config.lrScheduler(), config.learningRate(), warmup(config, total), total, minRatio);
    }

    private static long warmup(TrainerConfig config, long total) {
        if (config.warmupSteps() != null) {
            return config.warmupSteps();
        }
        if (config.warmupRatio() != null) {
            return (long) (config.warmupRatio() * total);
        }
        return Math.min((long) (0.03 * total), 100);
    }

    /** The learning rate of update {@code s}, counted from 0: with warmup the first update has 0. */
    public double at(long s) {
        if (s < warmup && kind != LrScheduler.CONSTANT) {
            return peak * ((double) s / Math.max(1, warmup));
        }
        return switch (kind) {
            case CONSTANT, CONSTANT_WITH_WARMUP -> peak;
            case LINEAR -> peak * Math.max(0.0, (double) (total - s) / Math.max(1, total - warmup));
            case COSINE -> {
                double progress = (double) (s - warmup) / Math.max(1, total - warmup);
                double cosine = Math.max(0.0, 0.5 * (1.0 + Math.cos(Math.PI * progress)));
                yield peak * ((1 - minRatio) * cosine + minRatio);
            }
        };
    }
}
