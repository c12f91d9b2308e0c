"""Writes metrics_golden.json: Python's own random numbers, and metrics by other formulas than the code's, in NumPy.

    python3 metrics_golden.py > metrics_golden.json

MCC is the correlation of one-hot matrices (Gorodkin 2004), F1 is from precision and recall, chrF from the definition of Popovic (2015).
"""
import ast
import json
import random
from collections import Counter

import numpy as np

draws = []
for seed, n, k in [(1234, 5, 3), (1234, 20, 5), (1234, 100, 5), (1234, 100, 40), (4242, 1000, 12), (7, 21, 5), (2**40 + 3, 300, 60)]:
    r = random.Random(seed)
    draws.append({"seed": seed, "n": n, "k": k, "sample": [r.sample(range(n), k) for _ in range(3)], "random": r.random()})
r = random.Random(4242)
shuffled = list(range(30))
r.shuffle(shuffled)


def one_hot(values, classes):
    return np.array([[float(v == c) for c in classes] for v in values])


def mcc(gold, pred):
    classes = sorted(set(gold) | set(pred))
    x, y = one_hot(gold, classes), one_hot(pred, classes)
    x, y = x - x.mean(0), y - y.mean(0)
    under = np.sqrt((x * x).sum() * (y * y).sum())
    return float((x * y).sum() / under) if under > 0 else 0.0


def f1(gold, pred, c):
    g, p = np.array(gold) == c, np.array(pred) == c
    both = (g & p).sum()
    if both == 0:
        return 0.0
    precision, recall = both / p.sum(), both / g.sum()
    return float(2 * precision * recall / (precision + recall))


rng = np.random.default_rng(3)
classes = []
for k, n in [(2, 40), (3, 60), (5, 25)]:
    gold = rng.integers(0, k, n).tolist()
    pred = [int(g if rng.random() < 0.5 else rng.integers(0, k)) for g in gold]
    classes.append((gold, pred))
classes.append(([0, 1, 1, 0], [1, 1, 1, 1]))  # constant
classes.append(([0, 1, 1, 0], [2, 1, 1, 0]))  # a class that is never right
labels = [{"gold": g, "pred": p, "mcc": mcc(g, p), "f1": f1(g, p, 1),
           "f1_macro": float(np.mean([f1(g, p, c) for c in sorted(set(g) | set(p))]))} for g, p in classes]


def grams(text, n):
    text = "".join(text.split())
    return Counter(text[i:i + n] for i in range(len(text) - n + 1))


def chrf(pairs):
    precision, recall = [], []
    for n in range(1, 7):
        hyp = ref = both = 0
        for h, t in pairs:
            a, b = grams(h, n), grams(t, n)
            hyp += sum(a.values()) if b else 0
            ref += sum(b.values())
            both += sum((a & b).values())
        if hyp and ref:
            precision.append(both / hyp)
            recall.append(both / ref)
    p, q = (np.mean(precision), np.mean(recall)) if precision else (0, 0)
    return float(100 * 5 * p * q / (4 * p + q)) if p + q else 0.0


texts = [[("Katten sover på mattan.", "Katten ligger på mattan."), ("", "Hej"), ("ja", "nej")], [("blåbær", "blåbær")], [("a", "b")],
         [("hej 👋 på dig", "hej 👋 dig")]]

literals = ["[1, -2.5, 'å', \"it's\", None, True]", "('a', 'b\\n')", "{'x': [1], 'y': 'z'}", "'a' 'b'"]

print(json.dumps({
    "draws": draws, "shuffled": shuffled, "labels": labels,
    "chrf": [{"pairs": t, "chrf": chrf(t)} for t in texts],
    "literals": [{"source": s, "value": ast.literal_eval(s)} for s in literals],
}, ensure_ascii=False, indent=1))
