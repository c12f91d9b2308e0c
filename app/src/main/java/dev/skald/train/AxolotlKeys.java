package dev.skald.train;

import dev.skald.config.ForeignKeys;

/** Keys of Axolotl that Skald has nothing for: those that change nothing, and those that would change the run. */
final class AxolotlKeys {

    private static final String UPLOAD =
            "nothing is sent to an outside service; see metrics.jsonl, TensorBoard and report.html";
    private static final String HUB = "nothing is sent to a hub, or fetched from one";
    private static final String KERNELS = "the kernels are chosen by the device";
    private static final String MODEL = "the model is read from its config.json";
    private static final String LOADER = "sequences are read from memory-mapped files";
    private static final String ALWAYS = "it is always so here";
    private static final String SHARDS = "optimizer state and gradients are divided by DeepSpeed's zero_optimization";
    private static final String FILES = "give a file, a directory or a glob as path";
    private static final String EVALUATION = "the loss is all that validation measures";
    private static final String PREFERENCES = "preferences are learned by rl, rl_beta and the keys of its kind";
    private static final String TEXTS = "texts are learned as they are";
    private static final String QUANTISED = "parameters are not quantised here";
    private static final String CHANGED = "the model and its tokenizer are not changed here";
    private static final String SCHEDULE = "the schedules are those of lr_scheduler";
    private static final String ORDER = "the order of the data is that of seed";

    private AxolotlKeys() {}

    static ForeignKeys of() {
        ForeignKeys keys = new ForeignKeys();
        surroundings(keys);
        machine(keys);
        run(keys);
        for (String datasets : new String[] {"datasets", "test_datasets", "pretraining_dataset"}) {
            dataset(keys, datasets + ".");
        }
        return keys;
    }

    /** Where results go, and where things come from. */
    private static void surroundings(ForeignKeys keys) {
        keys.without(UPLOAD, "wandb_*", "use_wandb", "mlflow_*", "use_mlflow", "hf_mlflow_*", "comet_*", "use_comet");
        keys.without(UPLOAD, "swanlab_*", "use_swanlab", "trackio_*", "use_trackio", "otel_*", "use_otel_metrics");
        keys.without(UPLOAD, "gradio_*");
        keys.without(HUB, "hub_*", "push_dataset_to_hub", "hf_use_auth_token", "revision_of_model");
        keys.without(MODEL, "model_type", "tokenizer_type", "processor_type", "processor_kwargs", "type_of_model");
        keys.without(MODEL, "base_model_config", "base_model_ignore_patterns", "trust_remote_code", "is_*");
        keys.without(MODEL, "tokenizer_use_*", "tokenizer_legacy", "tokenizer_save_jinja_files", "low_cpu_mem_usage");
        keys.without(MODEL, "torch_dtype", "overrides_of_model_kwargs", "embeddings_skip_upcast");
        keys.refused("give it in the entry of datasets", "train_on_eot", "train_on_eos", "roles_to_train");
        keys.without(EVALUATION, "eval_table_size", "eval_max_new_tokens", "eval_causal_lm_metrics", "bench_*");
        keys.without(EVALUATION, "do_causal_lm_eval", "do_bench_eval", "generate_*", "generation_*");
        keys.without("see eval_steps and evals_per_epoch", "eval_strategy", "evaluation_strategy");
        keys.without("see save_steps and saves_per_epoch", "save_strategy", "save_first_step");
        keys.without("see save_steps; Ctrl-C saves a checkpoint too", "dynamic_checkpoint");
        keys.without("validation has the micro-batch of training", "eval_batch_size");
        keys.without("checkpoints carry the optimizer state", "save_only_model");
        keys.without("see wall_clock_breakdown", "debug", "profiler_steps*");
        keys.without(ALWAYS, "use_tensorboard", "save_safetensors", "include_tokens_per_second", "include_tkps");
        keys.without(ALWAYS, "strict", "full_finetune");
    }

