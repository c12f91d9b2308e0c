"""Scores after transformers' logits processors: the semantics of its generation/logits_process.py, written again in NumPy.

python3 logits_processor_golden.py > logits_processor_golden.json

Scores are float32 as in transformers; its probabilities are float32 too, and its cumulative sums are float64 rounded to
float32. An expected score of null is negative infinity.
"""

import json

import numpy as np

f32 = np.float32


def softmax(scores):
    e = np.exp(scores.astype(np.float64) - scores.max())
    return (e / e.sum()).astype(f32)


def repetition_penalty(o, ids, s):
    for token in set(ids):
        s[token] = s[token] * f32(o) if s[token] < 0 else s[token] / f32(o)


def no_repeat_ngram_size(o, ids, s):
    grams = {}
    for i in range(len(ids) - o + 1):
        grams.setdefault(tuple(ids[i:i + o - 1]), []).append(ids[i + o - 1])
    if len(ids) + 1 >= o:
        for token in grams.get(tuple(ids[len(ids) + 1 - o:]), []):
            s[token] = -np.inf


def bad_words_ids(o, ids, s):
    for word in o:
        *before, last = word
        if not before or (len(word) <= len(ids) and ids[-len(before):] == before):
            s[last] = -np.inf


def temperature(o, ids, s):
    s /= f32(o)


def top_k(o, ids, s):
    s[s < np.sort(s)[-min(o, len(s))]] = -np.inf


def top_p(o, ids, s):
    order = np.argsort(s, kind="stable")
    cumulative = np.cumsum(softmax(s)[order].astype(np.float64)).astype(f32)
    drop = cumulative <= f32(1 - o)
    drop[-1] = False
    s[order[drop]] = -np.inf


def min_p(o, ids, s):
    p = softmax(s)
    s[p < f32(o) * p.max()] = -np.inf


def typical_p(o, ids, s):
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = (s.astype(np.float64) - s.max())
        logs = (logs - np.log(np.exp(logs).sum())).astype(f32)
        p = np.exp(logs)
        entropy = f32(-np.nansum(logs * p))
        shifted = np.abs(-logs - entropy)
    order = np.argsort(shifted, kind="stable")
    cumulative = np.cumsum(softmax(s)[order].astype(np.float64)).astype(f32)
    last = min((cumulative < f32(o)).sum(), len(s) - 1)
    s[shifted > shifted[order[last]]] = -np.inf


def process(options, prompt_tokens, ids, scores):
    """In the order of transformers' _get_logits_processor."""
    s = np.array(scores, f32)
    get = options.get
    if get("repetition_penalty", 1.0) != 1.0:
        repetition_penalty(options["repetition_penalty"], ids, s)
    if get("no_repeat_ngram_size", 0) > 0:
        no_repeat_ngram_size(options["no_repeat_ngram_size"], ids, s)
    eos = get("eos_token_id", [])
    eos = [eos] if isinstance(eos, int) else eos
    words = [w for w in get("bad_words_ids", []) if w not in [[e] for e in eos]]  # end tokens are not bad words
    bad_words_ids(words, ids, s)
    min_length = get("min_length", 0)
    if "min_new_tokens" in options:
        min_length = options["min_new_tokens"] + prompt_tokens
    if len(ids) < min_length:
        s[eos] = -np.inf
    if get("do_sample", False):
        if get("temperature", 1.0) != 1.0:
            temperature(options["temperature"], ids, s)
        if get("top_k", 50) != 0:
            top_k(get("top_k", 50), ids, s)
        if get("top_p", 1.0) < 1.0:
            top_p(options["top_p"], ids, s)
        if get("min_p") is not None:
            min_p(options["min_p"], ids, s)
        if get("typical_p", 1.0) < 1.0:
            typical_p(options["typical_p"], ids, s)
    return s


