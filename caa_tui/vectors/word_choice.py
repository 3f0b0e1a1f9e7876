"""Whether the words of a concept's stories tell it apart as well as the activations do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, stdtrit

from caa_tui.vectors.causes import Cause, Sign, limit, worst_first
from caa_tui.vectors.chance import group_shares, held_out_shares, random_groups
from caa_tui.vectors.groups import Group
from caa_tui.vectors.sentences import number
from caa_tui.vectors.stories import LayerStories

Array = NDArray[np.float64]

LEAST_SCORE = 0.75
AS_WELL = 0.1
"""Words tell a concept apart as well when a model that is better by so much is excluded at 5 %."""
_DRAWS = 300


def word_causes(layer: LayerStories, words: LayerStories) -> Iterator[Cause]:
    """Concepts whose held-out score by words is at least that of the activations and `LEAST_SCORE`, above chance for as
    many stories, and as good story by story.

    Chance: a beta law with the mean and variance of the score of random groups of as many story texts, since the score
    lies between 0 and 1 and spreads by .17 at five stories. Story by story: the lower 95 % limit of the mean difference
    of the stories' shares, by Student's t, is above `-AS_WELL`.

    Args:
        layer: the activations.
        words: `word_stories` of the same rows.
    """
    by_words, by_model = held_out_shares(words), held_out_shares(layer)
    laws: dict[int, tuple[float, float]] = {}
    for group in words.grouping.groups:
        told, model = by_words[group.concept], by_model[group.concept]
        if told is None or model is None or told.mean() < max(LEAST_SCORE, model.mean()):
            continue
        size = len(group.unique)
        if size >= len(words.grouping.stories) or not _as_well(told - model):
            continue
        if size not in laws:
            laws[size] = _chance_law(words, size)
        p = _upper_p(laws[size], float(told.mean()))
        if p <= limit(len(words.grouping.groups)):
            yield _cause(group, told, float(model.mean()), p)


def _as_well(gains: Array) -> bool:
    error = float(gains.std(ddof=1)) / len(gains) ** 0.5
    lowest: float = float(gains.mean()) - float(stdtrit(len(gains) - 1, 0.95)) * error
    return lowest > -AS_WELL


def _chance_law(words: LayerStories, size: int) -> tuple[float, float]:
    """Mean and variance of the score of random groups."""
    grouping = words.grouping
    everything = np.concatenate([grouping.stories, grouping.baselines])
    ids, toward = grouping.text_ids, words.gram[:, everything].sum(axis=1)
    scores = np.zeros(_DRAWS)
    for place, own in enumerate(random_groups(grouping.stories, size, _DRAWS)):
        rest = everything[~np.isin(ids[everything], ids[own])]
        copies = np.bincount(ids[rest])[ids[rest]]
        against = toward - words.gram[:, np.setdiff1d(everything, rest)].sum(axis=1)
        scores[place] = group_shares(words.gram, against, Group("", own, own, rest), copies).mean()
    return float(scores.mean()), float(scores.var(ddof=1))


def _upper_p(law: tuple[float, float], score: float) -> float:
    """Of the beta law with this mean and variance."""
    mean, variance = law
    spread = mean * (1 - mean)
    if not 0 < variance < spread:
        return 1.0
    weight = spread / variance - 1
    return float(betainc((1 - mean) * weight, mean * weight, 1 - score))


def _cause(group: Group, told: Array, model: float, p: float) -> Cause:
    score = float(told.mean())
    signs = [
        Sign(int(row), float(share), f"its words alone tell it from {number(float(share))} of the other texts")
        for row, share in zip(group.unique, told, strict=True)
    ]
    return Cause(
        kind="words",
        concept=group.concept,
        share=score,
        least=LEAST_SCORE,
        p=p,
        finding=f"held out, the words alone tell it apart as well ({number(score)}) as the model does "
        f"({number(model)})",
        advice="tell some of its stories in other words",
        signs=worst_first(signs),
    )
