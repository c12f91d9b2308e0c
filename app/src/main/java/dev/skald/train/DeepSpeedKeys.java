package dev.skald.train;

import dev.skald.config.ForeignKeys;

/** Keys of DeepSpeed's file that Skald has nothing for: those that change nothing, and those that would change the run. */
final class DeepSpeedKeys {

    private static final String STAGE_3 = "it belongs to stage 3";
    private static final String BUFFERS = "the buffers are managed by libtorch";
    private static final String ALWAYS = "it is always so here";

    private DeepSpeedKeys() {}

    static ForeignKeys of() {
        ForeignKeys keys = new ForeignKeys();
        keys.without(
                "nothing is sent to an outside service; see metrics.jsonl, TensorBoard and report.html",
                "tensorboard",
                "wandb",
                "csv_monitor",
                "comet");
        keys.without("see logging_steps", "steps_per_print");
        keys.without(
                "there is one optimizer, and it is tested",
                "zero_allow_untested_optimizer",
                "zero_force_ds_cpu_optimizer");
        keys.without("there is one AdamW", "optimizer.params.torch_adam", "optimizer.params.fused");
        keys.without("there is one AdamW", "optimizer.legacy_fusion");
        keys.without("see gradient_checkpointing", "activation_checkpointing");
        keys.without("see wall_clock_breakdown", "flops_profiler", "dump_state", "memory_breakdown", "comms_logger");
        keys.without("this optimizer state goes to no NVMe", "aio");
        keys.without("the kernels are chosen by the device", "compile", "compression_training", "autotuning");
        keys.without("gradients are summed in float32", "communication_data_type", "data_types");
        keys.without("ranks are found by the launcher", "distributed_*", "hybrid_engine");
        keys.without("see save_steps", "checkpoint", "load_universal_checkpoint");
        keys.refused("parameters are in bf16, fp16 or float32, as the trainer says", "amp", "torch_autocast");
        keys.refused("the number of ranks is the same throughout", "elasticity");
        keys.refused("every gradient is summed in whole", "sparse_gradients", "prescale_gradients");
        keys.refusedUnless("1.0", "every gradient is summed in whole", "gradient_predivide_factor");
        keys.refused("the order of the data is that of the trainer's seed", "data_efficiency", "curriculum_learning");

        String in = "zero_optimization.";
        keys.without(STAGE_3, in + "stage3_*", in + "sub_group_size", in + "max_live_parameters", in + "mics_*");
        keys.without(STAGE_3, in + "max_reuse_distance", in + "gather_*", in + "zero_*", in + "param_persistence_*");
        keys.without(STAGE_3, in + "memory_efficient_linear", in + "prefetch_bucket_size", in + "module_granularity_*");
        keys.without(BUFFERS, in + "offload_optimizer.pin_memory", in + "offload_optimizer.buffer_*");
        keys.without(BUFFERS, in + "offload_optimizer.fast_init", in + "offload_param.pin_memory");
        keys.without(BUFFERS, in + "offload_param.buffer_*", in + "allgather_sequential", in + "legacy_stage1");
        keys.without(ALWAYS, in + "allgather_partitions", in + "reduce_scatter", in + "load_from_fp32_weights");
        keys.without(ALWAYS, in + "elastic_checkpoint");
        keys.without("each bucket has one owner", in + "round_robin_gradients", in + "use_multi_rank_bucket_allreduce");
        keys.without("unused parameters do not occur", in + "ignore_unused_parameters");
        keys.without("gradients of a step are summed as they come", in + "grad_partitioned");
        keys.refused(
                "give offload_optimizer: {\"device\": \"cpu\"}", in + "cpu_offload", in + "offload_optimizer.ratio");
        keys.refused("it belongs to stage 3", in + "cpu_offload_params");
        return keys;
    }
}
