"""Writes Tests/DiscernTests/Fixtures/tasks.json: losses and their gradients by torch's autograd in float64, metrics of
scikit-learn and scipy, and pairs of texts as Hugging Face's tokenizers encode them.

    pip install torch scikit-learn scipy tokenizers
    python Scripts/reference/tasks.py
"""

import itertools
import json
import pathlib
import warnings

import numpy
import torch
import torch.nn.functional as F
from scipy.stats import pearsonr, spearmanr
from sklearn import metrics
from tokenizers import Tokenizer

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
ROOT = pathlib.Path(__file__).parents[2]
OUT = ROOT / "Tests/DiscernTests/Fixtures/tasks.json"


def rounded(values):
    """Values that float32 holds exactly, so that both sides compute with the same ones."""
    return values.to(torch.float32).to(torch.float64)


def flat(values):
    return [float(v) for v in values.reshape(-1)]


def graded(name, kind, loss, logits, **facts):
    loss.backward()
    return {"name": name, "kind": kind, "rows": logits.shape[0], "classes": logits.shape[1],
            "logits": flat(logits.detach()), "loss": float(loss), "gradient": flat(logits.grad), **facts}


def class_losses(generator):
    rows, classes = 5, 4
    labels = torch.tensor([0, 3, 2, 2, 1])
    weights = rounded(torch.tensor([0.5, 2.0, 1.0, 3.25]))
    for name, weight, smoothing, gamma in [
        ("weights", weights, 0.0, 0.0), ("smoothing", None, 0.1, 0.0), ("weights and smoothing", weights, 0.25, 0.0),
        ("focal", None, 0.0, 2.0), ("weights and focal", weights, 0.0, 0.5),
    ]:
        logits = rounded(3 * torch.randn(rows, classes, generator=generator)).requires_grad_()
        if gamma:
            logp = F.log_softmax(logits, 1).gather(1, labels[:, None])[:, 0]
            w = weight[labels] if weight is not None else torch.ones(rows)
            loss = -(w * (1 - logp.exp()) ** gamma * logp).sum() / w.sum()
        else:
            loss = F.cross_entropy(logits, labels, weight=weight, label_smoothing=smoothing)
        yield graded(name, "classes", loss, logits, labels=labels.tolist(), smoothing=smoothing, gamma=gamma,
                     weights=flat(weight) if weight is not None else [])


def label_losses(generator):
    rows, classes = 4, 3
    targets = torch.tensor([[1, 0, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]], dtype=torch.float64)
    weights = rounded(torch.tensor([0.5, 4.0, 1.5]))
    for name, weight, smoothing, gamma in [
        ("plain", None, 0.0, 0.0), ("weights", weights, 0.0, 0.0), ("smoothing", None, 0.2, 0.0),
        ("focal", None, 0.0, 2.0), ("weights and focal", weights, 0.0, 1.5),
    ]:
        logits = rounded(4 * torch.randn(rows, classes, generator=generator)).requires_grad_()
        if gamma:
            p = logits.sigmoid()
            w = weight if weight is not None else torch.ones(classes)
            loss = -(w * targets * (1 - p) ** gamma * F.logsigmoid(logits)
                     + (1 - targets) * p ** gamma * F.logsigmoid(-logits)).mean()
        else:
            smoothed = targets * (1 - smoothing) + smoothing / 2
            loss = F.binary_cross_entropy_with_logits(logits, smoothed, pos_weight=weight)
        yield graded(name, "binary", loss, logits, targets=flat(targets), smoothing=smoothing, gamma=gamma,
                     weights=flat(weight) if weight is not None else [])


def squares(generator):
    logits = rounded(torch.randn(4, 2, generator=generator)).requires_grad_()
    targets = rounded(torch.randn(4, 2, generator=generator))
    yield graded("mean squared error", "squares", F.mse_loss(logits, targets), logits, targets=flat(targets),
                 smoothing=0, gamma=0, weights=[])


def path_score(logits, transitions, path):
    """Rows of transitions: from each tag, then from the start, then to the end (by the last tag)."""
    classes = logits.shape[1]
    score = transitions[classes, path[0]] + transitions[classes + 1, path[-1]]
    score = score + sum(logits[i, tag] for i, tag in enumerate(path))
    return score + sum(transitions[a, b] for a, b in zip(path, path[1:]))


