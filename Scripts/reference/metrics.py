"""Writes Tests/DiscernTests/Fixtures/metrics.json: seeded cases with the numbers of scikit-learn, seqeval, C's printf
and a port of conlleval's algorithm. Run by hand: pip install scikit-learn seqeval; python Scripts/reference/metrics.py
"""

import json
import pathlib
import random
import warnings

import numpy
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as seqeval_lenient
from seqeval.metrics.v1 import precision_recall_fscore_support as seqeval_strict
from seqeval.scheme import IOB2
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
from sklearn.metrics import precision_recall_fscore_support as prf

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).parents[2] / "Tests/DiscernTests/Fixtures/metrics.json"


# conlleval -------------------------------------------------------------------------------------------------------


def conll_split(tag):
    mark, hyphen, kind = tag.partition("-")
    return (mark, kind) if hyphen else (tag, "")


def conll_end(before, after):
    (m1, t1), (m2, t2) = before, after
    if m1 + " " + m2 in {"B B", "B O", "I B", "I O", "E E", "E I", "E O"}:
        return True
    return (m1 not in {"O", "."} and t1 != t2) or m1 in {"[", "]"}


def conll_start(before, after):
    (m1, t1), (m2, t2) = before, after
    if m1 + " " + m2 in {"B B", "I B", "O B", "O I", "E E", "E I", "O E"}:
        return True
    return (m2 not in {"O", "."} and t1 != t2) or m2 in {"[", "]"}


def conlleval(gold, predicted):
    """Counts over one stream of tags with a boundary `O` after each sentence, then the report."""
    right, there, found = {}, {}, {}
    tokens = right_tags = 0
    inside = False
    last = last_guess = ("O", "")
    stream = []
    for g, p in zip(gold, predicted):
        stream += [(conll_split(a), conll_split(b), True) for a, b in zip(g, p)]
        stream.append((("O", ""), ("O", ""), False))
    for tag, guess, is_token in stream:
        if inside:
            e1, e2 = conll_end(last, tag), conll_end(last_guess, guess)
            if e1 and e2 and last[1] == last_guess[1]:
                inside = False
                right[last[1]] = right.get(last[1], 0) + 1
            elif e1 != e2 or tag[1] != guess[1]:
                inside = False
        s1, s2 = conll_start(last, tag), conll_start(last_guess, guess)
        if s1 and s2 and tag[1] == guess[1]:
            inside = True
        if s1:
            there[tag[1]] = there.get(tag[1], 0) + 1
        if s2:
            found[guess[1]] = found.get(guess[1], 0) + 1
        if is_token:
            tokens += 1
            right_tags += tag == guess
        last, last_guess = tag, guess
    if inside:
        right[last[1]] = right.get(last[1], 0) + 1

    def scores(c, f, g):
        p = 100 * c / f if f else 0.0
        r = 100 * c / g if g else 0.0
        return p, r, 2 * p * r / (p + r) if p + r else 0.0

    c, f, g = sum(right.values()), sum(found.values()), sum(there.values())
    report = f"processed {tokens} tokens with {g} phrases; found: {f} phrases; correct: {c}.\n"
    line = "precision: %6.2f%%; recall: %6.2f%%; FB1: %6.2f"
    if tokens:
        report += "accuracy: %6.2f%%; " % (100 * right_tags / tokens) + line % scores(c, f, g) + "\n"
    for kind in sorted(set(there) | set(found), key=lambda k: k.encode()):
        n = [d.get(kind, 0) for d in (right, found, there)]
        report += " " * (17 - len(kind.encode())) + kind + ": " + line % scores(*n) + "  %d\n" % n[1]
    return {"tokens": tokens, "correct_tags": right_tags, "report": report}


# cases -----------------------------------------------------------------------------------------------------------


def numbers(array):
    return [float(x) for x in array]


def classification_case(rng, name, count, classes, gold_from, predicted_from, agree, probabilities):
    gold = [rng.choice(gold_from) for _ in range(count)]
    predicted = [g if rng.random() < agree and g in predicted_from else rng.choice(predicted_from) for g in gold]
    everything = list(range(classes))
    case = {
        "name": name,
        "classes": classes,
        "gold": gold,
        "predicted": predicted,
        "accuracy": float(accuracy_score(gold, predicted)),
        "confusion": confusion_matrix(gold, predicted, labels=everything).tolist(),
    }
    p, r, f, s = prf(gold, predicted, labels=everything, zero_division=0)
    case["per_class"] = [[float(a), float(b), float(c), int(d)] for a, b, c, d in zip(p, r, f, s)]
    for average in ["micro", "macro", "weighted"]:
        case[average] = numbers(prf(gold, predicted, average=average, zero_division=0)[:3])
    if probabilities:
        raw = numpy.array([[rng.randint(1, 60) ** 2 for _ in everything] for _ in gold], dtype=numpy.float32)
        for row, g in enumerate(gold[:2]):
            raw[row] = 0
            raw[row, (g + row) % classes] = 1  # one certain and right, one certain and wrong
        table = (raw / raw.sum(axis=1, keepdims=True)).astype(numpy.float32)
        case["probabilities"] = [[float(x) for x in row] for row in table]
        case["log_loss"] = float(log_loss(gold, table, labels=everything))
    return case


