"""Writes Tests/DiscernTests/Fixtures/significance.json: tests of paired answers by exact arithmetic, by full enumeration
and by numpy. Run by hand: pip install numpy scipy statsmodels; python Scripts/reference/significance.py
"""

import itertools
import json
import math
import pathlib
from fractions import Fraction

import numpy
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar

OUT = pathlib.Path(__file__).parents[2] / "Tests/DiscernTests/Fixtures/significance.json"


def mcnemar_cases():
    cases = []
    pairs = [(0, 0), (0, 1), (5, 5), (1, 9), (9, 1), (0, 20), (12, 25), (40, 61), (300, 371), (4900, 5100), (0, 1200)]
    for b, c in pairs:
        n, k = b + c, min(b, c)
        exact = min(Fraction(1), 2 * Fraction(sum(math.comb(n, i) for i in range(k + 1)), 2**n)) if n else Fraction(1)
        if n:
            assert math.isclose(exact, binomtest(b, n, 0.5).pvalue, rel_tol=1e-9, abs_tol=1e-300)
            peer = mcnemar([[10, b], [c, 10]], exact=True).pvalue
            assert math.isclose(exact, min(1, peer), rel_tol=1e-9, abs_tol=1e-300)
        cases.append({"first": b, "second": c, "p": float(exact)})
    return cases


def f1(counts):
    gold, found, correct = (sum(column) for column in zip(*counts))
    return 2 * correct / (gold + found) if gold + found else 0.0


def randomisation_case(random, sentences, advantage):
    """Counts (gold, found, correct) of two systems, and the exact probability over all swaps."""
    first, second = [], []
    for _ in range(sentences):
        gold = int(random.integers(0, 5))
        for system, skill in ((first, 0.6), (second, 0.6 + advantage)):
            correct = int(random.binomial(gold, skill))
            system.append([gold, correct + int(random.integers(0, 2)), correct])
    seen = abs(f1(second) - f1(first))
    hits = 0
    for swaps in itertools.product((False, True), repeat=sentences):
        a = [s if swap else f for f, s, swap in zip(first, second, swaps)]
        b = [f if swap else s for f, s, swap in zip(first, second, swaps)]
        hits += abs(f1(b) - f1(a)) >= seen - 1e-12
    return {"first": first, "second": second, "scores": [f1(first), f1(second)], "p": hits / 2**sentences}


def bootstrap_case(random, count, both, only_first, only_second):
    """Right and wrong answers of two systems, and the interval of 200,000 of numpy's resamples."""
    kinds = numpy.zeros(count)
    kinds[:only_first] = -1
    kinds[only_first : only_first + only_second] = 1
    n = random.multinomial(count, [only_first / count, only_second / count, 1 - (only_first + only_second) / count], 200_000)
    differences = (n[:, 1] - n[:, 0]) / count
    low, high = numpy.quantile(differences, [0.025, 0.975])
    return {
        "count": count, "both": both, "only_first": only_first, "only_second": only_second,
        "interval": [float(low), float(high)],
    }


def main():
    random = numpy.random.default_rng(2023)
    cases = {
        "mcnemar": mcnemar_cases(),
        "randomisation": [randomisation_case(random, 14, advantage) for advantage in (0, 0.15, 0.35)],
        "bootstrap": [bootstrap_case(random, *case) for case in ((500, 380, 20, 45), (200, 150, 12, 13))],
    }
    OUT.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