    /** How the same numbers are computed. */
    private static void machine(ForeignKeys keys) {
        keys.without(KERNELS, "flash_attention", "flash_attn_*", "flash_optimum", "xformers_attention");
        keys.without(KERNELS, "sdp_attention", "sdpa_varlen", "flex_attention", "flex_attn_*", "eager_attention");
        keys.without(KERNELS, "sage_attention", "attn_implementation", "large_head_attention", "fused_attn_kernel");
        keys.without(KERNELS, "torch_compile*", "liger_*", "unsloth_*", "cut_cross_entropy", "chunked_cross_entropy*");
        keys.without(KERNELS, "plugins", "use_kernels", "tiled_mlp*", "experts_implementation", "batch_flattening");
        keys.without(KERNELS, "bnb_config_kwargs", "deepcompile", "use_liger_loss");
        keys.without(LOADER, "dataloader_*", "dataset_keep_in_memory", "group_by_length", "skip_prepare_dataset");
        keys.without(LOADER, "sample_packing_*", "eval_sample_packing", "total_num_tokens", "total_supervised_tokens");
        keys.without(LOADER, "pretrain_multipack_buffer_size", "streaming*", "multipack_real_batches");
        keys.without(LOADER, "preprocess_iterable", "accelerator_config", "remove_unused_columns", "prefetch_depth");
        keys.without(LOADER, "num_dataset_shards_to_save", "pad_to_multiple_of", "async_prefetch");
        keys.without("nothing is padded here: rows lie one after the other", "pad_to_sequence_len");
        keys.without(KERNELS, "lora_mlp_kernel", "lora_qkv_kernel", "lora_o_kernel", "lora_embedding_kernel");
        keys.without(LOADER, "lora_on_cpu", "merge_lora", "qlora_sharded_model_loading", "peft_autocast_adapter_dtype");
        keys.without("matrices lie as Llama has them", "lora_fan_in_fan_out", "peft_layers_pattern");
        keys.without(SHARDS, "fsdp", "fsdp_*", "dp_shard_size", "dp_replicate_size", "data_parallel_size");
        keys.without(SHARDS, "tensor_parallel_size", "context_parallel_size", "sequence_parallel_degree");
        keys.without(SHARDS, "heads_k_stride", "ring_attn_func", "gpu_memory_limit", "max_memory");
        keys.without("blocks are recomputed without autograd", "gradient_checkpointing_kwargs");
        keys.without("see gradient_checkpointing", "activation_offloading", "activation_checkpointing");
        keys.without("see gradient_checkpointing", "layer_offloading", "selective_checkpointing");
        keys.without("ranks are found by the launcher", "local_rank", "world_size", "ddp", "ddp_*", "device*");
        keys.without("ranks are found by the launcher; see --spark", "use_ray", "ray_*", "resources_per_worker");
        keys.without("memory is freed at once", "gc_steps", "gc_collect_steps", "torch_empty_cache_steps");
    }

    /** What would make another run of it. */
    private static void run(ForeignKeys keys) {
        keys.refused(
                "adapters are plain LoRA here", "peft_use_dora", "loraplus_*", "lora_target_parameters", "loftq_*");
        keys.refused("adapters are plain LoRA here", "peft", "peft_trainable_token_indices", "lora_bias");
        keys.refusedUnless("true", "adapters begin as PEFT's own", "peft_init_lora_weights");
        keys.refused("all parameters are trained, or an adapter's; remove the key", "unfrozen_parameters", "lisa_*");
        keys.refused("all parameters are trained here; remove the key", "relora", "relora_*", "jagged_*");
        keys.refused(QUANTISED, "gptq", "gptq_*", "quantization", "qat", "fp8", "fp8_*");
        keys.refused(QUANTISED, "model_quantization_config*", "use_onebitllms", "quantize_moe_experts");
        keys.refused("it is no more in TRL", "rpo_alpha", "dpo_norm_loss", "dpo_generate_during_eval");
        keys.refused(PREFERENCES, "trl", "vllm", "rl_adapter_ref_model", "dpo_use_weighting", "dpo_loss_weights");
        keys.without(LOADER, "dpo_padding_free", "dpo_use_liger_kernel");
        keys.refused(
                PREFERENCES, "reward_model", "process_reward_model", "num_labels", "diffusion", "ebft", "use_eaft");
        keys.refused(TEXTS, "use_pose", "pose_*", "s2_attention");
        keys.refused("see neftune_noise_alpha", "noisy_embedding_alpha");
        keys.refused(CHANGED, "resize_token_embeddings_to_32x", "reinit_weights");
        keys.refused(CHANGED, "overrides_of_model_config", "model_config", "rope_scaling", "shrink_embeddings");
        keys.refused(CHANGED, "fix_untrained_tokens", "tokenizer_class");
        keys.refused(SCHEDULE, "lr_quadratic_warmup", "lr_groups");
        keys.refused(SCHEDULE, "lr_div_factor", "embedding_lr*", "eta_min");
        keys.refused("AdamW is the optimizer here", "optim_args", "optim_target_modules", "torchdistx_path");
        keys.refused("AdamW is the optimizer here", "adam_beta3", "adam_epsilon2", "dion_*", "qgalore_*");
        keys.refused("the last step is kept", "load_best_model_at_end", "metric_for_best_model", "greater_is_better");
        keys.refused(ORDER, "curriculum_sampling", "shuffle_before_merging_datasets", "dataset_shard_*");
        keys.refused("documents are not cut off", "max_packed_sequence_len", "eval_sequence_len");
        keys.refused(
                "a step has micro_batch_size x gradient_accumulation_steps x ranks; give gradient_accumulation_steps",
                "batch_size",
                "auto_find_batch_size");
        keys.refused("parameters are trained in bf16, fp16 or, with bf16: false, in float32", "float32");
    }

    private static void dataset(ForeignKeys keys, String in) {
        keys.without(HUB, in + "trust_remote_code", in + "revision");
        keys.without("the file's name says how it is read", in + "ds_type");
        keys.without("see chat_template and type", in + "conversation", in + "input_format", in + "format");
        keys.without(LOADER, in + "preprocess_shards");
        keys.refused(FILES, in + "skip");
    }
}
