package dev.skald.train;

/**
 * The learning rate of each update. Formulas of transformers' optimization.py, and of Axolotl's schedulers.py for {@code cosine_min_lr_ratio},
 * {@code cosine_constant_lr_ratio} (Gupta et al., arXiv:2308.04014) and {@code rex} (Chen et al., arXiv:2107.04197, with Axolotl's 0.1 + 0.9 z
 * in place of the paper's 0.5 + 0.5 z).
 *
 * @param peak the largest learning rate
 * @param warmup updates in which it rises from 0
 * @param total updates of the run
 * @param shape what is particular to a kind
 */
public record Schedule(LrScheduler kind, double peak, long warmup, long total, Shape shape) {

    /**
     * What single kinds want to know; the others do not look at it.
     *
     * @param minRatio part of the peak at which the cosine, or rex, ends
     * @param decayUntil part of the run at which the cosine is down; it stays there
     * @param cycles how often the cosine with restarts starts at the top
     * @param power of the polynomial
     * @param end learning rate at which the polynomial ends
     * @param timescale updates of the inverse root; 0: those of the warmup, or 10000
     */
    record Shape(double minRatio, double decayUntil, int cycles, double power, double end, long timescale) {

        static Shape of(TrainerConfig config) {
            SchedulerSettings settings = config.lrSchedulerKwargs();
            return new Shape(
                    or(config.cosineMinLrRatio(), 0.0),
                    or(config.cosineConstantLrRatio(), 1.0),
                    or(settings.numCycles(), 1),
                    or(settings.power(), 1.0),
                    or(settings.lrEnd(), 1e-7),
                    or(settings.timescale(), 0L));
        }

        private static <T> T or(T given, T otherwise) {
            return given == null ? otherwise : given;
        }
    }

    /** A schedule of a kind that is told no more than where its cosine ends. */
    Schedule(LrScheduler kind, double peak, long warmup, long total, double minRatio) {
        this(kind, peak, warmup, total, new Shape(minRatio, 1, 1, 1, 1e-7, 0));
    }

    static Schedule of(TrainerConfig config, long total) {
        return new Schedule(
                config.lrScheduler(), config.learningRate(), warmup(config, total), total, Shape.of(config));
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
        double progress = (double) (s - warmup) / Math.max(1, total - warmup);
        return switch (kind) {
            case CONSTANT, CONSTANT_WITH_WARMUP -> peak;
            case LINEAR -> peak * Math.max(0.0, (double) (total - s) / Math.max(1, total - warmup));
            case COSINE -> cosine(s, progress);
            case COSINE_WITH_RESTARTS -> progress >= 1 ? 0 : peak * halfWave(shape.cycles * progress % 1.0);
            case POLYNOMIAL -> {
                double left = Math.pow(Math.max(0, 1 - progress), shape.power);
                yield s > total ? shape.end : (peak - shape.end) * left + shape.end;
            }
            case INVERSE_SQRT -> {
                long ownScale = warmup > 0 ? warmup : 10_000;
                double scale = shape.timescale > 0 ? shape.timescale : ownScale;
                yield peak / Math.sqrt((s - warmup + scale) / scale);
            }
            case REX -> {
                double left = Math.max(0, 1 - progress);
                yield peak * (shape.minRatio + (1 - shape.minRatio) * (left / (0.1 + 0.9 * left)));
            }
        };
    }

    private double cosine(long s, double progress) {
        if (shape.decayUntil == 1) {
            return peak * ((1 - shape.minRatio) * halfWave(progress) + shape.minRatio);
        }
        long down = (long) (total * shape.decayUntil);
        double part = s >= down ? 1 : (double) (s - warmup) / Math.max(1, down - warmup);
        return peak * ((1 - shape.minRatio) * halfWave(part) + shape.minRatio);
    }

    private static double halfWave(double progress) {
        return Math.max(0.0, 0.5 * (1.0 + Math.cos(Math.PI * progress)));
    }
}
