"""Whether the length of a story alone tells a concept from the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from caa_tui.corpus.text import count_words
from caa_tui.vectors.causes import Cause, Sign, limit, worst_first
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Group, Grouping, Indexes
from caa_tui.vectors.sentences import number

Array = NDArray[np.float64]

LEAST_SHARE = 0.75
LEAST_RATIO = 1.1
"""A concept whose stories are less than a tenth longer or shorter is not named, however sure that is."""
_GRID = 400
"""Steps from the shortest text of a stratum to the longest; scores are rounded to them, and so is their law."""
_LARGEST_LAW = 10_000_000
"""Additions for one exact law; the normal law takes over where there would be more."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Texts whose lengths may be compared: those of one scenario, or the ones that are left."""

    own: Indexes
    others: Indexes


def length_causes(rows: Sequence[StoryRow], grouping: Grouping) -> Iterator[Cause]:
    """The concepts whose length gives them away.

    Van Elteren's (1960) stratified rank sum: a story is ranked among the tellings of its own scenario, so that what a
    scenario needs to be told does not count, and ranks of scenarios of different sizes count alike. Its exact law under
    any assignment of the texts of a scenario to names, two-sided.
    """
    words = np.array([count_words(row.text) for row in rows], dtype=np.float64)
    for group in grouping.groups:
        strata = strata_of(rows, grouping, group)
        share, p = rank_test(words, strata)
        ratios = _ratios(words, strata)
        middle = float(np.median(list(ratios.values()))) if ratios else 1.0
        alike = max(share, 1 - share) < LEAST_SHARE or max(middle, 1 / max(middle, 1e-9)) < LEAST_RATIO
        if p <= limit(len(grouping.groups)) and not alike and (share > 0.5) == (middle > 1):
            yield _cause(group.concept, words, strata, ratios, share, p)


def strata_of(rows: Sequence[StoryRow], grouping: Grouping, group: Group) -> tuple[Stratum, ...]:
    """Each scenario with a text of the concept and one of another, then all others together. Baselines are taken only
    where there is no other concept, since corpora often tell every feeling longer than the neutral scene."""
    told = group.negatives[~np.isin(group.negatives, grouping.baselines)]
    others = told if len(told) else group.negatives
    by_scenario: dict[str, tuple[list[int], list[int]]] = {}
    for side, indexes in enumerate((group.unique, others)):
        for row in indexes:
            scenario = rows[row].scenario
            if scenario is not None:
                by_scenario.setdefault(scenario, ([], []))[side].append(int(row))
    strata = [Stratum(np.array(own), np.array(rest)) for own, rest in by_scenario.values() if own and rest]
    placed = np.concatenate([np.zeros(0, np.intp), *(side for one in strata for side in (one.own, one.others))])
    left = Stratum(np.setdiff1d(group.unique, placed), np.setdiff1d(others, placed))
    return (*strata, left) if len(left.own) and len(left.others) else tuple(strata)


def rank_test(values: Array, strata: Sequence[Stratum]) -> tuple[float, float]:
    """Mean over the own texts of the share of the others in their stratum that have a smaller value (ties half), and
    the two-sided p; 0.5 and 1 where there is nothing to compare."""
    if not strata:
        return 0.5, 1.0
    scores = [_scores(np.concatenate([values[one.own], values[one.others]])) for one in strata]
    sizes = [len(one.own) for one in strata]
    shares = [
        (values[one.own][:, None] > values[one.others]) + (values[one.own][:, None] == values[one.others]) / 2
        for one in strata
    ]
    share = float(np.concatenate([part.mean(axis=1) for part in shares]).mean())
    total = int(sum(int(part[:size].sum()) for part, size in zip(scores, sizes, strict=True)))
    work = sum(len(part) * size**2 * _GRID for part, size in zip(scores, sizes, strict=True))
    return share, _exact_p(scores, sizes, total) if work <= _LARGEST_LAW else _normal_p(scores, sizes, total)


def _scores(values: Array) -> NDArray[np.int64]:
    """Mid-ranks by (number + 1), on the grid."""
    below = (values[:, None] > values).sum(axis=1) + ((values[:, None] == values).sum(axis=1) + 1) / 2
    scores: NDArray[np.int64] = np.rint(below / (len(values) + 1) * _GRID).astype(np.int64)
    return scores


def _exact_p(scores: Sequence[NDArray[np.int64]], sizes: Sequence[int], total: int) -> float:
    law = np.ones(1)
    for part, size in zip(scores, sizes, strict=True):
        law = np.convolve(law, _sum_law(part, size))
    return min(1.0, 2 * float(min(law[: total + 1].sum(), law[total:].sum())))


def _sum_law(scores: NDArray[np.int64], size: int) -> Array:
    """(size * grid + 1,) probabilities of the sum of so many of the scores, drawn without replacement."""
    ways = np.zeros((size + 1, size * _GRID + 1))
    ways[0, 0] = 1.0
    for seen, score in enumerate(scores, 1):
        for drawn in range(min(size, seen), 0, -1):
            ways[drawn, score:] += ways[drawn - 1, : ways.shape[1] - score]
    law: Array = ways[size] / comb(len(scores), size)
    return law


def _normal_p(scores: Sequence[NDArray[np.int64]], sizes: Sequence[int], total: int) -> float:
    mean = sum(size * float(part.mean()) for part, size in zip(scores, sizes, strict=True))
    variance = sum(
        size * (1 - size / len(part)) * float(part.var(ddof=1)) for part, size in zip(scores, sizes, strict=True)
    )
    return 2 * NormalDist().cdf(-abs(total - mean) / variance**0.5) if variance > 0 else 1.0


def _ratios(words: Array, strata: Sequence[Stratum]) -> dict[int, float]:
    """Row -> its words by the median of the others of its stratum."""
    return {int(row): float(words[row] / max(np.median(words[one.others]), 1.0)) for one in strata for row in one.own}


def _cause(
    concept: str, words: Array, strata: Sequence[Stratum], ratios: dict[int, float], share: float, p: float
) -> Cause:
    longer = share > 0.5
    own = np.median(words[np.concatenate([one.own for one in strata])])
    others = np.median(words[np.concatenate([one.others for one in strata])])
    medians = {int(row): float(np.median(words[one.others])) for one in strata for row in one.own}
    signs = [
        Sign(row, ratio, f"has {words[row]:,.0f} words against {medians[row]:,.0f}") for row, ratio in ratios.items()
    ]
    return Cause(
        kind="length",
        concept=concept,
        share=max(share, 1 - share),
        least=LEAST_SHARE,
        p=p,
        finding=f"its stories are {'longer' if longer else 'shorter'} than those they are compared with "
        f"({own:,.0f} words against {others:,.0f}, and in {number(max(share, 1 - share))} of the pairs)",
        advice="tell them at the length of the others",
        signs=worst_first(signs) if longer else worst_first(signs)[::-1],
    )
