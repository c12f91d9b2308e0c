"""Writes fewshots_golden.json: which examples lm-evaluation-harness puts before items, by its own samplers.

    python3 fewshots_golden.py DIRECTORY_OF_LM_EVALUATION_HARNESS > fewshots_golden.json

The samplers are those of its lm_eval/api/samplers.py. Which documents they get, and when the item is left out, is ConfigurableTask.fewshot_docs and
fewshot_context of its lm_eval/api/task.py (version 0.4.13.dev0), written here again.
"""
import importlib.util
import json
import sys

spec = importlib.util.spec_from_file_location("samplers", sys.argv[1] + "/lm_eval/api/samplers.py")
samplers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(samplers)

SPLITS = {name: [{"q": f"{name} {i}", "a": str(i)} for i in range(size)] for name, size in [("tr", 40), ("va", 9), ("te", 7)]}

cases = []
for config in [
    {"training_split": "tr", "validation_split": "va", "test_split": "te"},
    {"validation_split": "va", "test_split": "te"},
    {"training_split": "tr", "validation_split": "va"},
    {"validation_split": "va"},
    {"test_split": "te"},
    {"training_split": "tr", "test_split": "te", "fewshot_split": "va"},
    {"training_split": "tr", "test_split": "te", "fewshot_split": "te"},
    {"training_split": "tr", "test_split": "te", "fewshot_split": "te", "fewshot_config": {"sampler": "first_n"}},
    {"training_split": "tr", "test_split": "te", "fewshot_config": {"sampler": "first_n"}},
    {"training_split": "tr", "test_split": "te", "fewshot_config": {"split": "va"}},
    {"training_split": "tr", "test_split": "te", "fewshot_config": {"samples": [{"q": "x", "a": "1"}, {"q": "y", "a": "2"}, {"q": "z", "a": "3"}]}},
]:
    shots = config.get("fewshot_config", {})
    split = shots.get("split", config.get("fewshot_split"))
    docs = (SPLITS[split] if split is not None else shots["samples"] if "samples" in shots
            else SPLITS[config.get("training_split") or config.get("validation_split") or config["test_split"]])
    sampler = samplers.get_sampler(shots.get("sampler", "default"))(list(docs), rnd=None)
    sampler.set_rnd(1234)
    drawn = []
    for doc in SPLITS[config.get("test_split") or config["validation_split"]]:
        drawn.append([each["q"] for each in sampler.sample(n=3, eval_doc=doc if split == config.get("test_split") else None)])
    cases.append({"config": config, "examples": drawn})
print(json.dumps({"sizes": {name: len(docs) for name, docs in SPLITS.items()}, "cases": cases}))
