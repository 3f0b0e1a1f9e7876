"""Whether the length of a story alone tells a concept from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from caa_tui.corpus.text import count_words
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Group, Grouping

FALSE_ALARMS = 0.05
"""Chance that any concept of a corpus is named although lengths have nothing to do with concepts."""


@dataclass(frozen=True, slots=True)
class LengthBias:
    """A concept whose different texts are longer or shorter than what it is compared with."""

    concept: str
    auroc: float
    """Share of (story, negative) pairs in which the story has more words; ties count half. 0.5: no difference."""
    words: float
    """Median number of words of its texts, and of the negatives."""
    negative_words: float


def length_biases(rows: Sequence[StoryRow], grouping: Grouping) -> tuple[LengthBias, ...]:
    """The concepts whose length gives them away, the clearest first.

    Mann and Whitney's U (1947) with the normal approximation corrected for ties (Lehmann 1975, Nonparametrics),
    two-sided, at a level of `FALSE_ALARMS` divided by the number of concepts (Bonferroni).
    """
    lengths = np.array([count_words(row.text) for row in rows], dtype=np.float64)
    limit = NormalDist().inv_cdf(1 - FALSE_ALARMS / (2 * max(1, len(grouping.groups))))
    found = [(abs(z), bias) for group in grouping.groups for z, bias in [_bias(lengths, group)] if abs(z) > limit]
    return tuple(bias for _, bias in sorted(found, key=lambda one: (-one[0], one[1].concept)))


def _bias(lengths: NDArray[np.float64], group: Group) -> tuple[float, LengthBias]:
    """The standard score of U and what it is about; 0 where all lengths are equal or a side is empty."""
    own, rest = lengths[group.unique], lengths[group.negatives]
    if not len(own) or not len(rest):
        return 0.0, LengthBias(group.concept, 0.5, 0.0, 0.0)
    auroc = float((own[:, None] > rest).mean() + (own[:, None] == rest).mean() / 2)
    total = len(own) + len(rest)
    _, ties = np.unique(np.concatenate([own, rest]), return_counts=True)
    tied = float((ties.astype(np.float64) ** 3 - ties).sum()) / (total * (total - 1)) if total > 1 else 0.0
    variance = (total + 1 - tied) / (12 * len(own) * len(rest))
    score = (auroc - 0.5) / variance**0.5 if variance > 0 else 0.0
    return score, LengthBias(group.concept, auroc, float(np.median(own)), float(np.median(rest)))
