"""Writes block_values.json: random blocks of GGUF's formats and their values, by ggml's formulas in NumPy, whole arrays at a time.

python3 block_values.py > block_values.json
"""

import json

import numpy as np

RANDOM = np.random.default_rng(20)
F = np.float32
NL = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], F)
FP4 = np.array([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], F)


def half(b):
    return np.ascontiguousarray(b).view("<f2").astype(F)[:, :1]


def nibbles(b):  # low ones of all bytes, then high ones
    return np.concatenate([b & 15, b >> 4], axis=1)


def fifths(b):
    return np.unpackbits(b, axis=1, bitorder="little")


def q8_0(b):
    return half(b[:, :2]) * b[:, 2:].view(np.int8).astype(F)


def q4_0(b):
    return half(b[:, :2]) * (nibbles(b[:, 2:]).astype(F) - F(8))


def q4_1(b):
    return half(b[:, :2]) * nibbles(b[:, 4:]).astype(F) + half(b[:, 2:4])


def q5_0(b):
    q = nibbles(b[:, 6:]) | fifths(b[:, 2:6]) << 4
    return half(b[:, :2]) * (q.astype(F) - F(16))


def q5_1(b):
    q = nibbles(b[:, 8:]) | fifths(b[:, 4:8]) << 4
    return half(b[:, :2]) * q.astype(F) + half(b[:, 2:4])


def two_bits(b):  # 64 bytes: [half, 32] -> [half, shift, 32]
    n = len(b)
    shifts = np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1)
    return (b.reshape(n, 2, 1, 32) >> shifts & 3).reshape(n, 16, 16)


def q2_k(b):
    n = len(b)
    d, low = half(b[:, 80:82]), half(b[:, 82:84])
    scale = (d * (b[:, :16] & 15).astype(F)).reshape(n, 16, 1)
    minimum = (low * (b[:, :16] >> 4).astype(F)).reshape(n, 16, 1)
    return (scale * two_bits(b[:, 16:80]).astype(F) - minimum).reshape(n, 256)


def q3_k(b):
    n = len(b)
    low, high = b[:, 96:104], b[:, 104:108]
    s = np.concatenate([low & 15, low >> 4], axis=1)
    h = np.concatenate([high & 3, high >> 2 & 3, high >> 4 & 3, high >> 6], axis=1)
    scale = half(b[:, 108:110]) * ((s | h << 4).astype(np.int32) - 32).astype(F)
    bits = np.arange(8, dtype=np.uint8).reshape(1, 8, 1)
    third = (b[:, :32].reshape(n, 1, 32) >> bits & 1).reshape(n, 16, 16)
    q = two_bits(b[:, 32:96]).astype(F) - F(4) * (1 - third.astype(np.int32)).astype(F)
    return (scale.reshape(n, 16, 1) * q).reshape(n, 256)


def scales(s):
    first, second, third = s[:, 0:4], s[:, 4:8], s[:, 8:12]
    scale = np.concatenate([first & 63, third & 15 | first >> 6 << 4], axis=1)
    minimum = np.concatenate([second & 63, third >> 4 | second >> 6 << 4], axis=1)
    return scale.astype(F), minimum.astype(F)


def with_minimum(b, q):
    n = len(b)
    scale, minimum = scales(b[:, 4:16])
    d, m = half(b[:, :2]) * scale, half(b[:, 2:4]) * minimum
    return (d.reshape(n, 8, 1) * q.astype(F) - m.reshape(n, 8, 1)).reshape(n, 256)


def runs(b):  # 128 bytes: each 32 have two runs
    return np.concatenate([(b.reshape(-1, 4, 1, 32) & 15), (b.reshape(-1, 4, 1, 32) >> 4)], axis=2).reshape(-1, 8, 32)


def q4_k(b):
    return with_minimum(b, runs(b[:, 16:144]))


