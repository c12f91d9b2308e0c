"""Writes lmeval_golden.json: what lm-evaluation-harness makes of the task files in lmeval/ when a model's answers are known.

    git archive 4e7e0d4 | tar x -C HARNESS         # of EleutherAI/lm-evaluation-harness
    PYTHONPATH=HARNESS python3 lmeval_golden.py    # Python 3.11 with numpy, scikit-learn, jinja2, yaml, tqdm, more_itertools

Tasks, prompts, requests, filters, metrics, aggregation and standard errors are the harness's own code. Stood in for is only what it imports for other ends: the
datasets library by a reader of JSON lines, and the model by answers that are a function of the request: the log-likelihood of
(context, continuation) is a hash of them, see Answers here and reply() in LmEvalTest.
"""

import hashlib, importlib.machinery, importlib.metadata, json, os, sys, types

importlib.metadata.version = lambda name: "0.4.13.dev0"  # the harness is not installed

HERE = os.path.dirname(os.path.abspath(__file__))


class Split(list):
    """What the harness needs of datasets.Dataset."""

    @property
    def features(self):
        return {key: None for key in self[0]}

    def __getitem__(self, at):
        return Split(list.__getitem__(self, at)) if isinstance(at, slice) else list.__getitem__(self, at)


def load_dataset(path, name=None, data_files=None, **_):
    assert path == "json"
    read = lambda file: Split(json.loads(line) for line in open(os.path.join(HERE, "lmeval", file), encoding="utf-8"))
    return {split: read(file) for split, file in data_files.items()}


class Stub(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class Stubs:
    """Finds the stand-ins of what is imported for other ends."""

    names = {"datasets", "dill", "evaluate", "huggingface_hub", "pandas", "pytablewriter", "sacrebleu", "torch", "transformers"}

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, cls, is_package=True) if name.split(".")[0] in cls.names else None

    @staticmethod
    def create_module(spec):
        return Stub(spec.name)

    @staticmethod
    def exec_module(module):
        pass


sys.meta_path.insert(0, Stubs)
import datasets

os.environ["DISABLE_MULTIPROC"] = "1"

datasets.__version__ = "4.0.0"
datasets.load_dataset = load_dataset
datasets.DownloadMode = type("DownloadMode", (), {"REUSE_DATASET_IF_EXISTS": None})

import yaml
from lm_eval import evaluator
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager


def hashed(text):
    """0 to 1 of a text, in steps of 2^-24."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:3], "big") / 2**24


class Answers(LM):
    """Answers that depend on the request alone."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def loglikelihood(self, requests, disable_tqdm=False):
        found = []
        for request in requests:
            context, continuation = request.args
            self.seen.append([request.doc_id, request.idx, context, continuation])
            share = hashed(context + "|" + continuation)
            found.append((-40 * share, share < 0.5))
        return found

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        self.seen += [[request.doc_id, request.idx, request.args[0]] for request in requests]
        return [-10 - 90 * hashed(request.args[0]) for request in requests]

    def generate_until(self, requests, disable_tqdm=False):
        found = []
        for request in requests:
            context = request.args[0]
            self.seen.append([request.doc_id, request.idx, context, request.args[1]["until"]])
            replies = request.doc["replies"]
            found.append(replies[int(hashed(context) * len(replies))])
        return found


golden = {}
for file in sorted(os.listdir(os.path.join(HERE, "lmeval"))):
    if not file.endswith(".yaml"):
        continue
    config = yaml.safe_load(open(os.path.join(HERE, "lmeval", file), encoding="utf-8"))
    for shots in [0, 3] if config["output_type"] != "loglikelihood_rolling" else [0]:
        model = Answers()
        result = evaluator.simple_evaluate(
            model=model, tasks=[dict(config)], task_manager=TaskManager(include_defaults=False), num_fewshot=shots, bootstrap_iters=20,  # its draws are not compared
            log_samples=True,
            random_seed=0, numpy_random_seed=1234, torch_random_seed=None, fewshot_random_seed=1234, verbosity="ERROR",
        )
        name = config["task"]
        golden[f"{name} {shots}"] = {
            "results": {k: v for k, v in result["results"][name].items() if "," in k},
            "requests": model.seen,
        }
json.dump(golden, open(os.path.join(HERE, "lmeval_golden.json"), "w", encoding="utf-8"), ensure_ascii=False, indent=1)
print({k: v["results"] for k, v in golden.items()})