def main():
    rng = np.random.default_rng(7)
    on = {"do_sample": True}
    ids = [3, 9, 3, 9, 4, 3, 9]
    cases = [
        # option by option
        ({}, 11), ({"repetition_penalty": 1.03}, 11), ({"repetition_penalty": 2.5}, 11), ({"repetition_penalty": 0.5}, 11),
        ({"no_repeat_ngram_size": 1}, 11), ({"no_repeat_ngram_size": 2}, 11), ({"no_repeat_ngram_size": 3}, 11),
        ({"no_repeat_ngram_size": 7}, 11), ({"no_repeat_ngram_size": 8}, 11), ({"no_repeat_ngram_size": 20}, 11),
        ({"bad_words_ids": [[5], [9, 6], [3, 9, 7], [4, 9, 8]]}, 11),
        ({"bad_words_ids": [[3, 9, 3, 9, 4, 3, 9, 10], [9, 3, 9, 4, 3, 9, 1]]}, 11),
        ({"bad_words_ids": [[2], [5]], "eos_token_id": 2}, 11),
        ({"min_length": 8, "eos_token_id": [2, 7]}, 11), ({"min_length": 7, "eos_token_id": [2, 7]}, 11),
        ({"min_new_tokens": 4, "eos_token_id": 2}, 11), ({"min_new_tokens": 3, "eos_token_id": 2}, 11),
        ({"min_new_tokens": 1, "min_length": 30, "eos_token_id": 2}, 11),
        ({**on, "temperature": 0.6}, 11), ({**on, "temperature": 1e-3}, 11), ({**on, "temperature": 40.0}, 11),
        ({"temperature": 0.6, "top_k": 2, "top_p": 0.5, "min_p": 0.5}, 11),  # greedy: none of them
        ({**on}, 80), ({**on, "top_k": 0}, 80), ({**on, "top_k": 1}, 80), ({**on, "top_k": 79}, 80),
        ({**on, "top_k": 500}, 80),
        ({**on, "top_k": 0, "top_p": 0.9}, 80), ({**on, "top_k": 0, "top_p": 0.01}, 80), ({**on, "top_k": 0, "top_p": 0.0}, 80),
        ({**on, "top_k": 0, "top_p": 0.999}, 80),
        ({**on, "top_k": 0, "min_p": 0.1}, 80), ({**on, "top_k": 0, "min_p": 1.0}, 80), ({**on, "top_k": 0, "min_p": 0.0}, 80),
        # the card's example, and everything at once, where order shows
        ({**on, "temperature": 0.6, "top_p": 0.9, "repetition_penalty": 1.03}, 120),
        ({**on, "temperature": 1.8, "top_k": 20, "top_p": 0.85, "min_p": 0.05, "repetition_penalty": 1.3,
          "no_repeat_ngram_size": 2, "bad_words_ids": [[11], [9, 12]], "min_length": 9, "eos_token_id": [0, 1]}, 60),
        ({**on, "temperature": 0.4, "top_k": 7, "top_p": 0.6, "min_p": 0.2, "repetition_penalty": 0.7,
          "no_repeat_ngram_size": 3, "min_new_tokens": 6, "eos_token_id": [5]}, 60),
    ]
    # later additions, so that the numbers drawn for the others stay what they are
    cases += [
        ({**on, "top_k": 0, "typical_p": 0.9}, 80), ({**on, "top_k": 0, "typical_p": 0.2}, 80), ({**on, "top_k": 0, "typical_p": 0.001}, 80),
        ({**on, "top_k": 12, "top_p": 0.9, "typical_p": 0.5}, 80), ({"typical_p": 0.2}, 20), ({**on, "top_k": 0, "typical_p": 1.0}, 20),
    ]
    out = []
    for options, vocab in cases:
        scores = [round(float(v), 4) for v in rng.normal(0, 2, vocab)]
        out.append((options, scores))
    for options, scores in (  # ties
            ({**on, "top_k": 2}, [1.0, 3.0, 2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            ({**on, "top_k": 0, "top_p": 0.5}, [0.0] * 10),
            ({**on, "top_k": 0, "top_p": 0.0}, [0.0] * 49),
            ({**on, "top_k": 0, "min_p": 1.0}, [2.0, 2.0, 1.0] + [0.0] * 7)):
        out.append((options, scores))
    result = []
    for options, scores in out:
        expected = process(options, 4, ids, scores)
        result.append({"options": options, "ids": ids, "prompt_tokens": 4, "scores": scores,
                       "expected": [None if v == -np.inf else round(float(v), 6) for v in expected]})
    print("[" + ",\n".join(json.dumps(case) for case in result) + "]")


main()
