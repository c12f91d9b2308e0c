"""Compares the tensors of two GGUF files, byte by byte: python3 gguf-compare.py A.gguf B.gguf"""

import struct
import sys

WIDTH = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def tensors(file):
    data = open(file, "rb").read()
    at = 8
    count, keys = struct.unpack_from("<QQ", data, at)
    at += 16

    def text():
        nonlocal at
        (length,) = struct.unpack_from("<Q", data, at)
        at += 8 + length
        return data[at - length : at].decode()

    def skip(kind):
        nonlocal at
        if kind == 8:
            text()
        elif kind == 9:
            inner, length = struct.unpack_from("<IQ", data, at)
            at += 12
            for _ in range(length):
                skip(inner)
        else:
            at += WIDTH[kind]

    for _ in range(keys):
        text()
        (kind,) = struct.unpack_from("<I", data, at)
        at += 4
        skip(kind)
    infos = []
    for _ in range(count):
        name = text()
        (dimensions,) = struct.unpack_from("<I", data, at)
        kind, offset = struct.unpack_from("<IQ", data, at + 4 + 8 * dimensions)
        at += 16 + 8 * dimensions
        infos.append((name, kind, offset))
    start = (at + 31) // 32 * 32
    ends = [offset for _, _, offset in infos[1:]] + [len(data) - start]
    return {name: (kind, data[start + offset : start + end]) for (name, kind, offset), end in zip(infos, ends)}


a, b = (tensors(file) for file in sys.argv[1:3])
types = sum(a[name][0] != b[name][0] for name in a)
other = [name for name in a if a[name] != b[name]]
print(f"{len(a)} and {len(b)} tensors, {types} of another type, {len(other)} with other bytes", *other[:5])
sys.exit(set(a) != set(b) or bool(other))
