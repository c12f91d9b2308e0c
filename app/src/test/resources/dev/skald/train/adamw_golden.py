"""Golden values of AdamW with decoupled decay in two groups: PyTorch 1.13's torch.optim.AdamW.

/usr/bin/python3 adamw_golden.py > adamw_golden.json
"""

import json

import torch

torch.manual_seed(7)
N, STEPS = 45, 6
weight = torch.randn(N).bfloat16().float()
norm = torch.ones(11)
groups = [{"params": [weight], "weight_decay": 0.1}, {"params": [norm], "weight_decay": 0.0}]
for tensor in (weight, norm):
    tensor.requires_grad_()
optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.95), eps=1e-8)
out = {"weight": weight.tolist(), "norm": norm.tolist(), "steps": []}
for step in range(STEPS):
    lr = 0.01 * step
    gradients = [torch.randn(N) * 10.0 ** (step % 3 - 1), torch.randn(11)]
    for tensor, gradient in zip((weight, norm), gradients):
        tensor.grad = gradient.clone()
    for group in optimizer.param_groups:
        group["lr"] = lr
    total = torch.nn.utils.clip_grad_norm_([weight, norm], 1e9)
    optimizer.step()
    out["steps"].append({
        "lr": lr,
        "gradients": [g.tolist() for g in gradients],
        "norm_of_gradients": total.item(),
        "weight": weight.tolist(),
        "norm": norm.tolist(),
        "exp_avg": optimizer.state[weight]["exp_avg"].tolist(),
        "exp_avg_sq": optimizer.state[weight]["exp_avg_sq"].tolist(),
    })
print(json.dumps(out))
