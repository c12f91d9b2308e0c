"""Golden values of the losses of preferences: formulas of the papers in PyTorch, gradients by its autograd, in float64.

python3 preference_golden.py > preference_golden.json     (PyTorch 2.13, CPU; any that has logsigmoid will do)
"""

import json

import torch
from torch.nn.functional import logsigmoid, relu

torch.manual_seed(14)
torch.set_default_dtype(torch.float64)


def ratio(lc, lr, rc, rr):
    return (lc - rc) - (lr - rr)


def mean_ratio(lc, lr, rc, rr, nc, nr):
    return (lc - rc) / nc - (lr - rr) / nr


def log_odds(a):
    """log(p / (1 - p)) of p = exp(a)."""
    return a - torch.log(-torch.expm1(a))


# lc, lr: policy; rc, rr: reference; nc, nr: tokens; k: the loss's settings
LOSSES = {
    "sigmoid": lambda lc, lr, rc, rr, nc, nr, k:
        -(1 - k["smoothing"]) * logsigmoid(k["beta"] * ratio(lc, lr, rc, rr))
        - k["smoothing"] * logsigmoid(-k["beta"] * ratio(lc, lr, rc, rr)),
    "robust": lambda lc, lr, rc, rr, nc, nr, k:
        (-(1 - k["smoothing"]) * logsigmoid(k["beta"] * ratio(lc, lr, rc, rr))
         + k["smoothing"] * logsigmoid(-k["beta"] * ratio(lc, lr, rc, rr))) / (1 - 2 * k["smoothing"]),
    "hinge": lambda lc, lr, rc, rr, nc, nr, k: relu(1 - k["beta"] * ratio(lc, lr, rc, rr)),
    "ipo": lambda lc, lr, rc, rr, nc, nr, k: (mean_ratio(lc, lr, rc, rr, nc, nr) - 1 / (2 * k["beta"])) ** 2,
    "sigmoid_norm": lambda lc, lr, rc, rr, nc, nr, k: -logsigmoid(k["beta"] * mean_ratio(lc, lr, rc, rr, nc, nr)),
    "orpo": lambda lc, lr, rc, rr, nc, nr, k: -k["beta"] * logsigmoid(log_odds(lc / nc) - log_odds(lr / nr)),
    "simpo": lambda lc, lr, rc, rr, nc, nr, k: -logsigmoid(k["beta"] * (lc / nc - lr / nr) - k["gamma"]),
}
SETTINGS = [
    ("sigmoid", {"beta": 0.1, "smoothing": 0.0}), ("sigmoid", {"beta": 0.5, "smoothing": 0.1}),
    ("robust", {"beta": 0.1, "smoothing": 0.0}), ("robust", {"beta": 0.3, "smoothing": 0.2}),
    ("hinge", {"beta": 0.1}), ("ipo", {"beta": 0.1}), ("sigmoid_norm", {"beta": 2.0}),
    ("orpo", {"beta": 0.1}), ("simpo", {"beta": 2.0, "gamma": 0.5}),
]


def pairs():
    for _ in range(12):
        nc, nr = (int(n) for n in torch.randint(1, 200, (2,)))
        lc, lr = (-n * float(torch.rand(1)) * 3 - 1e-3 for n in (nc, nr))
        rc, rr = (l + float(torch.randn(1)) * 8 for l in (lc, lr))
        yield lc, lr, min(rc, 0.0), min(rr, 0.0), nc, nr
    yield -12.0, -12.0, -12.0, -12.0, 5, 5
    yield -1e-5, -90000.0, -50000.0, -1.0, 7, 300      # margins that would overflow an exp
    yield -90000.0, -1e-5, -1.0, -50000.0, 300, 7
    yield -1e-4, -2e-4, -3.0, -3.0, 10, 10             # answers that are nearly certain
    yield -7000.0, -6900.0, -7000.0, -6900.0, 10, 10   # a token has e^-700


def kto(l, r, wanted, kl, k):
    if wanted:
        return k["desirable"] * (1 - torch.sigmoid(k["beta"] * (l - r - kl)))
    return k["undesirable"] * (1 - torch.sigmoid(k["beta"] * (kl - (l - r))))


out = {"pairs": [], "kto": []}
for kind, settings in SETTINGS:
    for lc, lr, rc, rr, nc, nr in pairs():
        c, r = (torch.tensor(v, requires_grad=True) for v in (lc, lr))
        loss = LOSSES[kind](c, r, torch.tensor(rc), torch.tensor(rr), nc, nr, settings)
        loss.backward()
        out["pairs"].append({
            "loss_type": kind, **settings, "chosen": [lc, rc, nc], "rejected": [lr, rr, nr],
            "loss": loss.item(), "by_chosen": c.grad.item(), "by_rejected": r.grad.item()})
for settings in ({"beta": 0.1, "desirable": 1.0, "undesirable": 1.0}, {"beta": 0.5, "desirable": 0.2, "undesirable": 1.5}):
    for wanted in (True, False):
        for lc, _, rc, _, nc, _ in pairs():
            mismatched = float(torch.randn(1)) * 3
            l = torch.tensor(lc, requires_grad=True)
            kl = torch.tensor(mismatched).clamp(min=0)
            loss = kto(l, torch.tensor(rc), wanted, kl, settings)
            loss.backward()
            out["kto"].append({**settings, "wanted": wanted, "answer": [lc, rc, nc], "mismatched": mismatched,
                               "loss": loss.item(), "by_answer": l.grad.item()})
print(json.dumps(out))
