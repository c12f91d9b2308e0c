"""Trains a tiny Llama with PyTorch's autograd, and writes what it began with and what it saw.

/usr/bin/python3 train_golden.py    (PyTorch 1.13; writes config.json, model.safetensors, documents.json and golden.json beside itself)

Documents are packed one after the other into sequences; attention and positions stay inside a document and a sequence; a document's first token
is not predicted. A step is 4 accumulated micro-batches of 2 sequences, its loss the mean over all predicted tokens of the step. AdamW
with decay on matrices only, cosine with warmup as transformers' get_cosine_schedule_with_warmup, clipping by clip_grad_norm_.
"""

import json
import math
import os
import struct

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
VOCAB, HIDDEN, LAYERS, HEADS, KV_HEADS, FFN, EPS, THETA = 260, 32, 2, 4, 2, 48, 1e-5, 10000.0
HEAD = HIDDEN // HEADS
SEQUENCE, MICRO, ACCUMULATION, STEPS, WARMUP = 16, 2, 4, 20, 5
LR, BETAS, ADAM_EPS, DECAY, CLIP = 1e-2, (0.9, 0.95), 1e-8, 0.1, 0.6

torch.manual_seed(20)
torch.set_num_threads(1)


def shapes():
    yield "model.embed_tokens.weight", (VOCAB, HIDDEN)
    for i in range(LAYERS):
        layer = f"model.layers.{i}."
        yield layer + "input_layernorm.weight", (HIDDEN,)
        yield layer + "self_attn.q_proj.weight", (HEADS * HEAD, HIDDEN)
        yield layer + "self_attn.k_proj.weight", (KV_HEADS * HEAD, HIDDEN)
        yield layer + "self_attn.v_proj.weight", (KV_HEADS * HEAD, HIDDEN)
        yield layer + "self_attn.o_proj.weight", (HIDDEN, HEADS * HEAD)
        yield layer + "post_attention_layernorm.weight", (HIDDEN,)
        yield layer + "mlp.gate_proj.weight", (FFN, HIDDEN)
        yield layer + "mlp.up_proj.weight", (FFN, HIDDEN)
        yield layer + "mlp.down_proj.weight", (HIDDEN, FFN)
    yield "model.norm.weight", (HIDDEN,)
    yield "lm_head.weight", (VOCAB, HIDDEN)


weights = {}
for name, shape in shapes():
    weights[name] = torch.randn(shape) * 0.1 if len(shape) > 1 else 1 + 0.1 * torch.randn(shape)


def save_safetensors(path):
    header, begin = {}, 0
    for name, tensor in weights.items():
        end = begin + tensor.numel() * 4
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for tensor in weights.values():
            out.write(tensor.numpy().tobytes())


save_safetensors(os.path.join(HERE, "model.safetensors"))
with open(os.path.join(HERE, "config.json"), "w") as out:
    json.dump({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "vocab_size": VOCAB, "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS, "intermediate_size": FFN, "rms_norm_eps": EPS, "rope_theta": THETA,
        "max_position_embeddings": 64, "tie_word_embeddings": False, "torch_dtype": "float32",
    }, out, indent=1)

# Documents of 2 to 40 tokens whose next token depends on the present one, so that there is something to learn.
generator = torch.Generator().manual_seed(5)
documents = []
while sum(map(len, documents)) < STEPS * ACCUMULATION * MICRO * SEQUENCE + 30:
    length = int(torch.randint(2, 41, (1,), generator=generator))
    token = int(torch.randint(0, 64, (1,), generator=generator))
    document = []
    for _ in range(length):
        document.append(token)
        token = (5 * token + 1 + int(torch.randint(0, 3, (1,), generator=generator))) % 64
    documents.append(document)
with open(os.path.join(HERE, "documents.json"), "w") as out:
    json.dump(documents, out)

stream = [(token, d) for d, document in enumerate(documents) for token in document]


def sequence(n):
    """Token ids, targets (-100: none) and the number of the document of each row of the n-th sequence."""
    rows = range(n * SEQUENCE, (n + 1) * SEQUENCE)
    ids = [stream[r][0] for r in rows]
    targets = [stream[r + 1][0] if stream[r + 1][1] == stream[r][1] else -100 for r in rows]
    return ids, targets, [stream[r][1] for r in rows]


