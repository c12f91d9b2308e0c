"""Golden values of the learning-rate schedules, written from the documentation of transformers and of Axolotl.

python3 schedule_golden.py > schedule_golden.json

cosine_with_restarts, polynomial, inverse_sqrt: huggingface.co/docs/transformers/main_classes/optimizer_schedules.
rex: Chen, Wolfe, Kyrillidis 2021, arXiv:2107.04197, with Axolotl's constants.
cosine until a part of the run, then constant: Gupta et al. 2023, arXiv:2308.04014, as Axolotl's cosine_constant_lr_ratio.
The warmup rises linearly from 0 in all of them.
"""

import json
from math import cos, pi, sqrt


def restarts(x, peak, cycles):
    if x >= 1:
        return 0.0
    wave = cycles * x - int(cycles * x)
    return peak * (1 + cos(pi * wave)) / 2


def polynomial(x, peak, power, end):
    return end if x >= 1 else end + (peak - end) * (1 - x) ** power


def rex(x, peak, floor):
    rest = 1 - x
    return peak * floor if x >= 1 else peak * (floor + (1 - floor) * rest / (0.1 + 0.9 * rest))


def constant_after(s, warmup, total, peak, floor, part):
    down = int(total * part)
    if s >= down:
        return peak * floor
    return peak * (floor + (1 - floor) * (1 + cos(pi * (s - warmup) / (down - warmup))) / 2)


RUNS = [
    ("cosine_with_restarts", {}, lambda s, x, w, t, p: restarts(x, p, 1)),
    ("cosine_with_restarts", {"lr_scheduler_kwargs": {"num_cycles": 3}}, lambda s, x, w, t, p: restarts(x, p, 3)),
    ("polynomial", {}, lambda s, x, w, t, p: polynomial(x, p, 1.0, 1e-7)),
    ("polynomial", {"lr_scheduler_kwargs": {"power": 2.5, "lr_end": 1e-6}},
     lambda s, x, w, t, p: polynomial(x, p, 2.5, 1e-6)),
    ("inverse_sqrt", {}, lambda s, x, w, t, p: p * sqrt((w or 10000) / (s - w + (w or 10000)))),
    ("inverse_sqrt", {"lr_scheduler_kwargs": {"timescale": 40}}, lambda s, x, w, t, p: p * sqrt(40 / (s - w + 40))),
    ("rex", {}, lambda s, x, w, t, p: rex(x, p, 0.0)),
    ("rex", {"cosine_min_lr_ratio": 0.2}, lambda s, x, w, t, p: rex(x, p, 0.2)),
    ("cosine", {"cosine_min_lr_ratio": 0.1, "cosine_constant_lr_ratio": 0.8},
     lambda s, x, w, t, p: constant_after(s, w, t, p, 0.1, 0.8)),
]

out = []
for kind, keys, after in RUNS:
    for warmup, total in ((0, 50), (13, 137), (100, 10000)):
        peak = 2e-4
        steps = sorted({0, 1, warmup - 1, warmup, warmup + 1, total // 3, total // 2, 4 * total // 5, total - 1, total}
                       - {-1})
        values = [peak * s / warmup if s < warmup else after(s, (s - warmup) / (total - warmup), warmup, total, peak)
                  for s in steps]
        out.append({"lr_scheduler": kind, "keys": keys, "learning_rate": peak, "warmup": warmup, "total": total,
                    "steps": steps, "values": values})
print(json.dumps(out))
