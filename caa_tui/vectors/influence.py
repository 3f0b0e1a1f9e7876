"""What taking stories out of the corpus does to a number: what retraining without them gives, without retraining.

A vector is a difference of two means, so without some stories it is a combination of the old means and of the texts
taken out. Every number is then a matter of inner products, which the texts' Gram matrix holds: no step depends on the
hidden size. The rules of `groups` apply: a text that stands in two files is two positives but one negative, and what a
concept no longer tells can become its negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.directions import RIDGE_LAMBDA
from caa_tui.vectors.groups import Indexes
from caa_tui.vectors.stories import VARIANCE_FLOOR, LayerStories
from caa_tui.vectors.train import SMALLEST_DIFFERENCE

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_CHUNK_ELEMENTS = 100_000
_BLOCK = 64


@dataclass(frozen=True, slots=True)
class _Without:
    """All directions without each of k sets of s stories: `own * p - against * n + sum(shares * texts)`.

    `p` and `n` are a concept's old means. Of a text that was taken out in two files only the first place counts.
    """

    texts: Indexes
    """(k, s)."""
    own: Array
    """(k, concepts)."""
    against: Array
    """(k, concepts)."""
    shares: Array
    """(k, concepts, s)."""
    negative_shares: Array
    """(k, concepts, s): what the texts add to the new negative mean, `against * n + sum(negative_shares * texts)`."""
    trained: Mask
    """(k, concepts): the concept still has enough stories for a vector."""
    possible: Mask
    """(k,): training would not be refused, since every concept that is trained has something to compare it with."""


@dataclass(frozen=True)
class Influence:
    """The numbers of one layer without any sets of stories.

    In all methods `sets` is (k, s): row numbers of stories, s of them taken out of the corpus at a time. The answer is
    (k,), NaN where there is no number: the concept would lose its vector, or training would be refused.
    """

    rows: Sequence[StoryRow]
    layer: LayerStories
    min_positives: int = 1
    """What the vectors were trained with: a concept that falls below it loses its vector."""

    def cosine(self, concept: str, neighbour: str, sets: Indexes) -> Array:
        """Cosine of the two concepts' vectors."""
        without = self._without(sets)
        pair = np.array([self._number[concept], self._number[neighbour]])
        products, lengths = self._directions(without, pair)
        defined = without.possible & (without.trained[:, pair] & (lengths > 0)).all(axis=1)
        cosines = products[:, 0, 1] / np.where(lengths > 0, lengths, 1.0).prod(axis=1)
        return np.where(defined, cosines, np.nan)

    def r_squared(self, concept: str, sets: Indexes) -> Array:
        """Share of the concept's vector that ridge regression on all others explains (`directions.ridge`)."""
        chunk = max(1, _CHUNK_ELEMENTS // len(self._number) ** 2)
        parts = [self._r_squared(concept, sets[start : start + chunk]) for start in range(0, len(sets), chunk)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def agreement(self, concept: str, sets: Indexes) -> Array:
        """Mean pairwise cosine of the concept's different texts (`stories.agreement`); NaN for fewer than two."""
        without, index = self._without(sets), self._number[concept]
        group = self.layer.groups[concept]
        texts = self.layer.grouping.text_ids[group.unique]
        old, gained = without.against[:, index], without.negative_shares[:, index]
        to_mean = old[:, None] * self._mean_texts[1, index, texts]
        to_mean += np.einsum("ks,ksu->ku", gained, self._gram[without.texts[:, :, None], texts])
        mean_texts = self._mean_texts[1, index, without.texts]
        among = self._gram[without.texts[:, :, None], without.texts[:, None, :]]
        square = old**2 * self._mean_products[1, 1, index, index] + 2 * old * (gained * mean_texts).sum(axis=1)
        square += np.einsum("ks,kst,kt->k", gained, among, gained)
        products = self._gram[np.ix_(texts, texts)] - to_mean[:, :, None] - to_mean[:, None, :] + square[:, None, None]
        kept, lengths = self._kept(sets, index, texts), _lengths(products)
        units = np.divide(kept, lengths, out=np.zeros_like(kept), where=lengths > self._shortest)
        count = kept.sum(axis=1)
        cosines = products * units[:, :, None] * units[:, None, :]
        apart = cosines.sum(axis=(1, 2)) - np.diagonal(cosines, axis1=1, axis2=2).sum(axis=1)
        defined = without.possible & without.trained[:, index] & (count > 1)
        return np.where(defined, apart / (count * (count - 1)).clip(min=1), np.nan)

    def first_pc(self, concept: str, sets: Indexes) -> Array:
        """The reference's first-PC variance ratio (`stories.variance_ratios`); 1 for one story."""
        without, index = self._without(sets), self._number[concept]
        positives = self.layer.groups[concept].positives
        texts = self.layer.grouping.text_ids[positives]
        kept = (~(sets[:, :, None] == positives).any(axis=1)).astype(np.float64)
        count = kept.sum(axis=1)
        centring = np.eye(len(positives)) - kept[:, None, :] / count.clip(min=1.0)[:, None, None]
        centring *= kept[:, :, None]
        variances = np.linalg.eigvalsh(centring @ self._gram[np.ix_(texts, texts)] @ centring.transpose(0, 2, 1))
        ratios = variances[:, -1] / variances.clip(min=0.0).sum(axis=1).clip(min=VARIANCE_FLOOR)
        return np.where(without.possible & without.trained[:, index], np.where(count == 1, 1.0, ratios), np.nan)

    @cached_property
    def _number(self) -> dict[str, int]:
        return {group.concept: index for index, group in enumerate(self.layer.grouping.groups)}

    @cached_property
    def _owner(self) -> Indexes:
        """(rows,): number of the row's concept, -1 for baselines and concepts without a vector."""
        return np.array([-1 if row.concept is None else self._number.get(row.concept, -1) for row in self.rows])

    @cached_property
    def _counts(self) -> Array:
        """(concepts, texts): how many files of a concept hold a text."""
        ids = self.layer.grouping.text_ids
        counts = np.zeros((len(self._number), int(ids.max()) + 1))
        told = self._owner >= 0
        np.add.at(counts, (self._owner[told], ids[told]), 1.0)
        return counts

    @cached_property
    def _story_files(self) -> Indexes:
        """(texts,): how many stories of any concept, trained or not, hold a text."""
        stories = np.array([row.concept is not None for row in self.rows])
        return np.bincount(self.layer.grouping.text_ids[stories], minlength=self._counts.shape[1])

    @cached_property
    def _baselines(self) -> Indexes:
        """(texts,): how many baselines hold a text."""
        grouping = self.layer.grouping
        return np.bincount(grouping.text_ids[grouping.baselines], minlength=self._counts.shape[1])

    @cached_property
    def _negatives(self) -> Array:
        """(concepts, texts): how often a text is among what a concept is compared with."""
        counted: Array = (self._counts == 0) * ((self._story_files > 0) + self._baselines).astype(np.float64)
        return counted

    @cached_property
    def _gram(self) -> Array:
        """(texts, texts); the rows' own matrix where no text repeats, which in a large corpus is large."""
        texts, first = np.unique(self.layer.grouping.text_ids, return_index=True)
        gram: Array = self.layer.gram if len(texts) == len(self.rows) else self.layer.gram[np.ix_(first, first)]
        return gram

    @cached_property
    def _mean_weights(self) -> Array:
        """(2, concepts, texts): the positive and the negative means as weights of the texts."""
        sums = np.stack([self._counts, self._negatives])
        weights: Array = sums / sums.sum(axis=2, keepdims=True).clip(min=1.0)
        return weights

    @cached_property
    def _mean_texts(self) -> Array:
        """(2, concepts, texts): inner products of the means with the texts."""
        products: Array = self._mean_weights @ self._gram
        return products

    @cached_property
    def _mean_products(self) -> Array:
        """(2, 2, concepts, concepts): inner products of the means with each other."""
        products: Array = self._mean_texts[:, None] @ self._mean_weights[None].transpose(0, 1, 3, 2)
        return products

    @cached_property
    def _shortest(self) -> float:
        """Shorter differences are none: training refuses them, or they are the rounding of the Gram matrix."""
        return SMALLEST_DIFFERENCE * max(1.0, float(np.sqrt(np.diag(self._gram).mean())))

    def _without(self, sets: Indexes) -> _Without:
        texts = self.layer.grouping.text_ids[sets]
        same = texts[:, :, None] == texts[:, None, :]
        first = ~np.tril(same, -1).any(axis=2)[:, None, :]
        owners = self._owner[sets][:, None, :] == np.arange(len(self._number))[:, None]
        taken = owners.astype(np.float64) @ same
        left = self._counts[:, texts].transpose(1, 0, 2) - taken
        elsewhere = (self._story_files[texts] > same.sum(axis=2)) + self._baselines[texts]
        gained = first * ((left == 0) * elsewhere[:, None, :] - self._negatives[:, texts].transpose(1, 0, 2))
        lost = first * taken
        before, compared = self._counts.sum(axis=1), self._negatives.sum(axis=1)
        stories, others = before - lost.sum(axis=2), compared + gained.sum(axis=2)
        trained = stories >= max(1, self.min_positives)
        stories, divisor = stories.clip(min=1.0), others.clip(min=1.0)
        negative_shares = gained / divisor[:, :, None]
        return _Without(
            texts=texts,
            own=before / stories,
            against=compared / divisor,
            shares=-lost / stories[:, :, None] - negative_shares,
            negative_shares=negative_shares,
            trained=trained,
            possible=(~trained | (others > 0)).all(axis=1),
        )

    def _directions(self, without: _Without, concepts: Indexes) -> tuple[Array, Array]:
        """(k, c, c) inner products of the concepts' differences of means, and their (k, c) lengths, 0 if too short."""
        shares = without.shares[:, concepts]
        parts = (without.own[:, concepts], -without.against[:, concepts])
        products = np.zeros((len(shares), len(concepts), len(concepts)))
        touched = shares @ self._gram[without.texts[:, :, None], without.texts[:, None, :]] / 2
        for a, left in enumerate(parts):
            touched += left[:, :, None] * self._mean_texts[a][concepts][:, without.texts].transpose(1, 0, 2)
            for b, right in enumerate(parts):
                means = self._mean_products[a, b][np.ix_(concepts, concepts)]
                products += left[:, :, None] * means * right[:, None, :]
        mixed = touched @ shares.transpose(0, 2, 1)
        products += mixed + mixed.transpose(0, 2, 1)
        lengths = _lengths(products)
        return products, np.where(lengths < self._shortest, 0.0, lengths)

    def _r_squared(self, concept: str, sets: Indexes) -> Array:
        """With P = (G + lambda I)^-1 and w = P_i / P_ii, (G + lambda I) w = e_i / P_ii, so the residual's squared
        length w^T G w is 1 / P_ii - lambda w^T w. A concept that lost its vector is a row and a column of zeros.
        """
        without, index = self._without(sets), self._number[concept]
        products, lengths = self._directions(without, np.arange(len(self._number)))
        defined = without.possible & without.trained[:, index] & (~without.trained | (lengths > 0)).all(axis=1)
        scale = np.where(without.trained & (lengths > 0), 1.0 / np.where(lengths > 0, lengths, 1.0), 0.0)
        system = products * scale[:, :, None] * scale[:, None, :]
        diagonal = np.arange(len(self._number))
        system[:, diagonal, diagonal] += RIDGE_LAMBDA
        right = np.zeros((len(system), len(diagonal), 1))
        right[:, index] = 1.0
        solved = _solved(system, right)[:, :, 0]
        pivot = solved[:, index]
        residual = 1.0 / pivot - RIDGE_LAMBDA * ((solved / pivot[:, None]) ** 2).sum(axis=1)
        return np.where(defined, 1.0 - residual.clip(min=0.0), np.nan)

    def _kept(self, sets: Indexes, index: int, texts: Indexes) -> Array:
        """(k, texts): 1 where the concept still has the text in some file."""
        own = self._owner[sets] == index
        taken = (own[:, :, None] & (self.layer.grouping.text_ids[sets][:, :, None] == texts)).sum(axis=1)
        kept: Array = (taken < self._counts[index, texts]).astype(np.float64)
        return kept


def _solved(systems: Array, right: Array) -> Array:
    """(k, n, r) solutions of k positive definite systems, by halves.

    From a hundred rows on the linear algebra library starts threads for each small system; on a busy machine they wait
    for each other a hundred times as long as they work.
    """
    size = systems.shape[1]
    if size <= _BLOCK:
        return np.asarray(np.linalg.solve(systems, right), dtype=np.float64)
    half = size // 2
    upper = _solved(systems[:, :half, :half], np.concatenate([systems[:, :half, half:], right[:, :half]], axis=2))
    reached = systems[:, half:, :half] @ upper
    rest = size - half
    lower = _solved(systems[:, half:, half:] - reached[:, :, :rest], right[:, half:] - reached[:, :, rest:])
    return np.concatenate([upper[:, :, rest:] - upper[:, :, :rest] @ lower, lower], axis=1)


def _lengths(products: Array) -> Array:
    """(k, n) lengths of the n vectors whose (k, n, n) inner products these are."""
    lengths: Array = np.sqrt(np.diagonal(products, axis1=1, axis2=2).clip(min=0.0))
    return lengths
