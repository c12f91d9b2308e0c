"""Reference trainer for byte-level BPE: counts every pair anew before each merge. Writes bpe_reference.json: the text, and the merges as pairs of ids.

Ids 0 to 255 are the bytes in the order of GPT-2's alphabet, 256 on the merges. The most frequent pair is merged; of equally frequent ones the one with the
lower left id, then the lower right id. Run: python3 bpe_reference.py
"""

import json
import random
import re
from collections import Counter
from pathlib import Path

# Llama 3's pattern for text whose letters are Latin and whose digits are ASCII.
L = r"[^\W\d_]"
PIECE = re.compile(
    rf"(?i:'s|'t|'re|'ve|'m|'ll|'d)|(?:[^\w\r\n]|_)?{L}+|\d{{1,3}}| ?(?:[^\w\s]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

WORDS = (
    "och att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när nu "
    "ikke jeg til og er på at hvad vil der bliver fjord båd smørrebrød kærlighed rødgrød fløde "
    "eg ikkje kva korleis frå vêr sjøen båten måndag øyane bananbanan aaaa aaaaaa ananas mississippi "
    "kommunfullmäktige bostadsförsörjning sommarstuga sommarsol solsken regnbåge 1905 2024 17 I'm it's they'll"
).split()


def text():
    rng = random.Random(5)
    lines = []
    for _ in range(300):
        words = rng.choices(WORDS, weights=[1 / (1 + i) for i in range(len(WORDS))], k=rng.randint(3, 14))
        line = rng.choice([" ", " ", " ", "  "]).join(words) + rng.choice([".", "!", "?", "...", ", ", "\n", ""])
        lines.append(rng.choice(["", "", "  ", "\t"]) + line)
    return "\n".join(lines) + "\n"


def alphabet():
    printable = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or 174 <= b]
    others = [b for b in range(256) if b not in printable]
    return {b: i for i, b in enumerate(printable + others)}


def train(sample, merges):
    ids = alphabet()
    pieces = Counter(PIECE.findall(sample))
    assert "".join(PIECE.findall(sample)) == sample
    words = [([ids[b] for b in piece.encode()], count) for piece, count in pieces.items()]
    learned = []
    for merge in range(merges):
        pairs = Counter()
        for word, count in words:
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        best = min(pairs, key=lambda pair: (-pairs[pair], pair), default=None)
        if best is None or pairs[best] < 2:
            break
        learned.append(best)
        for word, _ in words:
            i = 0
            while i + 1 < len(word):
                if (word[i], word[i + 1]) == best:
                    word[i : i + 2] = [256 + merge]
                i += 1
    return learned


sample = text()
target = Path(__file__).with_name("bpe_reference.json")
target.write_text(json.dumps({"text": sample, "merges": train(sample, 400)}, ensure_ascii=False) + "\n")
