"""Golden values of BlockQuantiserTest: blocks by ggml's own ggml_quantize_chunk, called in its library.

    npm install node-llama-cpp          (brings llama.cpp's libraries; any other libggml-base.so does, too)
    python3 block_quantiser.py node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml-base.so > block_quantiser.json
"""

import ctypes
import json
import sys

import numpy as np

FORMATS = {"Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8, "Q4_K": 12, "Q5_K": 13, "Q6_K": 14}

ggml = ctypes.CDLL(sys.argv[1])
ggml.ggml_row_size.restype = ctypes.c_size_t
ggml.ggml_row_size.argtypes = [ctypes.c_int, ctypes.c_int64]
ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int64] * 3 + [ctypes.c_void_p]

random = np.random.default_rng(2026)
row = 512


def bfloat16(x):
    bits = x.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)


normal = random.standard_normal(row) * 0.02
outlier = random.standard_normal(row) * 0.02
outlier[[7, 300]] = [3.0, -5.0]
sparse = np.where(random.random(row) < 0.9, 0, random.standard_normal(row))
late = np.zeros(row)
late[-40:] = random.standard_normal(40)
rows = {
    "normal": normal,
    "bfloat16": bfloat16(random.standard_normal(row) * 0.05),
    "heavy tails": random.standard_t(2, row),
    "positive": random.random(row) + 0.5,
    "negative": -random.random(row) * 3 - 1,
    "outliers": outlier,
    "mostly zero": sparse,
    "zero": np.zeros(row),
    "zero but the end": late,
    "constant": np.full(row, 0.7),
    "two values": np.where(random.random(row) < 0.5, -1.0, 1.0),
    "halves": random.integers(-16, 17, row) / 2,
    "runs of different size": random.standard_normal(row) * np.repeat(10.0 ** random.integers(-6, 3, row // 16), 16),
    "small": random.standard_normal(row) * 1e-7,
    "large": random.standard_normal(row) * 3e3,
}
golden = []
for name, values in rows.items():
    x = np.ascontiguousarray(values.astype(np.float32))
    blocks = {}
    for format, number in FORMATS.items():
        out = np.zeros(ggml.ggml_row_size(number, row), np.uint8)
        ggml.ggml_quantize_chunk(number, x.ctypes.data, out.ctypes.data, 0, 1, row, None)
        blocks[format] = out.tobytes().hex()
    golden.append({"name": name, "values": x.astype("<f4").tobytes().hex(), "blocks": blocks})
json.dump(golden, sys.stdout, indent=1)
print()
