"""Which rows speak for a concept and which against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import StoryRow

Indexes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Group:
    """One concept's rows. The three arrays hold row indexes in ascending order."""

    concept: str
    positives: Indexes
    """Every story of the concept; a text that stands in two files is here twice."""
    unique: Indexes
    """The first row of each different text among `positives`."""
    negatives: Indexes
    """The first row of each different text of the other concepts, then every baseline; never one of its own texts."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """All concepts with enough stories, sorted by name, over the same rows."""

    groups: tuple[Group, ...]
    text_ids: Indexes
    """(rows,): equal texts, equal numbers."""
    stories: Indexes
    """The first row of each different story text, whoever it belongs to; baselines are not here."""
    baselines: Indexes

    def positive_weights(self) -> NDArray[np.float64]:
        """(concepts, rows): row e times the activations is the mean of concept e's stories."""
        return _mean_weights((group.positives for group in self.groups), len(self.groups), len(self.text_ids))

    def negative_weights(self) -> NDArray[np.float64]:
        """(concepts, rows): row e times the activations is the mean of what concept e is compared with."""
        return _mean_weights((group.negatives for group in self.groups), len(self.groups), len(self.text_ids))

    def text_means(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """(concepts, k): of (rows, k) values, the mean of each concept's different texts."""
        return _means(values, [group.unique for group in self.groups])

    def story_means(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """(concepts, k): `positive_weights() @ values`."""
        return _means(values, [group.positives for group in self.groups])

    def negative_means(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """(concepts, k): `negative_weights() @ values`, from the sum of all texts and what no concept's negatives hold,
        which is a few rows each."""
        others = np.concatenate([self.stories, self.baselines])
        total = np.bincount(others, minlength=len(values)).astype(np.float64) @ values
        means = np.zeros((len(self.groups), values.shape[1]))
        for line, group in zip(means, self.groups, strict=True):
            apart = np.ones(len(values), dtype=np.bool_)
            apart[group.negatives] = False
            line[:] = (total - values[others[apart[others]]].sum(axis=0)) / max(len(group.negatives), 1)
        return means


def group_rows(rows: Sequence[StoryRow], *, min_positives: int = 1, concepts: Iterable[str] | None = None) -> Grouping:
    """Sort rows into positives and negatives as the reference does; but a concept's own text is never its negative.

    Concepts with fewer than `min_positives` stories get no group; their stories still are negatives of the others.
    `concepts` names the groups instead, in that order, whatever their size.
    """
    numbers: dict[str, int] = {}
    text_ids = np.array([numbers.setdefault(row.text, len(numbers)) for row in rows], dtype=np.intp)
    by_concept: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        if row.concept is not None:
            by_concept.setdefault(row.concept, []).append(index)
    stories = _first_of_each(np.array(sorted(i for own in by_concept.values() for i in own), dtype=np.intp), text_ids)
    baselines = np.array([i for i, row in enumerate(rows) if row.concept is None], dtype=np.intp)
    if concepts is None:
        concepts = sorted(concept for concept, own in by_concept.items() if len(own) >= min_positives)
    others = np.concatenate([stories, baselines])
    groups = []
    for concept in concepts:
        positives = np.array(by_concept[concept], dtype=np.intp)
        negatives = others[~np.isin(text_ids[others], text_ids[positives])]
        groups.append(Group(concept, positives, _first_of_each(positives, text_ids), negatives))
    return Grouping(tuple(groups), text_ids, stories, baselines)


def scenario_numbers(rows: Sequence[StoryRow]) -> Indexes:
    """(rows,): equal scenarios, equal numbers; -1 for none."""
    numbers: dict[str, int] = {}
    names = [-1 if row.scenario is None else numbers.setdefault(row.scenario, len(numbers)) for row in rows]
    return np.array(names, dtype=np.intp)


def _first_of_each(indexes: Indexes, text_ids: Indexes) -> Indexes:
    """Keep the first of every set of rows with the same text, in order."""
    _, first = np.unique(text_ids[indexes], return_index=True)
    return indexes[np.sort(first)]


def _means(values: NDArray[np.floating], members: Sequence[Indexes]) -> NDArray[np.float64]:
    means = np.zeros((len(members), values.shape[1]))
    for line, indexes in zip(means, members, strict=True):
        line[:] = values[indexes].mean(axis=0)
    return means


def _mean_weights(members: Iterable[Indexes], count: int, rows: int) -> NDArray[np.float64]:
    weights = np.zeros((count, rows))
    for line, indexes in zip(weights, members, strict=True):
        if len(indexes):
            line[indexes] = 1.0 / len(indexes)
    return weights
