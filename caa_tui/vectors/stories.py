"""How a concept's stories lie: their spread, their agreement, each story against the others.

Arrays are float64, one row per story.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import Activations, Floats
from caa_tui.vectors.estimators import estimated_values
from caa_tui.vectors.groups import Group, Grouping, Indexes

Array = NDArray[np.float64]

NORM_FLOOR = 1e-6
"""The reference's clamp for lengths that are divided by."""
VARIANCE_FLOOR = 1e-12
"""The reference's clamp for the total variance."""
ROUNDING = 1e-12
"""Of the squared lengths it is the difference of, what is left of a squared length that is really 0."""


def variance_ratios(stories: Floats) -> Array:
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


def alignments(stories: Floats, vector: Array) -> Array:
    """Cosine of each centred story with the unit vector; [0] for one story, as in the reference."""
    if len(stories) < 2:
        return np.zeros(1)
    centred = stories - stories.mean(axis=0)
    aligned: Array = (centred @ vector) / np.linalg.norm(centred, axis=1).clip(min=NORM_FLOOR)
    return aligned


def agreement(products: Array) -> float | None:
    """Mean pairwise cosine of the differences with these (n, n) inner products; None for fewer than two.

    Unbiased in the number of stories (Braun et al. 2025, arXiv 2505.22637: directional agreement).
    """
    count = len(products)
    if count < 2:
        return None
    lengths = np.sqrt(np.diag(products).clip(min=VARIANCE_FLOOR**2))
    cosines = products / (lengths[:, None] * lengths)
    return float(cosines.sum() - np.trace(cosines)) / (count * (count - 1))


def row_cosines(left: Array, right: Array) -> Array:
    """Cosine of each row of `left` with the same row of `right`; 0 where one has no length."""
    lengths = np.linalg.norm(left, axis=-1) * np.linalg.norm(right, axis=-1)
    products = (left * right).sum(axis=-1)
    cosines: Array = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > VARIANCE_FLOOR)
    return cosines


@dataclass(frozen=True)
class LayerStories:
    """The residuals of one layer with the class sums from which any story can be left out in closed form."""

    values: Floats
    """(rows, hidden), changed as the estimator says (`estimators.estimated_values`); float32 only where cosines to six
    digits are enough."""
    grouping: Grouping
    groups: Mapping[str, Group]
    known: dict[int, Array] = field(default_factory=dict, repr=False, compare=False)
    """Layer -> `gram` of the same activations, whatever the concepts: kept where it is needed again."""
    layer: int = 0
    """Its key there."""

    @classmethod
    def at(cls, acts: Activations, grouping: Grouping, layer: int) -> LayerStories:
        values = estimated_values(acts, layer)
        groups = {group.concept: group for group in grouping.groups}
        return cls(values, grouping, groups, acts.products if layer == acts.middle_layer else {}, layer)

    @cached_property
    def negative_means(self) -> dict[str, Array]:
        return dict(zip(self.groups, self.grouping.negative_means(self.values), strict=True))

    @cached_property
    def text_sums(self) -> dict[str, Array]:
        """Concept -> sum over its different texts."""
        return {concept: self.values[group.unique].sum(axis=0) for concept, group in self.groups.items()}

    @property
    def gram(self) -> Array:
        """(rows, rows): inner products of the rows, centred on the mean of all different stories and baselines."""
        if self.layer not in self.known:
            self.known[self.layer] = self._products()
        return self.known[self.layer]

    def _products(self) -> Array:
        everything = np.concatenate([self.grouping.stories, self.grouping.baselines])
        centred = self.values - self.values[everything].mean(axis=0)
        products: Array = (centred @ centred.T).astype(np.float64, copy=False)
        return products

    @cached_property
    def number(self) -> dict[str, int]:
        """Concept -> its place among the groups."""
        return {concept: number for number, concept in enumerate(self.groups)}

    @cached_property
    def toward(self) -> Array:
        """(concepts, rows): products of the means of the concepts' different texts with the rows."""
        return self.grouping.text_means(self.gram)

    @cached_property
    def against(self) -> Array:
        """(concepts, rows): products of the negatives' means with the rows."""
        return self.grouping.negative_means(self.gram)

    @cached_property
    def mean_products(self) -> tuple[Array, Array, Array]:
        """(concepts,) each: products of a concept's two means, its texts' and its negatives': p p, p n and n n."""
        both = [(line, self.against[number]) for number, line in enumerate(self.toward)]
        groups = self.grouping.groups
        return (
            np.array([toward[group.unique].mean() for group, (toward, _) in zip(groups, both, strict=True)]),
            np.array([against[group.unique].mean() for group, (_, against) in zip(groups, both, strict=True)]),
            np.array([against[group.negatives].mean() for group, (_, against) in zip(groups, both, strict=True)]),
        )

    def difference_products(self, concept: str) -> Array:
        """(texts, texts): inner products of the differences of the concept's different texts."""
        number, own = self.number[concept], self.groups[concept].unique
        across, square = self.against[number, own], self.mean_products[2][number]
        products: Array = self.gram[np.ix_(own, own)] - across[:, None] - across + square
        return products

    def differences(self, rows: Indexes, concept: str) -> Array:
        """(len(rows), hidden): the rows minus the mean of what the concept is compared with."""
        differences: Array = self.values[rows] - self.negative_means[concept]
        return differences

    def agreement(self, concept: str) -> float | None:
        """Mean pairwise cosine among the concept's different texts."""
        return agreement(self.difference_products(concept))

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
        group, number, ids = self.groups[concept], self.number[concept], self.grouping.text_ids
        texts, others = len(group.unique), len(group.negatives)
        own = np.bincount(ids[group.unique], minlength=len(ids))[ids[rows]].astype(np.float64)
        copies = np.bincount(ids[group.negatives], minlength=len(ids))[ids[rows]].astype(np.float64)
        kept, rest = (texts - own).clip(min=1.0), (others - copies).clip(min=1.0)
        itself, toward, against = np.diag(self.gram)[rows], self.toward[number, rows], self.against[number, rows]
        p_p, p_n, n_n = (products[number] for products in self.mean_products)
        # x is the row, u the texts' mean without it, v the negatives': (texts * p - own * x) / kept, multiplied out.
        x_u, x_v = (texts * toward - own * itself) / kept, (others * against - copies * itself) / rest
        u_u = (texts**2 * p_p - 2 * texts * own * toward + own**2 * itself) / kept**2
        v_v = (others**2 * n_n - 2 * others * copies * against + copies**2 * itself) / rest**2
        u_v = texts * others * p_n - texts * copies * toward - others * own * against + own * copies * itself
        u_v /= kept * rest
        story, direction = itself - 2 * x_v + v_v, u_u - 2 * u_v + v_v
        some = (story > ROUNDING * (itself + v_v)) & (direction > ROUNDING * (u_u + v_v))
        lengths = np.sqrt((story * direction).clip(min=0.0))
        leans = np.divide(x_u - u_v - x_v + v_v, lengths, out=np.zeros_like(lengths), where=some)
        return np.where((texts > own) & (others > copies), leans, np.nan)