def tagging(rng, length, types, legal):
    tags, last = [], "O"
    for _ in range(length):
        roll = rng.random()
        if roll < 0.4:
            tag = "O"
        elif roll < 0.7:
            tag = "B-" + rng.choice(types)
        elif legal:
            tag = "I-" + last[2:] if last != "O" else "O"
        else:
            tag = "I-" + rng.choice(types)
        tags.append(tag)
        last = tag
    return tags


def tag_case(rng, name, sentences, types, noise, legal=False):
    gold = [tagging(rng, rng.randint(1, 9), types, True) for _ in range(sentences)]
    predicted = [
        [t if rng.random() >= noise else rng.choice(tagging(rng, 4, types, legal)) for t in g] for g in gold
    ]
    case = {"name": name, "gold": [" ".join(g) for g in gold], "predicted": [" ".join(p) for p in predicted]}
    case["conlleval"] = conlleval(gold, predicted)
    p, r, f, s = seqeval_strict(gold, predicted, average=None, scheme=IOB2, zero_division=0)
    case["strict"] = {"per_type": [[float(a), float(b), float(c), int(d)] for a, b, c, d in zip(p, r, f, s)]}
    for average in ["micro", "macro", "weighted"]:
        case["strict"][average] = numbers(
            seqeval_strict(gold, predicted, average=average, scheme=IOB2, zero_division=0)[:3]
        )
    case["lenient"] = {}
    for average in ["micro", "macro", "weighted"]:
        case["lenient"][average] = numbers(seqeval_lenient(gold, predicted, average=average, zero_division=0)[:3])
    return case


def mark_case(rng, name, sentences, marks, types):
    def tags(n):
        picked = [rng.choice(marks) for _ in range(n)]
        return [m if m in {"O", "."} else m + "-" + rng.choice(types) for m in picked]

    gold = [tags(rng.randint(1, 8)) for _ in range(sentences)]
    predicted = [[t if rng.random() < 0.6 else tags(1)[0] for t in g] for g in gold]
    return {
        "name": name,
        "gold": [" ".join(g) for g in gold],
        "predicted": [" ".join(p) for p in predicted],
        "conlleval": conlleval(gold, predicted),
    }


def decimals(rng):
    values = [0.0, 0.005, 0.015, 0.125, 0.375, 2.675, 1.005, 33.335, 99.995, 99.994999, 100.0, 1e-9, -0.004, -12.345]
    values += [rng.random() * 10 ** rng.randint(-3, 6) for _ in range(60)]
    values += [rng.randint(0, 10**5) / 8 for _ in range(20)] + [100 * a / b for a, b in [(1, 3), (2, 3), (1, 8), (5, 7)]]
    return [[v, d, f"{v:.{d}f}"] for v in values for d in [rng.randint(0, 4)]] + [[v, 2, f"{v:.2f}"] for v in values]


def main():
    rng = random.Random(20231002)
    fixture = {
        "classification": [
            classification_case(rng, "two classes", 40, 2, [0, 1], [0, 1], 0.7, True),
            classification_case(rng, "five classes, skewed", 120, 5, [0] * 8 + [1, 2, 3, 4], [0, 1, 2, 3, 4], 0.6, True),
            classification_case(rng, "a class never predicted", 60, 4, [0, 1, 2, 3], [0, 1, 3], 0.5, False),
            classification_case(rng, "a class only predicted", 60, 4, [0, 1, 3], [0, 1, 2, 3], 0.5, False),
            classification_case(rng, "a class that does not occur", 50, 5, [0, 1, 4], [0, 1, 4], 0.5, False),
            classification_case(rng, "all right", 20, 3, [0, 1, 2], [0, 1, 2], 1.0, False),
            classification_case(rng, "all wrong", 20, 2, [0], [1], 0.0, False),
            classification_case(rng, "one example", 1, 3, [1], [1], 1.0, False),
            classification_case(rng, "many classes", 300, 30, list(range(30)), list(range(30)), 0.4, False),
        ],
        "tags": [
            tag_case(rng, "legal", 40, ["PER", "LOC", "ORG"], 0.2, legal=True),
            tag_case(rng, "illegal predictions", 60, ["PER", "LOC", "ORG"], 0.4),
            tag_case(rng, "noise", 60, ["A", "B", "C-D", "a"], 0.8),
            tag_case(rng, "one type", 30, ["X"], 0.3),
            tag_case(rng, "right", 20, ["PER", "LOC"], 0.0),
            tag_case(rng, "long type names", 20, ["a_very_long_type_name", "\u00e9t\u00e9"], 0.3),
        ],
        "marks": [
            mark_case(rng, "inside-end", 50, ["O", "I", "E"], ["X", "Y"]),
            mark_case(rng, "all marks", 80, ["O", "B", "I", "E", "S", ".", "[", "]"], ["X", "Y"]),
            mark_case(rng, "one type", 60, ["O", "B", "I", "E", "S"], ["X"]),
        ],
        "decimals": decimals(rng),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
