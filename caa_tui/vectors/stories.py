"""How a concept's stories lie: their spread, their agreement, each story against the others.

Arrays are float64, one row per story.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import Activations
from caa_tui.vectors.groups import Group, Grouping, Indexes

Array = NDArray[np.float64]

NORM_FLOOR = 1e-6
"""The reference's clamp for lengths that are divided by."""
VARIANCE_FLOOR = 1e-12
"""The reference's clamp for the total variance."""


def variance_ratios(stories: Array) -> Array:
    """Share of variance along each principal component of the centred stories, largest first.

    The reference takes singular values of the (stories, hidden) matrix; their squares are the eigenvalues of the far
    smaller Gram matrix. One story gives [1.0], as there.
    """
    if len(stories) < 2:
        return np.ones(1)
    centred = stories - stories.mean(axis=0)
    small = centred if len(centred) <= centred.shape[1] else centred.T
    variances = np.linalg.eigvalsh(small @ small.T)[::-1].clip(min=0.0)
    ratios: Array = variances / max(float(variances.sum()), VARIANCE_FLOOR)
    return ratios


def alignments(stories: Array, vector: Array) -> Array:
    """Cosine of each centred story with the unit vector; [0] for one story, as in the reference."""
    if len(stories) < 2:
        return np.zeros(1)
    centred = stories - stories.mean(axis=0)
    aligned: Array = (centred @ vector) / np.linalg.norm(centred, axis=1).clip(min=NORM_FLOOR)
    return aligned


def agreement(differences: Array) -> float | None:
    """Mean pairwise cosine of the differences; None for fewer than two.

    Unbiased in the number of stories (Braun et al. 2025, arXiv 2505.22637: directional agreement).
    """
    count = len(differences)
    if count < 2:
        return None
    units = differences / np.linalg.norm(differences, axis=1, keepdims=True).clip(min=VARIANCE_FLOOR)
    total = units.sum(axis=0)
    squares = float((units * units).sum())
    return (float(total @ total) - squares) / (count * (count - 1))


def row_cosines(left: Array, right: Array) -> Array:
    """Cosine of each row of `left` with the same row of `right`; 0 where one has no length."""
    lengths = np.linalg.norm(left, axis=-1) * np.linalg.norm(right, axis=-1)
    products = (left * right).sum(axis=-1)
    cosines: Array = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > VARIANCE_FLOOR)
    return cosines


@dataclass(frozen=True)
class LayerStories:
    """The residuals of one layer with the class sums from which any story can be left out in closed form."""

    values: Array
    """(rows, hidden)."""
    grouping: Grouping
    groups: Mapping[str, Group]

    @classmethod
    def at(cls, acts: Activations, grouping: Grouping, layer: int) -> LayerStories:
        values = np.asarray(acts.residual[layer], dtype=np.float64)
        return cls(values, grouping, {group.concept: group for group in grouping.groups})

    @cached_property
    def negative_means(self) -> dict[str, Array]:
        means = self.grouping.negative_weights() @ self.values
        return {group.concept: means[index] for index, group in enumerate(self.grouping.groups)}

    @cached_property
    def text_sums(self) -> dict[str, Array]:
        """Concept -> sum over its different texts."""
        return {concept: self.values[group.unique].sum(axis=0) for concept, group in self.groups.items()}

    @cached_property
    def gram(self) -> Array:
        """(rows, rows): inner products of the rows, centred on the mean of all different stories and baselines."""
        everything = np.concatenate([self.grouping.stories, self.grouping.baselines])
        centred = self.values - self.values[everything].mean(axis=0)
        products: Array = centred @ centred.T
        return products

    @cached_property
    def _against(self) -> tuple[Array, Array]:
        """(concepts, rows) products of the negatives' means with the rows, and (concepts,) their squared lengths."""
        weights = self.grouping.negative_weights()
        products: Array = weights @ self.gram
        return products, np.einsum("ij,ij->i", products, weights)

    def difference_products(self, concept: str) -> Array:
        """(texts, texts): inner products of the differences of the concept's different texts."""
        number, own = next(
            (number, group.unique) for number, group in enumerate(self.grouping.groups) if group.concept == concept
        )
        across, square = self._against[0][number, own], self._against[1][number]
        products: Array = self.gram[np.ix_(own, own)] - across[:, None] - across + square
        return products

    def differences(self, rows: Indexes, concept: str) -> Array:
        """(len(rows), hidden): the rows minus the mean of what the concept is compared with."""
        differences: Array = self.values[rows] - self.negative_means[concept]
        return differences

    def agreement(self, concept: str) -> float | None:
        """Mean pairwise cosine among the concept's different texts."""
        return agreement(self.differences(self.groups[concept].unique, concept))

    def directions_without(self, rows: Indexes, concept: str) -> tuple[Array, Array, NDArray[np.bool_]]:
        """The concept's positive and negative means with each row's text left out of both.

        Returns:
            Two (len(rows), hidden) arrays and a mask of the rows for which something is left on both sides.
        """
        group, values = self.groups[concept], self.values[rows]
        ids, text_ids = self.grouping.text_ids[rows], self.grouping.text_ids
        own = np.isin(ids, text_ids[group.unique]).astype(np.float64)[:, None]
        copies = (ids[:, None] == text_ids[group.negatives]).sum(axis=1).astype(np.float64)[:, None]
        positives, negatives = len(group.unique) - own, len(group.negatives) - copies
        negative_sum = self.negative_means[concept] * len(group.negatives)
        positive_means = (self.text_sums[concept] - own * values) / positives.clip(min=1.0)
        negative_means = (negative_sum - copies * values) / negatives.clip(min=1.0)
        return positive_means, negative_means, ((positives > 0) & (negatives > 0))[:, 0]

    def lean(self, rows: Indexes, concept: str) -> Array:
        """Cosine of each row's difference with the concept's direction, both without that row's text; NaN if undefined.

        For the concept's own story this is its agreement with the concept's other stories; for another concept's
        story it is how much it reads like this one.
        """
        positive, negative, defined = self.directions_without(rows, concept)
        leans = row_cosines(self.values[rows] - negative, positive - negative)
        return np.where(defined, leans, np.nan)
