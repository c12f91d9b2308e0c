"""Writes nf4_golden.json: weights, and what is left of them in NF4 with double quantisation and in 8 bits by row.

Written from the descriptions of QLoRA (arXiv:2305.14314, appendix E), LLM.int8 and bitsandbytes' layout; the 16 values are computed here from the
quantiles of the normal distribution. Arrays are base64 of little-endian float32. Run: python3 nf4_golden.py (needs numpy)
"""

import base64
import json
import pathlib
from statistics import NormalDist

import numpy as np

F = np.float32


def nf4():
    """8 positive and 7 negative quantiles and zero, scaled to 1."""
    offset = 0.9677083
    quantile = NormalDist().inv_cdf
    positive = [quantile(p) for p in np.linspace(offset, 0.5, 9)[:-1]]
    negative = [-quantile(p) for p in np.linspace(offset, 0.5, 8)[:-1]]
    values = np.array(sorted(positive + [0.0] + negative))
    return (values / values.max()).astype(F)


def dynamic():
    """For each of seven powers of ten the middles of 2^i even parts of 0.1 to 1, both signs, and 0 and 1."""
    values = []
    for i in range(7):
        edges = np.linspace(0.1, 1, 2 ** i + 1, dtype=F)
        middles = (edges[:-1] + edges[1:]) / F(2)
        for m in middles:
            values += [10.0 ** (i - 6) * float(m), -(10.0 ** (i - 6)) * float(m)]
    return np.array(sorted(values + [0.0, 1.0]), dtype=F)


def nearest(x, values):
    middles = (values[:-1] + values[1:]) / F(2)
    return np.searchsorted(middles, x, side="left")


def blocks(x, size):
    padded = np.zeros(-(-x.size // size) * size, dtype=F)
    padded[: x.size] = x
    return padded.reshape(-1, size)


def inverses(numerator, largest):
    return np.array([F(0) if m == 0 else F(numerator) / m for m in largest], dtype=F)


def nf4_left(w):
    values, codes = nf4(), dynamic()
    b = blocks(w.reshape(-1), 64)
    largest = np.abs(b).max(axis=1)
    quantised = nearest(b * inverses(1, largest)[:, None], values)
    offset = F(largest.astype(np.float64).mean())
    nested = blocks(largest - offset, 256)
    most = np.abs(nested).max(axis=1)
    left = codes[nearest(nested * inverses(1, most)[:, None], codes)] * most[:, None] + offset
    left = left.reshape(-1)[: largest.size].astype(F)
    return (values[quantised] * left[:, None]).reshape(-1)[: w.size].reshape(w.shape)


def int8_left(w):
    largest = np.abs(w).max(axis=1)
    scale = (largest / F(127)).astype(F)
    return np.rint(w * inverses(127, largest)[:, None]).astype(F) * scale[:, None]


def text(array):
    return base64.b64encode(array.astype("<f4").tobytes()).decode()


rng = np.random.default_rng(3)
cases = []
for name, shape, scale in [("square", (64, 64), 0.02), ("odd", (7, 33), 1.0), ("more than 256 blocks", (100, 180), 0.5), ("tiny", (1, 3), 1e-6)]:
    w = (rng.standard_normal(shape) * scale).astype(F)
    if name == "odd":
        w[2] = 0
        w[3, 4] = 30
    cases.append({"name": name, "rows": shape[0], "columns": shape[1], "weight": text(w), "nf4": text(nf4_left(w)), "int8": text(int8_left(w))})
out = pathlib.Path(__file__).with_suffix(".json")
out.write_text(json.dumps({"cases": cases}, indent=0))
print(out.stat().st_size, "bytes", nf4())
