"""Perplexity of the tiny Llama `plain` beside ../model/llama_golden.py, by NumPy in float64.

python3 perplexity_golden.py > perplexity_golden.json

A document is the begin token, where there is one, and one token per byte; windows of sequence_len do not overlap; all tokens
of a window but the first are predicted.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np

MODEL = Path(__file__).parent.parent / "model"
sys.path.insert(0, str(MODEL))
from llama_golden import logits  # noqa: E402

BYTES = "abcdefghijklmnopqrstuvwxyz .,\n".encode() + bytes([0xC3, 0xA5, 0xA4, 0xB6])  # ids 0, 1, ...
BOS = len(BYTES)


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    out = {}
    for name, entry in json.loads(data[8:8 + length]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            out[name] = np.frombuffer(data[8 + length + begin:8 + length + end], "<f4").reshape(entry["shape"])
    return out


def main():
    config = json.loads((MODEL / "plain" / "config.json").read_text())
    weights = read_safetensors(MODEL / "plain" / "model.safetensors")
    rng = np.random.default_rng(3)
    letters = list("abcdefghijklmnopqrstuvwxyzåäö .,\n")
    documents = ["".join(rng.choice(letters, n)) for n in (700, 3, 63, 64, 65, 1, 0, 128, 300)]
    results = []
    for bos in (True, False):
        for sequence_len in (2, 64, 600):
            nll, tokens, size = 0.0, 0, 0
            for text in documents:
                utf8 = text.encode()
                ids = [BOS] * bos + [BYTES.index(b) for b in utf8]
                size += len(utf8)
                for start in range(0, len(ids), sequence_len):
                    window = ids[start:start + sequence_len]
                    if len(window) < 2:
                        continue
                    rows = logits(config, weights, np.array(window[:-1]))
                    highest = rows.max(-1)
                    sums = highest + np.log(np.exp(rows - highest[:, None]).sum(-1))
                    nll += (sums - rows[np.arange(len(rows)), window[1:]]).sum()
                    tokens += len(rows)
            results.append({"bos": bos, "sequence_len": sequence_len, "documents": len(documents), "tokens": tokens,
                            "nll": nll / tokens, "perplexity": float(np.exp(nll / tokens)),
                            "bits_per_byte": nll / np.log(2) / size})
    print(json.dumps({"documents": documents, "results": results}, indent=1, ensure_ascii=False))


main()
