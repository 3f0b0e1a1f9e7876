"""The estimators by their definitions, text by text, without any of the program's arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import StoryRow

Vector = NDArray[np.float64]
Points = Mapping[str, Vector]


def naive_difference(
    rows: Sequence[StoryRow], points: Points, concept: str, estimator: str, *, gone: frozenset[str] = frozenset()
) -> Vector:
    """The concept's difference before normalising, from the rows whose texts are not `gone`; each text counts once."""
    home = _homes(rows)
    kept = [row for row in rows if row.text not in gone]
    own = {row.text for row in kept if row.concept == concept}
    rest = [text for text in dict.fromkeys(row.text for row in kept if row.concept is not None) if text not in own]
    rest += [row.text for row in kept if row.concept is None and row.text not in own]
    moved = _moved(kept, points, home, estimator)
    mean = np.mean([moved[text] for text in own], axis=0)
    if estimator == "class-means":
        names = {home[text].concept for text in rest}
        means = [np.mean([moved[text] for text in rest if home[text].concept == name], axis=0) for name in names]
        return np.asarray(mean - np.mean(means, axis=0))
    return np.asarray(mean - np.mean([moved[text] for text in rest], axis=0))


def _moved(kept: Sequence[StoryRow], points: Points, home: Mapping[str, StoryRow], estimator: str) -> Points:
    texts = sorted({row.text for row in kept})
    moved = {text: points[text] for text in texts}
    if estimator in {"scenario-centred", "centred-projected"}:
        moved = {text: points[text] - _centre(text, texts, points, home) for text in texts}
    if estimator in {"neutral-projected", "centred-projected"}:
        neutral = np.array([points[text] for text in sorted({row.text for row in kept if row.concept is None})])
        for direction in _leading(neutral):
            moved = {text: value - (value @ direction) * direction for text, value in moved.items()}
    return moved


def _centre(text: str, texts: Sequence[str], points: Points, home: Mapping[str, StoryRow]) -> Vector:
    place = [other for other in texts if home[other].scenario == home[text].scenario]
    if len({home[other].concept for other in place}) < 2:
        place = list(texts)
    return np.asarray(np.mean([points[other] for other in place], axis=0))


def _leading(neutral: Vector) -> list[Vector]:
    """The fewest principal directions that hold half of the variance."""
    if len(neutral) < 2:
        return []
    _, lengths, directions = np.linalg.svd(neutral - neutral.mean(axis=0), full_matrices=False)
    found: list[Vector] = []
    while (lengths[: len(found)] ** 2).sum() < (0.5 - 1e-9) * (lengths**2).sum():
        found.append(directions[len(found)])
    return found


def _homes(rows: Sequence[StoryRow]) -> dict[str, StoryRow]:
    """Where each text stands first."""
    homes: dict[str, StoryRow] = {}
    for row in rows:
        homes.setdefault(row.text, row)
    return homes


def unpaired(rows: Sequence[StoryRow], scenarios: frozenset[str]) -> tuple[StoryRow, ...]:
    """The stories of these scenarios without their scenario, as in stories/; baselines keep theirs."""
    return tuple(
        replace(one, scenario=None) if one.scenario in scenarios and one.concept is not None else one for one in rows
    )


def told_once(rows: Sequence[StoryRow]) -> tuple[StoryRow, ...]:
    """Without the further files in which a concept repeats a text."""
    return tuple({(one.concept, one.text) if one.concept else ("", one.path): one for one in reversed(rows)}.values())[
        ::-1
    ]
