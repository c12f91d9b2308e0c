"""Tiny Llamas and their logits, by NumPy in float64: the definition that Skald's model is tested against.

python3 llama_golden.py

writes, into the folders beside this file, checkpoints as transformers lays them out (by its own safetensors writer) and
`llama_golden.json`: prompts, the positions looked at, their logits, and how far off two other ways of computing are:
`f32_error`, everything in float32, and `bf16_error`, rounding to bfloat16 wherever transformers' bf16 Llama does.

Only one thing is not float64: RoPE's frequencies and angles, which transformers rounds to float32 and which are therefore
part of the model.
"""

import json
import struct
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def bf16_bits(x):
    """Nearest bfloat16, ties to even, as uint16."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def bf16(x):
    return (bf16_bits(x).astype(np.uint32) << 16).view(np.float32)


STORE = {
    "F32": lambda x: x.astype("<f4").tobytes(),
    "F16": lambda x: x.astype("<f2").tobytes(),
    "BF16": lambda x: bf16_bits(x).astype("<u2").tobytes(),
}
ROUND = {"F32": np.float32, "F16": lambda x: x.astype(np.float16).astype(np.float32), "BF16": bf16}


def write_safetensors(path, dtype, tensors):
    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        blob = STORE[dtype](tensor)
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write_checkpoint(folder, config, dtype, weights, shards):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    if shards == 1:
        write_safetensors(folder / "model.safetensors", dtype, weights)
        return
    names = list(weights)
    weight_map = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = names[shard::shards]  # every shard has something of every layer
        write_safetensors(folder / file, dtype, {name: weights[name] for name in part})
        weight_map.update(dict.fromkeys(part, file))
    total = sum(len(STORE[dtype](w)) for w in weights.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


def random_weights(config, rng):
    """Large enough for attention to look at single tokens and for the layers to matter."""
    hidden, inter = config["hidden_size"], config["intermediate_size"]
    head_dim = config.get("head_dim", hidden // config["num_attention_heads"])
    q, kv = config["num_attention_heads"] * head_dim, config["num_key_value_heads"] * head_dim

    def matrix(rows, columns):
        return rng.normal(size=(rows, columns)) * 1.5 / np.sqrt(columns)

    weights = {"model.embed_tokens.weight": rng.normal(size=(config["vocab_size"], hidden)) * 0.5}
    for i in range(config["num_hidden_layers"]):
        weights.update({f"model.layers.{i}.{name}.weight": value for name, value in {
            "input_layernorm": rng.uniform(0.5, 1.5, hidden),
            "self_attn.q_proj": matrix(q, hidden), "self_attn.k_proj": matrix(kv, hidden),
            "self_attn.v_proj": matrix(kv, hidden), "self_attn.o_proj": matrix(hidden, q),
            "post_attention_layernorm": rng.uniform(0.5, 1.5, hidden),
            "mlp.gate_proj": matrix(inter, hidden), "mlp.up_proj": matrix(inter, hidden),
            "mlp.down_proj": matrix(hidden, inter),
        }.items()})
    weights["model.norm.weight"] = rng.uniform(0.5, 1.5, hidden)
    if not config["tie_word_embeddings"]:
        weights["lm_head.weight"] = matrix(config["vocab_size"], hidden)
    return weights


def frequencies(config, head_dim):
    """transformers' modeling_rope_utils.py: default, linear, llama3."""
    inv = (1.0 / config["rope_theta"] ** (np.arange(0, head_dim, 2) / head_dim)).astype(np.float32)
    scaling = config.get("rope_scaling")
    if scaling is None:
        return inv
    if scaling["rope_type"] == "linear":
        return (inv / np.float64(scaling["factor"])).astype(np.float32)
    context, factor = scaling["original_max_position_embeddings"], scaling["factor"]
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    out = []
    for f in inv.astype(np.float64):
        turns = context * f / (2 * np.pi)  # in the context that the model was first trained on
        if turns > high:
            out.append(f)
        elif turns < low:
            out.append(f / factor)
        else:
            smooth = (turns - low) / (high - low)
            out.append((1 - smooth) * f / factor + smooth * f)
    return np.array(out).astype(np.float32)


