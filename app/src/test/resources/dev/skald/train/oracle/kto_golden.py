"""Trains the tiny Llama of train_golden.py on answers that are wanted or not, with PyTorch's autograd, and writes what it saw.

/usr/bin/python3 kto_golden.py    (PyTorch 1.13; reads model.safetensors, writes kto_rows.jsonl and kto_golden.json beside itself)

The loss is that of arXiv:2402.01306, equation 7: the reference point is the mean log-ratio of the prompts of a step with the answer before theirs in
the step, the first with the last, at least 0 and without a gradient; the reference is the model as it began. AdamW without decay, a constant rate.
Tokens are bytes; 257 ends an answer; an answer's log-probability is the sum over its tokens and the end.
"""

import json
import math
import os
import struct

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
HIDDEN, LAYERS, HEADS, KV_HEADS, EPS, THETA = 32, 2, 4, 2, 1e-5, 10000.0
HEAD = HIDDEN // HEADS
BATCH, STEPS, LR, BETA, WANTED, UNWANTED = 4, 6, 5e-3, 0.3, 0.8, 1.2
torch.set_num_threads(1)

with open(os.path.join(HERE, "model.safetensors"), "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
weights = {}
for name, entry in header.items():
    begin, end = entry["data_offsets"]
    flat = torch.tensor(struct.unpack(f"<{(end - begin) // 4}f", data[begin:end]))
    weights[name] = flat.view(entry["shape"])

rows = [
    {"prompt": "1+1=", "completion": "two", "label": True},
    {"prompt": "2+3=", "completion": "five", "label": True},
    {"prompt": "up?", "completion": "down", "label": True},
    {"prompt": "red is a", "completion": "no", "label": False},
    {"prompt": "left?", "completion": "right", "label": True},
    {"prompt": "cat: a", "completion": "n animal", "label": True},
    {"prompt": "7-4=", "completion": "1", "label": False},
    {"prompt": "wood:", "completion": "of trees", "label": True},
]
with open(os.path.join(HERE, "kto_rows.jsonl"), "w") as out:
    for row in rows:
        out.write(json.dumps(row) + "\n")


def rms_norm(x, weight):
    return weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS))


def rotate(x):
    inverse = 1.0 / (THETA ** (torch.arange(0, HEAD, 2).float() / HEAD))
    angles = torch.arange(x.shape[0]).float()[:, None] * inverse[None, :]
    cos = torch.cat((angles, angles), -1).cos()[:, None, :]
    sin = torch.cat((angles, angles), -1).sin()[:, None, :]
    half = torch.cat((-x[..., HEAD // 2:], x[..., :HEAD // 2]), -1)
    return x * cos + half * sin


def logits(w, ids):
    n = len(ids)
    allowed = torch.tril(torch.ones(n, n, dtype=torch.bool))
    x = F.embedding(torch.tensor(ids), w["model.embed_tokens.weight"])
    for i in range(LAYERS):
        p = f"model.layers.{i}."
        h = rms_norm(x, w[p + "input_layernorm.weight"])
        q = rotate((h @ w[p + "self_attn.q_proj.weight"].T).view(n, HEADS, HEAD))
        k = rotate((h @ w[p + "self_attn.k_proj.weight"].T).view(n, KV_HEADS, HEAD))
        v = (h @ w[p + "self_attn.v_proj.weight"].T).view(n, KV_HEADS, HEAD)
        k = k.repeat_interleave(HEADS // KV_HEADS, 1)
        v = v.repeat_interleave(HEADS // KV_HEADS, 1)
        scores = torch.einsum("thd,shd->hts", q, k) / math.sqrt(HEAD)
        scores = scores.masked_fill(~allowed, float("-inf"))
        mixed = torch.einsum("hts,shd->thd", scores.softmax(-1), v).reshape(n, HIDDEN)
        x = x + mixed @ w[p + "self_attn.o_proj.weight"].T
        h = rms_norm(x, w[p + "post_attention_layernorm.weight"])
        gated = F.silu(h @ w[p + "mlp.gate_proj.weight"].T) * (h @ w[p + "mlp.up_proj.weight"].T)
        x = x + gated @ w[p + "mlp.down_proj.weight"].T
    return rms_norm(x, w["model.norm.weight"]) @ w["lm_head.weight"].T


def logp(w, prompt, answer):
    before = list(prompt.encode())
    said = list(answer.encode()) + [257]
    scores = logits(w, before + said).log_softmax(-1)
    return sum(scores[len(before) - 1 + i, token] for i, token in enumerate(said))


reference = {name: tensor.clone() for name, tensor in weights.items()}
for tensor in weights.values():
    tensor.requires_grad_()
optimizer = torch.optim.AdamW(list(weights.values()), lr=LR, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
golden = []
for step in range(STEPS):
    batch = [rows[(step * BATCH + i) % len(rows)] for i in range(BATCH)]
    with torch.no_grad():
        ratios = [logp(weights, row["prompt"], batch[i - 1]["completion"])
                  - logp(reference, row["prompt"], batch[i - 1]["completion"]) for i, row in enumerate(batch)]
        kl = torch.stack(ratios).mean().clamp(min=0)
    losses, rewards = [], {True: [], False: []}
    for row in batch:
        ratio = logp(weights, row["prompt"], row["completion"]) - logp(reference, row["prompt"], row["completion"]).detach()
        rewards[row["label"]].append(BETA * ratio.item())
        losses.append(WANTED * (1 - torch.sigmoid(BETA * (ratio - kl))) if row["label"]
                      else UNWANTED * (1 - torch.sigmoid(BETA * (kl - ratio))))
    loss = torch.stack(losses).mean()
    optimizer.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(list(weights.values()), 1.0).item()
    optimizer.step()
    golden.append({"loss": loss.item(), "grad_norm": norm, "kl": kl.item(),
                   "chosen": sum(rewards[True]) / len(rewards[True]),
                   "rejected": sum(rewards[False]) / len(rewards[False])})
    print(golden[-1])
with open(os.path.join(HERE, "kto_golden.json"), "w") as out:
    json.dump(golden, out, indent=1)
