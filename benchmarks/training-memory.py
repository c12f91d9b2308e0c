#!/usr/bin/env python3
"""What a rank is said to need before it starts, and what it takes at its peak: VmHWM of each rank's process.

    benchmarks/training-memory.py TOKENIZER TEXT WORK [NAME ...]

TOKENIZER is a directory with a tokenizer.json of at most 32000 tokens, TEXT a path that a trainer.yaml takes, WORK a directory to make.
NAMEs of cases, if not all.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

MODELS = {
    "16M": dict(hidden_size=256, num_hidden_layers=6, intermediate_size=704, num_attention_heads=4, num_key_value_heads=2),
    "56M": dict(hidden_size=512, num_hidden_layers=8, intermediate_size=1408, num_attention_heads=8, num_key_value_heads=4),
    "163M": dict(hidden_size=1024, num_hidden_layers=9, intermediate_size=2816, num_attention_heads=16, num_key_value_heads=8),
}

# name: model, ranks, stage, offload, settings
CASES = {
    "16M": ("16M", 1, 0, "none", "micro_batch_size=4 sequence_len=512"),
    "bf16": ("56M", 1, 0, "none", "micro_batch_size=2 sequence_len=1024"),
    "f32": ("56M", 1, 0, "none", "micro_batch_size=2 sequence_len=1024 bf16=false"),
    "checkpointing": ("56M", 1, 0, "none", "micro_batch_size=2 sequence_len=1024 gradient_checkpointing=true"),
    "long": ("56M", 1, 0, "none", "micro_batch_size=1 sequence_len=8192"),
    "163M": ("163M", 1, 0, "none", "micro_batch_size=1 sequence_len=512"),
    "2-0": ("56M", 2, 0, "none", "micro_batch_size=1 sequence_len=256"),
    "2-1": ("56M", 2, 1, "none", "micro_batch_size=1 sequence_len=256"),
    "2-2": ("56M", 2, 2, "none", "micro_batch_size=1 sequence_len=256"),
    "2-2-cpu": ("56M", 2, 2, "cpu", "micro_batch_size=1 sequence_len=256"),
    "4-1": ("56M", 4, 1, "none", "micro_batch_size=1 sequence_len=256"),
    "4-2": ("56M", 4, 2, "none", "micro_batch_size=1 sequence_len=256"),
}


def processes_below(pid):
    below = [pid]
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(path) as children:
                for child in children.read().split():
                    below += processes_below(int(child))
        except OSError:
            pass  # it ended
    return below


def status(pid):
    try:
        with open(f"/proc/{pid}/status") as lines:
            fields = dict(line.split(":", 1) for line in lines)
        with open(f"/proc/{pid}/environ") as environment:
            rank = re.search(r"\0RANK=(\d+)", environment.read())
        return int(fields["VmHWM"].split()[0]) / 1024, rank and int(rank.group(1))
    except (OSError, KeyError):
        return None


def run(home, work, tokenizer, text, name):
    model, ranks, stage, offload, settings = CASES[name]
    base = os.path.join(work, "base-" + model)
    if not os.path.isdir(base):
        shutil.copytree(tokenizer, base)
        with open(os.path.join(base, "config.json"), "w") as out:
            json.dump(
                dict(MODELS[model], architectures=["LlamaForCausalLM"], model_type="llama", vocab_size=32000,
                     max_position_embeddings=8192, rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=False,
                     bos_token_id=1, eos_token_id=2), out)
    trainer = os.path.join(work, "trainer.yaml")
    with open(trainer, "w") as out:
        out.write("learning_rate: 1e-4\nmax_steps: 3\nsave_steps: 2\n")
    deepspeed = os.path.join(work, "deepspeed.json")
    with open(deepspeed, "w") as out:
        json.dump({"zero_optimization": {"stage": stage, "overlap_comm": True, "reduce_bucket_size": 4e6,
                                         "offload_optimizer": {"device": offload}}}, out)
    output = os.path.join(work, "out")
    shutil.rmtree(output, ignore_errors=True)
    command = [os.path.join(home, "skald"), "train", trainer, "--deepspeed", deepspeed, "--processes", str(ranks),
               "base_model=" + base, "datasets=" + text, "output_dir=" + output,
               "dataset_prepared_path=" + os.path.join(work, "prepared")] + settings.split()
    peaks = {}
    with open(os.path.join(work, "log"), "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        while process.poll() is None:
            for pid in processes_below(process.pid):
                found = status(pid)
                if found and (found[1] is not None or ranks == 1):
                    peaks[found[1] or 0] = max(found[0], peaks.get(found[1] or 0, 0))
            time.sleep(0.05)
    with open(os.path.join(work, "log")) as log:
        text = log.read()
    if process.returncode:
        sys.exit(text)
    estimate = float(re.search(r"memory of a rank: about ([\d.]+) GiB", text).group(1)) * 1024
    most = max(peaks.values())
    offloaded = ", offloaded" if offload == "cpu" else ""
    print(f"| {model} | {settings.replace('=', ' ')}{offloaded} | {ranks} | {stage} | {estimate:.0f} | "
          f"{', '.join(f'{peaks[rank]:.0f}' for rank in sorted(peaks))} | {estimate / most:.2f} |", flush=True)


def main():
    tokenizer, text, work = (os.path.abspath(path) for path in sys.argv[1:4])
    os.makedirs(work, exist_ok=True)
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    print("| model | settings | ranks | stage | estimate, MiB | VmHWM of each rank, MiB | ratio |\n|---|---|---|---|---|---|---|")
    for name in sys.argv[4:] or CASES:
        run(home, work, tokenizer, text, name)


main()