def logits(config, weights, ids, dtype=np.float64, rounded=lambda x: x):
    """[positions, vocab]; `rounded` is applied wherever transformers stores an activation."""
    w = {name: value.astype(dtype) for name, value in weights.items()}
    heads, kv_heads, hidden = config["num_attention_heads"], config["num_key_value_heads"], config["hidden_size"]
    head_dim, time, eps = config.get("head_dim", hidden // heads), len(ids), dtype(config["rms_norm_eps"])
    angles = np.arange(time, dtype=np.float32)[:, None] * frequencies(config, head_dim)[None]
    cos, sin = np.cos(angles.astype(np.float64)).astype(dtype), np.sin(angles.astype(np.float64)).astype(dtype)

    def norm(x, weight):
        return rounded(rounded(x / np.sqrt((x * x).mean(-1, keepdims=True) + eps)) * weight)

    def linear(x, name):
        return rounded(x @ w[name].T)

    def rotate(x):  # [time, heads, head_dim]; pairs are (i, i + head_dim / 2)
        a, b = x[..., : head_dim // 2], x[..., head_dim // 2:]
        c, s = cos[:, None], sin[:, None]
        return rounded(np.concatenate([a * c - b * s, b * c + a * s], -1))

    x = w["model.embed_tokens.weight"][ids]
    future = np.triu(np.ones((time, time), bool), 1)
    for i in range(config["num_hidden_layers"]):
        p = f"model.layers.{i}."
        h = norm(x, w[p + "input_layernorm.weight"])
        q = rotate(linear(h, p + "self_attn.q_proj.weight").reshape(time, heads, head_dim))
        k = rotate(linear(h, p + "self_attn.k_proj.weight").reshape(time, kv_heads, head_dim))
        v = linear(h, p + "self_attn.v_proj.weight").reshape(time, kv_heads, head_dim)
        mixed = np.empty((time, heads, head_dim), dtype)
        for head in range(heads):
            shared = head // (heads // kv_heads)
            scores = (q[:, head] @ k[:, shared].T) / dtype(np.sqrt(head_dim))
            scores = np.where(future, dtype(-np.inf), scores)
            e = np.exp(scores - scores.max(-1, keepdims=True))
            mixed[:, head] = rounded(e / e.sum(-1, keepdims=True)) @ v[:, shared]
        x = rounded(x + linear(rounded(mixed.reshape(time, -1)), p + "self_attn.o_proj.weight"))
        h = norm(x, w[p + "post_attention_layernorm.weight"])
        gate, up = linear(h, p + "mlp.gate_proj.weight"), linear(h, p + "mlp.up_proj.weight")
        x = rounded(x + linear(rounded(rounded(gate / (1 + np.exp(-gate))) * up), p + "mlp.down_proj.weight"))
    tied = config["tie_word_embeddings"]
    return linear(norm(x, w["model.norm.weight"]), "model.embed_tokens.weight" if tied else "lm_head.weight")


def config(**keys):
    return {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", **keys}


MODELS = {
    # grouped queries, a head_dim of its own, llama3 scaling that keeps, interpolates and divides, two shards
    "llama3": ("F32", 2, config(
        hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=12, vocab_size=61, max_position_embeddings=640, rms_norm_eps=1e-5, rope_theta=10000.0,
        rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 64},
        tie_word_embeddings=False, torch_dtype="float32")),
    "linear": ("BF16", 1, config(
        hidden_size=40, intermediate_size=64, num_hidden_layers=3, num_attention_heads=5, num_key_value_heads=1,
        vocab_size=67, max_position_embeddings=640, rms_norm_eps=1e-6, rope_theta=500000.0,
        rope_scaling={"rope_type": "linear", "factor": 4.0},
        tie_word_embeddings=True, torch_dtype="bfloat16")),
    "plain": ("F32", 1, config(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
        vocab_size=59, max_position_embeddings=640, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=True, torch_dtype="float32")),
    "half": ("F16", 1, config(
        hidden_size=24, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1,
        vocab_size=53, max_position_embeddings=640, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=False, torch_dtype="float16")),
}
LENGTHS = {1: [0], 2: [1], 19: [0, 9, 18], 257: [255, 256], 600: [0, 255, 256, 511, 512, 599]}


def main():
    rng = np.random.default_rng(20240418)
    golden = {}
    for name, (dtype, shards, cfg) in MODELS.items():
        weights = {k: ROUND[dtype](v) for k, v in random_weights(cfg, rng).items()}
        write_checkpoint(HERE / name, cfg, dtype, weights, shards)
        prompts, worst32, worst16 = [], 0.0, 0.0
        for length, positions in LENGTHS.items():
            ids = rng.integers(0, cfg["vocab_size"], length)
            exact = logits(cfg, weights, ids)
            single = logits(cfg, weights, ids, np.float32)
            brain = logits(cfg, weights, ids, np.float32, bf16)
            worst32 = max(worst32, np.abs(single - exact)[positions].max())
            worst16 = max(worst16, np.abs(brain - exact)[positions].max())
            prompts.append({
                "ids": ids.tolist(), "positions": positions,
                "logits": [[round(float(v), 7) for v in exact[p]] for p in positions],
            })
        golden[name] = {"f32_error": float(worst32), "bf16_error": float(worst16), "prompts": prompts}
        print(name, "f32 error", worst32, "bf16 error", worst16,
              "largest logit", max(abs(v) for p in prompts for row in p["logits"] for v in row))
    lines = json.dumps(golden, separators=(",", ":")).replace('{"ids"', '\n{"ids"').replace("],[", "],\n[")
    (HERE / "llama_golden.json").write_text(lines + "\n")


if __name__ == "__main__":
    main()
