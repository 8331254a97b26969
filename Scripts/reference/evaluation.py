"""Writes Tests/DiscernTests/Fixtures/evaluation.json: seeded cases with the numbers of scikit-learn (AUC, MCC, Brier) and
scipy (temperature), and of plain loops where neither has the thing (calibration error, bootstrap, errors of spans, split
conformal quantiles). Run by hand: pip install scikit-learn scipy; python Scripts/reference/evaluation.py
"""

import json
import math
import pathlib
import random
import warnings

import numpy
from scipy.optimize import minimize, minimize_scalar
from sklearn.metrics import brier_score_loss, f1_score, log_loss, matthews_corrcoef, roc_auc_score

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).parents[2] / "Tests/DiscernTests/Fixtures/evaluation.json"


def softmax(logits):
    logits = numpy.asarray(logits, dtype=numpy.float64)
    powers = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# probabilities ---------------------------------------------------------------------------------------------------


def equal_width(confidence, right, bins):
    error = 0.0
    for b in range(bins):
        inside = [i for i, c in enumerate(confidence) if b / bins < c <= (b + 1) / bins]
        if inside:
            gap = sum(right[i] for i in inside) / len(inside) - sum(confidence[i] for i in inside) / len(inside)
            error += len(inside) / len(confidence) * abs(gap)
    return error


def equal_count(confidence, right, bins):
    order = sorted(range(len(confidence)), key=lambda i: (confidence[i], i))
    error = 0.0
    for inside in numpy.array_split(numpy.array(order), bins):
        if len(inside):
            gap = sum(right[i] for i in inside) / len(inside) - sum(confidence[i] for i in inside) / len(inside)
            error += len(inside) / len(confidence) * abs(gap)
    return error


def area_under_risk(confidence, right):
    """Mean risk over all numbers of answers; all confidences differ here."""
    order = sorted(range(len(confidence)), key=lambda i: -confidence[i])
    wrong, total = 0, 0.0
    for kept, i in enumerate(order, 1):
        wrong += not right[i]
        total += wrong / kept
    return total / len(order)


def logits_case(rng, name, count, classes, sharpness, absent=()):
    """Overconfident logits: the gold class leads, by too much. `ties` come from rounding to quarters."""
    present = [k for k in range(classes) if k not in absent]
    gold = [rng.choice(present) for _ in range(count)]
    logits = []
    for g in gold:
        row = [rng.gauss(0, 1) * sharpness for _ in range(classes)]
        row[g] += sharpness * 1.2
        logits.append([float(numpy.float32(x)) for x in row])
    return {"name": name, "classes": classes, "gold": gold, "logits": logits}


def probability_numbers(case):
    gold, classes = case["gold"], case["classes"]
    p = softmax(case["logits"])
    confidence = p.max(axis=1).tolist()
    predicted = p.argmax(axis=1).tolist()
    right = [a == b for a, b in zip(predicted, gold)]
    onehot = numpy.eye(classes)[gold]
    case["areas"] = [
        None if onehot[:, k].sum() in (0, len(gold)) else float(roc_auc_score(onehot[:, k], p[:, k]))
        for k in range(classes)
    ]
    if classes == 2:
        case["area"] = float(roc_auc_score(gold, p[:, 1]))
        case["brier"] = float(brier_score_loss(gold, p[:, 1]))
    else:
        known = [a for a in case["areas"] if a is not None]
        if len(known) == classes:
            case["area"] = float(roc_auc_score(gold, p, multi_class="ovr", average="macro"))
        else:
            case["area"] = sum(known) / len(known)
        case["brier"] = float(brier_score_loss(gold, p, labels=list(range(classes))))
    case["mcc"] = float(matthews_corrcoef(gold, predicted))
    case["log_loss"] = float(log_loss(gold, p, labels=list(range(classes))))
    case["ece"] = equal_width(confidence, right, 15)
    case["ece_adaptive"] = equal_count(confidence, right, 15)
    case["aurc"] = area_under_risk(confidence, right) if len(set(confidence)) == len(confidence) else None


