package dev.skald.train;

import java.util.HashMap;
import java.util.Map;

/** Keys of Axolotl and DeepSpeed that a file may have and that change nothing here, each with the reason that the warning gives. */
final class KeysWithoutEffect {

    private static final String UPLOAD =
            "nothing is sent to an outside service; see metrics.jsonl, TensorBoard and report.html";
    private static final String HUB = "nothing is sent to a hub";
    private static final String KERNELS = "the kernels are chosen by the device";
    private static final String MODEL = "the model is read from its config.json";
    private static final String LOADER = "sequences are read from memory-mapped files";
    private static final String ALWAYS = "it is always so here";
    private static final String LORA = "all parameters are trained";
    private static final String STAGE_3 = "it belongs to stage 3";
    private static final String BUFFERS = "the buffers are managed by libtorch";

    static final Map<String, String> TRAINER = trainer();
    static final Map<String, String> DEEPSPEED = deepspeed();

    private KeysWithoutEffect() {}

    private static Map<String, String> trainer() {
        Map<String, String> keys = new HashMap<>();
        put(
                keys,
                UPLOAD,
                "wandb_project",
                "wandb_entity",
                "wandb_watch",
                "wandb_name",
                "wandb_run_id",
                "wandb_log_model");
        put(
                keys,
                UPLOAD,
                "wandb_mode",
                "use_wandb",
                "mlflow_tracking_uri",
                "mlflow_experiment_name",
                "mlflow_run_name");
        put(keys, UPLOAD, "use_mlflow", "use_comet", "comet_project_name", "comet_api_key", "comet_workspace");
        put(keys, HUB, "hub_model_id", "hub_strategy", "push_dataset_to_hub", "hf_use_auth_token");
        put(
                keys,
                KERNELS,
                "flash_attention",
                "xformers_attention",
                "sdp_attention",
                "flex_attention",
                "eager_attention");
        put(
                keys,
                KERNELS,
                "flash_attn_cross_entropy",
                "flash_attn_rms_norm",
                "flash_attn_fuse_qkv",
                "flash_attn_fuse_mlp");
        put(keys, KERNELS, "torch_compile", "torch_compile_backend", "torch_compile_mode", "attn_implementation");
        put(
                keys,
                MODEL,
                "model_type",
                "tokenizer_type",
                "base_model_config",
                "is_llama_derived_model",
                "trust_remote_code");
        put(keys, MODEL, "tokenizer_use_fast", "tokenizer_legacy", "low_cpu_mem_usage", "device_map", "device");
        put(keys, LOADER, "dataloader_num_workers", "dataloader_pin_memory", "dataloader_prefetch_factor");
        put(keys, LOADER, "dataloader_drop_last", "dataset_keep_in_memory", "group_by_length", "skip_prepare_dataset");
        put(keys, LOADER, "sample_packing_group_size", "sample_packing_bin_size", "sample_packing_seq_len_multiplier");
        put(keys, LOADER, "pretrain_multipack_buffer_size", "eval_sample_packing", "total_num_tokens");
        put(
                keys,
                ALWAYS,
                "use_tensorboard",
                "save_safetensors",
                "include_tokens_per_second",
                "train_on_inputs",
                "strict");
        put(keys, LORA, "lora_r", "lora_alpha", "lora_dropout", "lora_target_modules", "lora_target_linear");
        put(keys, LORA, "lora_fan_in_fan_out", "lora_modules_to_save", "lora_model_dir", "lora_out_dir");
        put(keys, "ranks are found by the launcher", "local_rank", "world_size", "ddp");
        put(keys, "validation has the micro-batch of training", "eval_batch_size");
        put(keys, "the loss is all that validation measures", "eval_table_size", "eval_max_new_tokens");
        put(keys, "checkpoints carry the optimizer state", "save_only_model");
        put(keys, "blocks are recomputed without autograd", "gradient_checkpointing_kwargs");
        put(keys, "see wall_clock_breakdown", "debug", "profiler_steps");
        return Map.copyOf(keys);
    }

    private static Map<String, String> deepspeed() {
        Map<String, String> keys = new HashMap<>();
        put(keys, UPLOAD, "tensorboard", "wandb", "csv_monitor", "comet");
        put(keys, "see logging_steps", "steps_per_print");
        put(
                keys,
                "there is one optimizer, and it is tested",
                "zero_allow_untested_optimizer",
                "zero_force_ds_cpu_optimizer");
        put(
                keys,
                "there is one AdamW",
                "optimizer.params.torch_adam",
                "optimizer.params.fused",
                "optimizer.legacy_fusion");
        put(keys, "see gradient_checkpointing", "activation_checkpointing");
        put(keys, "see wall_clock_breakdown", "flops_profiler", "dump_state", "memory_breakdown");
        put(keys, "this optimizer state goes to no NVMe", "aio");
        for (String key : new String[] {
            "stage3_max_live_parameters",
            "stage3_max_reuse_distance",
            "stage3_prefetch_bucket_size",
            "stage3_param_persistence_threshold",
            "stage3_gather_16bit_weights_on_model_save",
            "stage3_gather_fp16_weights_on_model_save",
            "sub_group_size"
        }) {
            keys.put("zero_optimization." + key, STAGE_3);
        }
        put(keys, BUFFERS, "zero_optimization.offload_optimizer.pin_memory");
        put(
                keys,
                BUFFERS,
                "zero_optimization.offload_optimizer.buffer_count",
                "zero_optimization.offload_optimizer.fast_init");
        put(keys, ALWAYS, "zero_optimization.allgather_partitions", "zero_optimization.reduce_scatter");
        put(keys, ALWAYS, "zero_optimization.load_from_fp32_weights", "zero_optimization.elastic_checkpoint");
        put(keys, "each bucket has one owner", "zero_optimization.round_robin_gradients");
        put(keys, "unused parameters do not occur", "zero_optimization.ignore_unused_parameters");
        return Map.copyOf(keys);
    }

    private static void put(Map<String, String> keys, String reason, String... names) {
        for (String name : names) {
            keys.put(name, reason);
        }
    }
}