def chains(generator):
    """A linear-chain CRF by listing every path: loss per word, gradients, the best path and the marginals."""
    for lengths, classes in [([1], 3), ([4, 1, 3], 3), ([5, 2], 4)]:
        logits = rounded(2 * torch.randn(sum(lengths), classes, generator=generator)).requires_grad_()
        transitions = rounded(torch.randn(classes + 2, classes, generator=generator)).requires_grad_()
        labels = torch.randint(classes, (sum(lengths),), generator=generator).tolist()
        loss, first, best, marginals = 0, 0, [], []
        for length in lengths:
            rows = logits[first : first + length]
            paths = list(itertools.product(range(classes), repeat=length))
            scores = torch.stack([path_score(rows, transitions, path) for path in paths])
            loss = loss + scores.logsumexp(0) - path_score(rows, transitions, labels[first : first + length])
            best += paths[int(scores.argmax())]
            p = scores.detach().softmax(0)
            marginals += [[float(sum(p[n] for n, path in enumerate(paths) if path[i] == tag)) for tag in range(classes)]
                          for i in range(length)]
            first += length
        loss = loss / sum(lengths)
        loss.backward()
        yield {"lengths": lengths, "classes": classes, "labels": labels, "logits": flat(logits.detach()),
               "transitions": flat(transitions.detach()), "loss": float(loss), "gradient": flat(logits.grad),
               "transitions_gradient": flat(transitions.grad), "best": list(best), "marginals": marginals}


def label_metrics(rng, name, rows, classes, gold_rate, noise):
    gold = rng.random((rows, classes)) < gold_rate
    predicted = gold ^ (rng.random((rows, classes)) < noise)
    case = {"name": name, "gold": gold.astype(int).tolist(), "predicted": predicted.astype(int).tolist(),
            "accuracy": float(metrics.accuracy_score(gold, predicted)),
            "hamming_loss": float(metrics.hamming_loss(gold, predicted))}
    for average in ["micro", "macro", "weighted", "samples"]:
        scores = metrics.precision_recall_fscore_support(gold, predicted, average=average, zero_division=0)
        case[average] = [float(s) for s in scores[:3]]
    scores = metrics.precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
    case["per_class"] = [[float(v) for v in row] for row in zip(*scores)]
    return case


def number_metrics(rng, name, gold, predicted):
    return {"name": name, "gold": gold.tolist(), "predicted": predicted.tolist(),
            "mse": float(metrics.mean_squared_error(gold, predicted)),
            "mae": float(metrics.mean_absolute_error(gold, predicted)), "r2": float(metrics.r2_score(gold, predicted)),
            "pearson": float(pearsonr(gold, predicted)[0]), "spearman": float(spearmanr(gold, predicted)[0])}


def pairs():
    tokenizer = Tokenizer.from_file(str(ROOT / "Tests/Fixtures/stories260K/tokenizer.json"))
    texts = [("The dog ran.", "It was happy."), ("", "Only b"), ("Only a", ""), ("", ""),
             ("One day a little girl went to the park with her mother and her big dog.", "Sun."),
             ("Sun.", "One day a little girl went to the park with her mother and her big dog."),
             ("A little bird sat on a tree and sang.", "A big cat looked at it for a long time.")]
    for first, second in texts:
        for limit in [4, 7, 12, 512]:
            tokenizer.enable_truncation(limit, strategy="longest_first")
            yield {"first": first, "second": second, "limit": limit, "ids": tokenizer.encode(first, second).ids}


def main():
    generator = torch.Generator().manual_seed(20240601)
    rng = numpy.random.default_rng(20240601)
    steps = rng.integers(0, 6, 40).astype(float)
    fixture = {
        "losses": [*class_losses(generator), *label_losses(generator), *squares(generator)],
        "chains": list(chains(generator)),
        "labels": [
            label_metrics(rng, "three labels", 40, 3, 0.4, 0.2), label_metrics(rng, "rare labels", 60, 6, 0.05, 0.05),
            label_metrics(rng, "right", 10, 4, 0.5, 0), label_metrics(rng, "one label", 12, 2, 0.5, 0.5),
        ],
        "numbers": [
            number_metrics(rng, "close", steps, steps + rng.normal(0, 0.5, 40)),
            number_metrics(rng, "ties", steps, numpy.round(steps / 2 + rng.normal(0, 1, 40))),
            number_metrics(rng, "opposite", steps[:5], -steps[:5]),
        ],
        "pairs": list(pairs()),
    }
    OUT.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
