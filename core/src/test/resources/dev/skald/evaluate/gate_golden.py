"""Writes gate_golden.json: drops of probes with their errors and chances, and verdicts, in NumPy.

    python3 gate_golden.py > gate_golden.json

Tails of Student's t are integrated numerically, by Simpson's rule after the substitution x = t + u / (1 - u); chances of items that are right or wrong
are binomial sums; errors of what is no mean leave each item out once. Holm is by adjusted p-values.
"""
import json
from math import comb, erfc, lgamma, pi, sqrt

import numpy as np


def tail(t, nu):
    n = 400_000
    u = np.linspace(0, 1, n + 1)[:-1]
    x = t + u / (1 - u)
    log_c = lgamma((nu + 1) / 2) - lgamma(nu / 2) - 0.5 * np.log(nu * pi)
    y = np.exp(log_c - (nu + 1) / 2 * np.log1p(x * x / nu)) / (1 - u) ** 2
    w = np.ones(n + 1)
    w[1:-1:2], w[2:-1:2] = 4, 2
    return float((w * np.append(y, 0.0)).sum() / n / 3)


rng = np.random.default_rng(11)


def mcc(gold, pred):
    k = int(max(gold.max(), pred.max())) + 1
    x, y = np.eye(k)[gold], np.eye(k)[pred]
    x, y = x - x.mean(0), y - y.mean(0)
    under = sqrt((x * x).sum() * (y * y).sum())
    return float((x * y).sum() / under) if under > 0 else 0.0


def jackknife(n, of):
    left = np.array([of(np.delete(np.arange(n), i)) for i in range(n)])
    return sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())


drops = []
# Accuracy: 0 or 1 of each item, in points.
before = (rng.random(120) < 0.6).astype(float)
after = np.where(rng.random(120) < np.where(before == 1, 0.25, 0.1), 1 - before, before)
gained, lost = int((after > before).sum()), int((after < before).sum())
assert lost > gained
d = before - after
drops.append({"metric": "acc", "before": before[:, None].tolist(), "after": after[:, None].tolist(), "size": 100 * d.mean(),
              "error": 100 * d.std(ddof=1) / sqrt(120),
              "chance": sum(comb(gained + lost, i) for i in range(gained + 1)) / 2 ** (gained + lost)})
# Bits per byte: log-likelihoods over bytes that differ, in percent.
size = rng.integers(40, 4000, 60).astype(float)
before = -size * rng.normal(1.2, 0.1, 60)
after = before - size * rng.normal(0.02, 0.03, 60)
bits = lambda ll, i: -ll[i].sum() / size[i].sum() / np.log(2)
every = np.arange(60)
drop, error = bits(after, every) - bits(before, every), jackknife(60, lambda i: bits(after, i) - bits(before, i))
scale = 100 / bits(before, every)
drops.append({"metric": "bits_per_byte", "before": np.stack([before, size], 1).tolist(), "after": np.stack([after, size], 1).tolist(),
              "size": drop * scale, "error": error * scale, "chance": tail(drop / error, 59)})
# Matthews' correlation, in points.
gold = rng.integers(0, 3, 150)
before = np.where(rng.random(150) < 0.6, gold, rng.integers(0, 3, 150))
after = np.where(rng.random(150) < 0.4, rng.integers(0, 3, 150), before)
every = np.arange(150)
change = lambda i: mcc(gold[i], before[i]) - mcc(gold[i], after[i])
drop, error = change(every), jackknife(150, change)
drops.append({"metric": "mcc", "before": np.stack([gold, before], 1).astype(float).tolist(), "after": np.stack([gold, after], 1).astype(float).tolist(),
              "size": 100 * drop, "error": 100 * error, "chance": tail(drop / error, 149) if drop > 0 else 1 - tail(-drop / error, 149)})


def holm(p, alpha):
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate((len(p) - np.arange(len(p))) * np.array(p)[order])
    rejected = np.zeros(len(p), bool)
    rejected[order] = adjusted <= alpha
    return rejected


verdicts = []
for case in range(40):
    m, n = int(rng.integers(1, 9)), int(rng.integers(10, 400))
    size = rng.normal(1.5, 3, m)
    error = rng.uniform(0.2, 1.5, m)
    p = [tail(s / e, n - 1) if s > 0 else 1 - tail(-s / e, n - 1) for s, e in zip(size, error)]
    stop = holm(p, 0.5 * erfc(3 / sqrt(2))) & (size > 3)
    warn = holm(p, 0.5 * erfc(2 / sqrt(2))) & (size > 1)
    verdicts.append({"size": size.tolist(), "error": error.tolist(), "chance": p,
                     "verdicts": ["STOP" if s else "WARN" if w else "KEPT" for s, w in zip(stop, warn)]})

print(json.dumps({"drops": drops, "verdicts": verdicts}))
