"""Writes comparison_golden.json: tests of two models on the same items, by SciPy and NumPy.

    python3 comparison_golden.py > comparison_golden.json

Holm's procedure is here by its definition as a closed test: the adjusted probability of a hypothesis is the largest that Bonferroni gives to any set
of hypotheses with it among them. Errors of what is no mean are by the jackknife written with NumPy, and for comparison by a bootstrap of pairs.
"""
import itertools
import json

import numpy as np
from scipy import special, stats

rng = np.random.default_rng(15)


def paired(x, y):
    x, y = np.array(x, float).round(4), np.array(y, float).round(4)
    test = stats.ttest_rel(x, y)
    interval = test.confidence_interval(0.95)
    found = {"model": x.tolist(), "baseline": y.tolist(), "value": float((x - y).mean()), "stderr": float(stats.sem(x - y)),
             "low": float(interval.low), "high": float(interval.high), "paired_t": float(test.pvalue)}
    if set(x) | set(y) <= {0.0, 1.0}:
        gained, lost = int((x > y).sum()), int((x < y).sum())
        found["mcnemar"] = float(stats.binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0
    return found


def truths(n, p, changed):
    y = (rng.random(n) < p).astype(float)
    return np.where(rng.random(n) < changed, 1 - y, y), y


means = [paired(*truths(60, 0.5, 0.15)), paired(*truths(500, 0.8, 0.1)), paired(*truths(2000, 0.4, 0.3)),
         paired([1, 0, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 0, 0])]
for n, scale in [(12, 0.4), (200, 0.05), (3, 1.0)]:
    y = rng.gamma(2, 1, n)
    means.append(paired(y + rng.normal(0.03, scale, n), y))


def mcc(gold, pred):
    classes = sorted(set(gold) | set(pred))
    g = np.array([[c == v for c in classes] for v in gold], float)
    p = np.array([[c == v for c in classes] for v in pred], float)
    g, p = g - g.mean(0), p - p.mean(0)
    under = np.sqrt((g * g).sum() * (p * p).sum())
    return (g * p).sum() / under if under > 0 else 0.0


def bits_per_byte(ll, count):
    return -np.sum(ll) / np.sum(count) / np.log(2)


def aggregate(of, x, y, common):
    """x and y are rows of what the models found, common of what is the same for both."""
    x, y = x.round(2), y.round(2)

    def difference(at):
        return of(x[at], y[at], common[at])
    n = len(x)
    everything = np.arange(n)
    groups = min(n, 1000)
    left = np.array([difference(everything[everything % groups != g]) for g in range(groups)])
    error = np.sqrt((groups - 1) / groups * ((left - left.mean()) ** 2).sum())
    value = difference(everything)
    bootstrap = np.std([difference(rng.integers(0, n, n)) for _ in range(4000)], ddof=1)
    half = stats.t.ppf(0.975, groups - 1) * error
    return {"model": x.tolist(), "baseline": y.tolist(), "common": common.tolist(),
            "value": float(value), "stderr": float(error),
            "low": float(value - half), "high": float(value + half), "p": float(2 * stats.t.sf(abs(value / error), groups - 1)),
            "bootstrap": float(bootstrap)}


gold = rng.integers(0, 3, 150)
y = np.where(rng.random(150) < 0.5, gold, rng.integers(0, 3, 150))
x = np.where(rng.random(150) < 0.3, gold, y)
length = rng.integers(20, 900, 80)
ll = -length * rng.gamma(30, 0.04, 80)
many = rng.integers(20, 900, 1100)
ll_many = -many * rng.gamma(30, 0.04, 1100)
aggregates = {
    "mcc": aggregate(lambda x, y, c: mcc(c, x) - mcc(c, y), x, y, gold),
    "bits_per_byte": aggregate(lambda x, y, c: bits_per_byte(x, c) - bits_per_byte(y, c), ll * rng.normal(0.99, 0.02, 80), ll, length),
    "bits_per_byte of many": aggregate(lambda x, y, c: bits_per_byte(x, c) - bits_per_byte(y, c), ll_many * rng.normal(0.99, 0.3, 1100), ll_many, many),
}

unpaired = []
for a, ea, b, eb in [(0.47, 0.02, 0.4, 0.021), (0.5, 0.03, 0.5, 0.02), (59.33, 2.21 / 1.96, 76.19, 1.82 / 1.96), (3.0, 0.1, 1.0, 0.05)]:
    error = np.hypot(ea, eb)
    unpaired.append({"model": [a, ea], "baseline": [b, eb], "value": a - b, "stderr": float(error), "p": float(2 * stats.norm.sf(abs(a - b) / error))})


def closed(p):
    adjusted = []
    for i in range(len(p)):
        sets = [s for r in range(1, len(p) + 1) for s in itertools.combinations(range(len(p)), r) if i in s]
        adjusted.append(max(min(1.0, len(s) * min(p[j] for j in s)) for s in sets))
    return adjusted


holm = [{"p": p, "adjusted": closed(p)} for p in [[0.01, 0.04, 0.03, 0.005], [0.2], [0.5, 0.6, 0.9], [0.01, 0.01, 0.01],
                                                  rng.random(9).round(4).tolist(), (rng.random(8) / 50).tolist()]]

print(json.dumps({
    "means": means, "aggregates": aggregates, "unpaired": unpaired, "holm": holm,
    "shares": [{"right": k, "items": n, "ends": [float(e) for e in stats.binomtest(k, n).proportion_ci(0.95, method="wilson")]}
               for k, n in [(0, 40), (40, 40), (1, 12), (195, 196), (250, 500)]],
    "student": [{"t": t, "freedom": v, "tails": float(2 * stats.t.sf(t, v)), "bound": float(stats.t.ppf(0.975, v))}
                for t, v in [(0.3, 1), (2.0, 2), (1.96, 11), (3.5, 59), (0.01, 499), (5.0, 999), (2.5, 100000)]],
    "normal": [{"z": z, "tails": float(special.erfc(z / np.sqrt(2)))} for z in [0.0, 0.1, 0.7, 1.96, 2.8, 2.9, 5.0, 9.0]],
    "coins": [{"heads": k, "throws": n, "tails": float(stats.binomtest(k, n, 0.5).pvalue)}
              for k, n in [(0, 1), (5, 10), (3, 10), (0, 12), (41, 60), (230, 500), (4000, 8200)]],
}))
