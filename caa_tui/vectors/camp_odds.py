"""Which concepts look most like two under one name, beside the others of the corpus: an order to read them in.

Whether a concept IS two, the tests of `verdicts` say, and with few stories they mostly cannot. But a corpus is a list
of concepts, and its typical one shows how strongly one feeling makes stories agree here. Measured so, most merged
concepts come first (docs/method.md), which no single test of one concept reaches.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.agreement import Agreement, AgreementTests
from caa_tui.vectors.camps import smallest_camp

Array = NDArray[np.float64]

LEAST_TYPICAL = 0.02
"""A typical agreement under this is none; one feeling and two would look the same."""


def camp_odds(tests: AgreementTests, found: Mapping[str, Agreement]) -> dict[str, float]:
    """Concept -> log-likelihood ratio of two camps to one direction, both as strong as the corpus's median concept.

    What is seen of a concept is its agreement, the gain of its best split and the mean cosine across that split
    (`camps.best_splits`); what either truth would show are the made groups of `noise.Noise` of as many stories, taken
    as normal. Two camps are a quarter or half of the stories, whichever fits better. Concepts with fewer than three
    different texts, or with nothing to make a null from, are missing.
    """
    values = [one.value for one in found.values() if one.value is not None]
    if not values:
        return {}
    typical = max(float(median(values)), LEAST_TYPICAL)
    return {concept: ratio for concept, one in found.items() if (ratio := _log_ratio(tests, one, typical)) is not None}


def _log_ratio(tests: AgreementTests, found: Agreement, typical: float) -> float | None:
    count, split = found.texts, found.split
    if split is None or found.value is None or not tests.noise.can_make(count):
        return None
    seen = np.array([found.value, split.gain, split.across])
    one = _log_density(np.array(tests.made_nulls(count, 0, typical)), seen)
    sizes = {smallest_camp(count), count // 2}
    return max(_log_density(np.array(tests.made_nulls(count, size, typical)), seen) for size in sizes) - one


def _log_density(drawn: Array, seen: Array) -> float:
    """Of `seen` under the normal distribution with the mean and covariance of `drawn`, (numbers, draws); up to a
    constant."""
    mean, covariance = drawn.mean(axis=1), np.cov(drawn)
    # The three numbers depend on each other at few stories; a little of the trace keeps the inverse finite.
    covariance += np.eye(len(covariance)) * (1e-9 + 1e-6 * np.trace(covariance))
    off = seen - mean
    return float(-0.5 * off @ np.linalg.solve(covariance, off) - 0.5 * np.linalg.slogdet(covariance)[1])