def temperature_numbers(case):
    logits, gold = numpy.array(case["logits"], dtype=numpy.float64), case["gold"]

    def loss(beta):
        return float(log_loss(gold, softmax(beta * logits), labels=list(range(case["classes"]))))

    best = minimize_scalar(loss, bounds=(1 / 20, 20), method="bounded", options={"xatol": 1e-12})
    case["temperature"] = 1 / float(best.x)
    case["temperature_loss"] = float(best.fun)


def vector_numbers(case, prior, with_biases):
    """exp(s) scales around the best temperature: sum of losses + prior/2 · (Σ(s − s0)² + Σb²)."""
    logits, gold = numpy.array(case["logits"], dtype=numpy.float64), numpy.array(case["gold"])
    classes = case["classes"]
    start = -math.log(case["temperature"])

    def objective(x):
        s, b = x[:classes], x[classes:] if with_biases else numpy.zeros(classes)
        z = logits * numpy.exp(s) + b
        top = z.max(axis=1)
        logsum = top + numpy.log(numpy.exp(z - top[:, None]).sum(axis=1))
        return (logsum - z[numpy.arange(len(gold)), gold]).sum() + prior / 2 * (((s - start) ** 2).sum() + (b**2).sum())

    x = numpy.concatenate([numpy.full(classes, start), numpy.zeros(classes if with_biases else 0)])
    best = minimize(objective, x, method="BFGS", options={"gtol": 1e-9, "maxiter": 10000})
    return {
        "scales": numpy.exp(best.x[:classes]).tolist(),
        "biases": best.x[classes:].tolist(),
        "objective": float(best.fun),
    }


# Philox 4x32-10 and the bootstrap --------------------------------------------------------------------------------


class Philox:
    """Two 64-bit numbers from each block; integers below a bound by Lemire's method with rejection."""

    def __init__(self, seed, stream):
        self.key, self.stream, self.counter, self.pending = seed, stream, 0, None

    def next(self):
        if self.pending is not None:
            value, self.pending = self.pending, None
            return value
        m = 0xFFFFFFFF
        c = [self.counter & m, self.counter >> 32 & m, self.stream & m, self.stream >> 32 & m]
        k = [self.key & m, self.key >> 32 & m]
        for _ in range(10):
            a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(b >> 32) ^ c[1] ^ k[0], b & m, (a >> 32) ^ c[3] ^ k[1], a & m]
            k = [(k[0] + 0x9E3779B9) & m, (k[1] + 0xBB67AE85) & m]
        self.counter += 1
        self.pending = c[2] | c[3] << 32
        return c[0] | c[1] << 32

    def below(self, bound):
        rejected = (1 << 64) % bound
        while True:
            product = self.next() * bound
            if product & 0xFFFFFFFFFFFFFFFF >= rejected:
                return product >> 64


def bootstrap_case(case, resamples, seed):
    gold = numpy.array(case["gold"])
    predicted = softmax(case["logits"]).argmax(axis=1)
    values = []
    for b in range(resamples):
        random = Philox(seed, (3 << 32) + b)
        drawn = [random.below(len(gold)) for _ in gold]
        g, p = gold[drawn], predicted[drawn]
        values.append(
            [
                float((g == p).mean()),
                float(f1_score(g, p, average="macro", zero_division=0)),
                float(matthews_corrcoef(g, p)),
            ]
        )
    ends = numpy.quantile(numpy.array(values), [0.025, 0.975], axis=0)
    return {"case": case["name"], "resamples": resamples, "seed": seed, "low": ends[0].tolist(), "high": ends[1].tolist()}


# errors of spans -------------------------------------------------------------------------------------------------


def strict(tags):
    spans, start = [], None
    for i, tag in enumerate(tags + ["O"]):
        if start is not None and not (tag.startswith("I-") and tag[2:] == tags[start][2:]):
            spans.append((tags[start][2:], start, i))
            start = None
        if tag.startswith("B-"):
            start = i
    return spans