def rms_norm(x, weight):
    return weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS))


def rotate(x, positions):
    inverse = 1.0 / (THETA ** (torch.arange(0, HEAD, 2).float() / HEAD))
    angles = positions.float()[:, None] * inverse[None, :]
    cos = torch.cat((angles, angles), -1).cos()[:, None, :]
    sin = torch.cat((angles, angles), -1).sin()[:, None, :]
    half = torch.cat((-x[..., HEAD // 2:], x[..., :HEAD // 2]), -1)
    return x * cos + half * sin


def forward(ids, spans):
    """Logits of one sequence; a row sees the earlier rows of its document."""
    spans = torch.tensor(spans)
    positions = torch.tensor([r - spans.tolist().index(spans[r]) for r in range(SEQUENCE)])
    allowed = (spans[:, None] == spans[None, :]) & torch.tril(torch.ones(SEQUENCE, SEQUENCE, dtype=torch.bool))
    x = F.embedding(torch.tensor(ids), weights["model.embed_tokens.weight"])
    for i in range(LAYERS):
        w = {k[len(f"model.layers.{i}."):]: v for k, v in weights.items() if k.startswith(f"model.layers.{i}.")}
        h = rms_norm(x, w["input_layernorm.weight"])
        q = rotate((h @ w["self_attn.q_proj.weight"].T).view(SEQUENCE, HEADS, HEAD), positions)
        k = rotate((h @ w["self_attn.k_proj.weight"].T).view(SEQUENCE, KV_HEADS, HEAD), positions)
        v = (h @ w["self_attn.v_proj.weight"].T).view(SEQUENCE, KV_HEADS, HEAD)
        k = k.repeat_interleave(HEADS // KV_HEADS, 1)
        v = v.repeat_interleave(HEADS // KV_HEADS, 1)
        scores = torch.einsum("thd,shd->hts", q, k) / math.sqrt(HEAD)
        scores = scores.masked_fill(~allowed, float("-inf"))
        mixed = torch.einsum("hts,shd->thd", scores.softmax(-1), v).reshape(SEQUENCE, HIDDEN)
        x = x + mixed @ w["self_attn.o_proj.weight"].T
        h = rms_norm(x, w["post_attention_layernorm.weight"])
        gated = F.silu(h @ w["mlp.gate_proj.weight"].T) * (h @ w["mlp.up_proj.weight"].T)
        x = x + gated @ w["mlp.down_proj.weight"].T
    return rms_norm(x, weights["model.norm.weight"]) @ weights["lm_head.weight"].T


def learning_rate(s):
    if s < WARMUP:
        return LR * (s / max(1, WARMUP))
    progress = (s - WARMUP) / max(1, STEPS - WARMUP)
    return LR * max(0.0, 0.5 * (1.0 + math.cos(math.pi * progress)))


for tensor in weights.values():
    tensor.requires_grad_()
optimizer = torch.optim.AdamW(
    [
        {"params": [t for t in weights.values() if t.dim() > 1], "weight_decay": DECAY},
        {"params": [t for t in weights.values() if t.dim() == 1], "weight_decay": 0.0},
    ],
    lr=LR, betas=BETAS, eps=ADAM_EPS,
)
golden = []
for step in range(STEPS):
    first = step * ACCUMULATION * MICRO
    sequences = [sequence(first + i) for i in range(ACCUMULATION * MICRO)]
    predicted = sum(t != -100 for _, targets, _ in sequences for t in targets)
    loss = 0.0
    optimizer.zero_grad()
    for micro in range(ACCUMULATION):
        part = 0
        for ids, targets, spans in sequences[micro * MICRO:(micro + 1) * MICRO]:
            part = part + F.cross_entropy(forward(ids, spans), torch.tensor(targets), reduction="sum")
        part = part / predicted
        part.backward()
        loss += part.item()
    norm = torch.nn.utils.clip_grad_norm_(list(weights.values()), CLIP).item()
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step)
    optimizer.step()
    golden.append({"loss": loss, "grad_norm": norm, "learning_rate": learning_rate(step)})
with open(os.path.join(HERE, "golden.json"), "w") as out:
    json.dump(golden, out, indent=1)
for line in golden:
    print(line)
