"""Writes comparison_golden.json: result files as lm-evaluation-harness and EuroEval write them, and how their runs differ by NumPy and SciPy.

    python3 comparison_golden.py > comparison_golden.json

The layouts are those of lm_eval/loggers/evaluation_tracker.py (0.4.13.dev0) and of euroeval/data_models.py and eee_utils.py (18); the figures are
random.
"""
import hashlib
import json

import numpy as np
from scipy import stats

rng = np.random.default_rng(7)
TIME = "2026-11-25T10-00-00.123456"
N = 24


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def sample(doc_id, doc, target, arguments, resps, metrics):
    return {"doc_id": doc_id, "doc": doc, "target": str(target),
            "arguments": {f"gen_args_{i}": {f"arg_{j}": a for j, a in enumerate(args)} for i, args in enumerate(arguments)},
            "resps": [[r] for r in resps], "filtered_resps": resps, "filter": "none", "metrics": list(metrics),
            "doc_hash": sha(json.dumps(doc, indent=2, ensure_ascii=False)), "prompt_hash": sha(arguments[0][0]), "target_hash": sha(str(target)), **metrics}


def lm_eval(model, shots, samples, results):
    return {f"{model}/results_{TIME}.json": json.dumps({
        "results": {t: {"alias": t, **r} for t, r in results.items()},
        "group_subtasks": {t: [] for t in results},
        "configs": {t: {"task": t, "output_type": "multiple_choice"} for t in results},
        "versions": {t: 1.0 for t in results}, "n-shot": {t: shots for t in results},
        "higher_is_better": {"quiz": {"acc": True, "brier": False}, "text": {"bits_per_byte": False, "word_perplexity": False}},
        "n-samples": {t: {"original": len(s), "effective": len(s)} for t, s in samples.items()},
        "config": {"model": "hf", "model_args": {"pretrained": model}}, "model_source": "hf", "model_name": model,
    }, indent=2, ensure_ascii=False), **{
        f"{model}/samples_{t}_{TIME}.jsonl": "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in s) for t, s in samples.items()}}


def mean(x):
    return float(np.mean(x)), float(stats.sem(x))


gold = rng.integers(0, 3, N)
words = rng.integers(5, 60, N)
bytes_ = words * rng.integers(5, 8, N)
found = {"base": (np.where(rng.random(N) < 0.6, gold, rng.integers(0, 3, N)), -bytes_ * rng.gamma(40, 0.02, N), rng.random(N)),
         "checkpoint-200": None, "checkpoint-1000": None}
found["checkpoint-200"] = (np.where(rng.random(N) < 0.3, gold, found["base"][0]), found["base"][1] * rng.normal(0.97, 0.03, N), found["base"][2] * 0.9)
found["checkpoint-1000"] = (np.where(rng.random(N) < 0.3, (gold + 1) % 3, found["base"][0]), found["base"][1] * rng.normal(1.05, 0.03, N), found["base"][2] * 0.9 + 0.05 * rng.random(N))

files, values = {}, {}
for model, (answers, ll, brier) in found.items():
    quiz, text = [], []
    for i in range(N):
        context, choices = f"Fråga {i}: <b>?\nSvar:", [f"svar {c} av {i}" for c in range(3)]
        resps = [[str(-1.0 - float(c != answers[i])), "False"] for c in range(3)]
        quiz.append(sample(i, {"q": i, "choices": choices}, gold[i], [[context, " " + c] for c in choices], resps,
                           {"acc": float(answers[i] == gold[i]), "brier": float(brier[i])}))
        text.append(sample(i, {"text": f"t{i}"}, f"t{i}", [[f"t{i}"]], [str(ll[i])],
                           {"word_perplexity": [float(ll[i]), int(words[i])], "bits_per_byte": [float(ll[i]), int(bytes_[i])]}))
    acc, acc_se = mean([s["acc"] for s in quiz])
    br, br_se = mean(brier)
    values[model] = {"acc": acc, "brier": br, "bits_per_byte": float(-ll.sum() / bytes_.sum() / np.log(2)), "word_perplexity": float(np.exp(-ll.sum() / words.sum()))}
    files |= lm_eval(model, 0, {"quiz": quiz, "text": text}, {
        "quiz": {"acc,none": acc, "acc_stderr,none": acc_se, "brier,none": br, "brier_stderr,none": br_se},
        "text": {"word_perplexity,none": values[model]["word_perplexity"], "word_perplexity_stderr,none": "N/A",
                 "bits_per_byte,none": values[model]["bits_per_byte"], "bits_per_byte_stderr,none": "N/A"}})


def jackknife(of):
    left = np.array([of(np.arange(N) != i) for i in range(N)])
    return float(np.sqrt((N - 1) / N * ((left - left.mean()) ** 2).sum()))


def difference(model, metric):
    x, y = found[model], found["base"]
    if metric in ("acc", "brier"):
        a, b = ((x[0] == gold) * 1.0, (y[0] == gold) * 1.0) if metric == "acc" else (x[2], y[2])
        value, error = float((a - b).mean()), float(stats.sem(a - b))
        won, lost = int((a > b).sum()), int((a < b).sum())
        p = stats.binomtest(won, won + lost, 0.5).pvalue if metric == "acc" else stats.ttest_rel(a, b).pvalue
    else:
        def of(keep):
            if metric == "bits_per_byte":
                return (-x[1][keep].sum() + y[1][keep].sum()) / bytes_[keep].sum() / np.log(2)
            return np.exp(-x[1][keep].sum() / words[keep].sum()) - np.exp(-y[1][keep].sum() / words[keep].sum())
        value, error = float(of(np.ones(N, bool))), jackknife(of)
        p = 2 * stats.t.sf(abs(value / error), N - 1)
    half = stats.t.ppf(0.975, N - 1) * error
    return {"value": value, "stderr": error, "low": value - half, "high": value + half, "p": float(p)}


expected = {m: {metric: difference(m, metric) for metric in ("acc", "brier", "word_perplexity", "bits_per_byte")} for m in found if m != "base"}
for by_metric in expected.values():
    order = sorted(by_metric, key=lambda metric: by_metric[metric]["p"])
    highest = 0.0
    for rank, metric in enumerate(order):
        highest = max(highest, min(1.0, by_metric[metric]["p"] * (len(order) - rank)))
        by_metric[metric]["p_holm"] = highest
changed = {m: {"lost": [int(i) for i in np.nonzero((found["base"][0] == gold) & (x[0] != gold))[0]],
               "gained": [int(i) for i in np.nonzero((found["base"][0] != gold) & (x[0] == gold))[0]]} for m, x in found.items() if m != "base"}

euro, euro_expected = [], {}
for dataset, scores in {"scala-sv": (26.8, 2.07, 39.1, 3.47), "swerec": (81.12, 1.02, 80.91, 0.41)}.items():
    a, ea, b, eb = scores
    for model, value, half in (("org/first", a, ea), ("org/second", b, eb)):
        if model == "org/first":  # before version 18
            euro.append({"dataset": dataset, "task": "t", "dataset_languages": ["sv"], "model": model, "few_shot": True, "validation_split": False,
                         "results": {"raw": {}, "total": {"test_mcc": value, "test_mcc_se": half, "num_failed_instances": 0.0}},
                         "scandeval_version": "12.10.5"})
        else:
            euro.append({"schema_version": "0.2.1", "model_info": {"name": model, "id": model, "additional_details": {}},
                         "eval_library": {"name": "euroeval", "version": "18.2.0",
                                          "additional_details": {"dataset": dataset, "few_shot": "true", "validation_split": "false"}},
                         "evaluation_results": [{"evaluation_name": "test_mcc", "source_data": {"dataset_name": dataset},
                                                 "metric_config": {"lower_is_better": False},
                                                 "score_details": {"score": value, "details": {}, "uncertainty": {
                                                     "confidence_interval": {"lower": value - half, "upper": value + half, "confidence_level": 0.95}}}}]})
    error = float(np.hypot(ea, eb) / 1.96)
    euro_expected[dataset] = {"value": b - a, "stderr": error, "p": float(2 * stats.norm.sf(abs(b - a) / error))}
files["euroeval_benchmark_results.jsonl"] = "".join(json.dumps(line) + "\n" for line in euro)

print(json.dumps({"files": files, "values": values, "expected": expected, "changed": changed, "euroeval": euro_expected}, ensure_ascii=False))