def q5_k(b):
    bits = np.arange(8, dtype=np.uint8).reshape(1, 8, 1)
    return with_minimum(b, runs(b[:, 48:176]) | (b[:, 16:48].reshape(-1, 1, 32) >> bits & 1) << 4)


def q6_k(b):
    n = len(b)
    low = b[:, :128].reshape(n, 2, 2, 32)
    low = np.concatenate([low & 15, low >> 4], axis=2)
    shifts = np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1)
    high = b[:, 128:192].reshape(n, 2, 1, 32) >> shifts & 3
    q = (low | high << 4).astype(np.int32).reshape(n, 16, 16) - 32
    scale = half(b[:, 208:210]) * b[:, 192:208].view(np.int8).astype(F)
    return (scale.reshape(n, 16, 1) * q.astype(F)).reshape(n, 256)


def iq4_nl(b):
    return half(b[:, :2]) * NL[nibbles(b[:, 2:])]


def iq4_xs(b):
    n = len(b)
    high = np.ascontiguousarray(b[:, 2:4]).view("<u2").astype(np.int32)
    low = np.stack([b[:, 4:8] & 15, b[:, 4:8] >> 4], axis=2).reshape(n, 8).astype(np.int32)
    s = low | (high >> (2 * np.arange(8)) & 3) << 4
    q = b[:, 8:].reshape(n, 8, 16)
    q = np.concatenate([q & 15, q >> 4], axis=2)
    return ((half(b[:, :2]) * (s - 32).astype(F)).reshape(n, 8, 1) * NL[q]).reshape(n, 256)


def mxfp4(b):
    with np.errstate(over="ignore"):  # to infinity, as ggml
        return np.ldexp(F(1), b[:, :1].astype(np.int32) - 128) * FP4[nibbles(b[:, 1:])]


# name: function, bytes, offsets of the f16 scales
FORMATS = {
    "Q8_0": (q8_0, 34, [0]),
    "Q4_0": (q4_0, 18, [0]),
    "Q4_1": (q4_1, 20, [0, 2]),
    "Q5_0": (q5_0, 22, [0]),
    "Q5_1": (q5_1, 24, [0, 2]),
    "Q2_K": (q2_k, 84, [80, 82]),
    "Q3_K": (q3_k, 110, [108]),
    "Q4_K": (q4_k, 144, [0, 2]),
    "Q5_K": (q5_k, 176, [0, 2]),
    "Q6_K": (q6_k, 210, [208]),
    "IQ4_NL": (iq4_nl, 18, [0]),
    "IQ4_XS": (iq4_xs, 136, [0]),
    "MXFP4": (mxfp4, 17, []),
}

# of each format's blocks: usual scales, negative ones, subnormal ones, the largest
SCALES = [0.0123, -0.37, 3e-7, 60000.0]


def blocks(name):
    _, size, halves = FORMATS[name]
    b = RANDOM.integers(0, 256, (4, size), dtype=np.uint8)
    for at in halves:
        for i, scale in enumerate(SCALES):
            b[i, at : at + 2] = np.frombuffer(np.float16(scale * RANDOM.uniform(0.7, 1)).tobytes(), np.uint8)
    if name == "MXFP4":
        b[:, 0] = [120, 0, 1, 254]
    return b


if __name__ == "__main__":
    out = {}
    for name, (values, _, _) in FORMATS.items():
        b = blocks(name)
        out[name] = {"blocks": b.tobytes().hex(), "values": values(b).astype("<f4").tobytes().hex()}
    half_values = np.arange(0, 65536, 257, dtype="<u2")
    half_values = half_values[np.isfinite(half_values.view("<f2"))]
    out["F16"] = {"blocks": half_values.tobytes().hex(), "values": half_values.view("<f2").astype("<f4").tobytes().hex()}
    out["BF16"] = {
        "blocks": half_values.tobytes().hex(),
        "values": (half_values.astype("<u4") << 16).astype("<u4").tobytes().hex(),
    }
    print(json.dumps(out, indent=1))
