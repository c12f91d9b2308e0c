"""Golden values of the data order: an independent implementation of the keyed permutation, in Python's integers.

Six Feistel rounds over an even number of bits, cycle walking, the SplitMix64 finaliser as round function.
Run: python3 permutation_golden.py > permutation_golden.json
"""
import json

M = (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
    return z ^ (z >> 31)


def permutation(size, seed, epoch):
    half = (max(2, (size - 1).bit_length()) + 1) // 2
    mask = (1 << half) - 1
    state = mix((mix(seed & M) + epoch) & M)
    keys = []
    for _ in range(6):
        state = (state + 0x9E3779B97F4A7C15) & M
        keys.append(mix(state))

    def of(index):
        while True:
            left, right = index >> half, index & mask
            for key in keys:
                left, right = right, left ^ (mix((right + key) & M) & mask)
            index = (left << half) | right
            if index < size:
                return index

    return of


cases = []
for size, seed, epoch in [(1, 42, 0), (2, 42, 0), (7, 42, 0), (7, 42, 1), (7, -3, 0), (1000, 42, 0), (27722788, 42, 0), (27722788, 43, 5), (10**12, 7, 2)]:
    of = permutation(size, seed, epoch)
    cases.append({"size": size, "seed": seed, "epoch": epoch, "first": [of(i) for i in range(min(size, 12))], "last": of(size - 1)})
print(json.dumps(cases, indent=1))