def span_errors(gold, predicted):
    counts = dict.fromkeys(["correct", "boundary", "type", "boundary_and_type", "missed", "spurious"], 0)
    for g, p in zip(gold, predicted):
        g, p = strict(g), strict(p)
        for span in list(p):
            same = [other for other in g if other[1:] == span[1:]]
            if same:
                counts["correct" if same[0] == span else "type"] += 1
                g.remove(same[0])
                p.remove(span)
        while True:
            pairs = [
                (a[0] != b[0], -(min(a[2], b[2]) - max(a[1], b[1])), a[1], b[1], a, b)
                for a in g
                for b in p
                if min(a[2], b[2]) > max(a[1], b[1])
            ]
            if not pairs:
                break
            other, _, _, _, a, b = min(pairs)
            counts["boundary_and_type" if other else "boundary"] += 1
            g.remove(a)
            p.remove(b)
        counts["missed"] += len(g)
        counts["spurious"] += len(p)
    return counts


def tagging(rng, length, types):
    tags = []
    while len(tags) < length:
        if rng.random() < 0.4:
            tags.append("O")
        else:
            kind = rng.choice(types)
            tags += ["B-" + kind] + ["I-" + kind] * rng.randint(0, 3)
    return tags[:length]


def spans_case(rng, sentences, types):
    gold = [tagging(rng, rng.randint(1, 14), types) for _ in range(sentences)]
    predicted = []
    for g in gold:
        noise = tagging(rng, len(g), types)
        cut = rng.randint(0, len(g))
        predicted.append(g[:cut] + noise[cut:])
    return {
        "gold": [" ".join(g) for g in gold],
        "predicted": [" ".join(p) for p in predicted],
        "errors": span_errors(gold, predicted),
    }


# abstaining and sets ---------------------------------------------------------------------------------------------


def thresholds(case, targets):
    """For each label and for all together: the smallest kept probability p with (wrong + 1)/(kept + 1) ≤ 1 − target."""
    p = softmax(case["logits"])
    predicted = p.argmax(axis=1)
    answers = [(float(p[i, k]), int(k), bool(k == g)) for i, (k, g) in enumerate(zip(predicted, case["gold"]))]

    def smallest(own, target):
        for cut in sorted({c for c, _, _ in own}):
            kept = [right for c, _, right in own if c >= cut]
            wrong = sum(not right for right in kept)
            if (wrong + 1) / (len(kept) + 1) <= 1 - target + 1e-12:
                return cut
        return None

    result = []
    for target in targets:
        labels = [smallest([a for a in answers if a[1] == k], target) for k in range(case["classes"])]
        result.append({"target": target, "all": smallest(answers, target), "labels": labels})
    return result


def conformal(case, coverages):
    p = softmax(case["logits"])
    scores = sorted(1 - float(p[i, g]) for i, g in enumerate(case["gold"]))
    n = len(scores)
    result = []
    for coverage in coverages:
        rank = math.ceil((n + 1) * coverage - 1e-9)
        result.append({"coverage": coverage, "score": scores[rank - 1] if rank <= n else None})
    return result


def main():
    rng = random.Random(20240611)
    cases = [
        logits_case(rng, "two classes", 80, 2, 3.0),
        logits_case(rng, "five classes", 150, 5, 2.5),
        logits_case(rng, "a class without examples", 60, 4, 2.0, absent=(2,)),
        logits_case(rng, "underconfident", 90, 3, 0.4),
    ]
    ties = logits_case(rng, "ties", 70, 3, 1.5)
    ties["logits"] = [[round(2 * x) / 2 for x in row] for row in ties["logits"]]
    cases.append(ties)
    for case in cases:
        probability_numbers(case)
        temperature_numbers(case)
    cases[1]["vector"] = vector_numbers(cases[1], 16, False)
    cases[3]["vector_and_biases"] = vector_numbers(cases[3], 16, True)
    cases[1]["thresholds"] = thresholds(cases[1], [0.5, 0.7, 0.8, 0.9, 0.99])
    cases[1]["conformal"] = conformal(cases[1], [0.5, 0.9, 0.95, 0.999])
    fixture = {
        "probabilities": cases,
        "bootstrap": [bootstrap_case(cases[1], 50, 7), bootstrap_case(cases[2], 50, 1 << 40)],
        "spans": [spans_case(rng, 60, ["PER", "LOC", "ORG"]), spans_case(rng, 40, ["X"])],
    }
    OUT.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
