"""Each story against all concepts, held out: is it recognised, and if not, what does it look like?

Nothing here lets a story vote for itself; all of it comes from the layer's (rows x rows) inner products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Indexes
from caa_tui.vectors.stories import LayerStories

Array = NDArray[np.float64]

ROUNDING = 1e-12
"""Of the squared lengths it is the difference of, what is left of a squared length that is really 0."""
FEWEST_FREEDOM = 8
"""Stories beyond one per concept that the spread along a direction has to be known from."""


@dataclass(frozen=True, slots=True)
class StoryScore:
    """One story of a concept."""

    row: int
    own: float | None
    """Cosine of its difference with the direction of the concept's other texts; None where there are none."""
    rank: int | None
    """Place of its own concept among all concepts, 1 is best."""
    looks_like: str | None
    """The other concept it lies closest to."""
    margin: float | None
    """`own` minus the same for `looks_like`; below 0 it is closer to the other concept."""
    p: float | None
    """How often a story that belongs to its concept lies, by chance, so much further along one of the other concepts
    than its siblings do; corrected for all concepts, not for the number of stories. None where it cannot be known."""


@dataclass(frozen=True)
class HeldOut:
    """The held-out numbers of one layer."""

    layer: LayerStories
    rows: Sequence[StoryRow]

    @cached_property
    def concepts(self) -> tuple[str, ...]:
        return tuple(group.concept for group in self.layer.grouping.groups)

    @cached_property
    def members(self) -> tuple[Indexes, Indexes]:
        """Every concept's different texts, one after the other: (stories,) row indexes and concept numbers."""
        groups = self.layer.grouping.groups
        owners = np.repeat(np.arange(len(groups)), [len(group.unique) for group in groups])
        return np.concatenate([group.unique for group in groups]), owners

    @cached_property
    def leans(self) -> Array:
        """(stories, concepts): `LayerStories.lean` of every member to every concept, in closed form; NaN where nothing
        is left on a side."""
        stories = self.members[0]
        gram, grouping = self.layer.gram, self.layer.grouping
        ids = grouping.text_ids
        toward, against = self._unique_weights, grouping.negative_weights()
        sizes = np.array([len(group.unique) for group in grouping.groups], dtype=np.float64)
        rests = np.array([len(group.negatives) for group in grouping.groups], dtype=np.float64)
        texts = (ids[stories][:, None] == ids).astype(np.float64)
        own, copies = texts @ (toward > 0).T, texts @ (against > 0).T
        self_product = np.diag(gram)[stories][:, None]
        to_toward, to_against = gram[stories] @ toward.T, gram[stories] @ against.T
        half = toward @ gram
        both = np.einsum("ij,ij->i", half, against), np.einsum("ij,ij->i", half, toward)
        squares = np.einsum("ij,ij->i", against @ gram, against)
        kept, rest = (sizes - own).clip(min=1.0), (rests - copies).clip(min=1.0)
        # u = (sizes * mean - own * x) / kept and the same for the negatives, multiplied out
        x_u = (sizes * to_toward - own * self_product) / kept
        x_n = (rests * to_against - copies * self_product) / rest
        u_u = (sizes**2 * both[1] - 2 * sizes * own * to_toward + own**2 * self_product) / kept**2
        n_n = (rests**2 * squares - 2 * rests * copies * to_against + copies**2 * self_product) / rest**2
        u_n = sizes * rests * both[0] - sizes * copies * to_toward - rests * own * to_against
        u_n = (u_n + own * copies * self_product) / (kept * rest)
        products = x_u - u_n - x_n + n_n
        from_rest, of_direction = self_product - 2 * x_n + n_n, u_u - 2 * u_n + n_n
        some = (from_rest > ROUNDING * (self_product + n_n)) & (of_direction > ROUNDING * (u_u + n_n))
        lengths = np.sqrt((from_rest * of_direction).clip(min=0.0))
        leans: Array = np.divide(products, lengths, out=np.zeros_like(products), where=some)
        return np.where((sizes > own) & (rests > copies), leans, np.nan)

    @cached_property
    def _unique_weights(self) -> Array:
        weights = np.zeros((len(self.concepts), len(self.layer.grouping.text_ids)))
        for line, group in zip(weights, self.layer.grouping.groups, strict=True):
            line[group.unique] = 1.0 / len(group.unique)
        return weights

    def scores(self, concept: str) -> tuple[StoryScore, ...]:
        """Every different text of the concept, the one that fits it worst first."""
        number = self.concepts.index(concept)
        owners = self.members[1]
        found = [self._score(int(place), number) for place in np.flatnonzero(owners == number)]
        return tuple(sorted(found, key=lambda one: (one.margin if one.margin is not None else 0.0, one.row)))

    def _score(self, place: int, number: int) -> StoryScore:
        leans = self.leans[place]
        own, row = leans[number], int(self.members[0][place])
        others = np.where(np.arange(len(leans)) == number, np.nan, leans)
        if np.isnan(own) or np.isnan(others).all():
            return StoryScore(row, None if np.isnan(own) else float(own), None, None, None, None)
        best = int(np.nanargmax(others))
        p = self._strangers[place, best] * max(len(leans) - 1, 1)
        return StoryScore(
            row,
            float(own),
            1 + int((others > own).sum()),
            self.concepts[best],
            float(own - others[best]),
            None if np.isnan(p) else min(1.0, float(p)),
        )

    @cached_property
    def _strangers(self) -> Array:
        """(stories, concepts): one-sided p-value that the story lies so far along another concept's mean by chance.

        The story's product with the other concept's mean (without the stories of its own scenario) minus its siblings'
        mean product, against the spread of the same number over the stories of all third concepts: an externally
        studentised deviation (Student's t).
        """
        owners = self.members[1]
        counts = np.bincount(owners, minlength=len(self.concepts)).astype(np.float64)
        products = self._along_means
        sums = np.zeros((len(counts), len(counts)))
        np.add.at(sums, owners, products)
        own = counts[owners][:, None]
        deviations = (products - sums[owners] / own) * np.sqrt(own / (own - 1).clip(min=1.0))
        squares = np.zeros_like(sums)
        np.add.at(squares, owners, deviations**2 * (own - 1) / own)
        freedom = np.maximum(counts - 1, 0.0)
        left = freedom.sum() - freedom[owners][:, None] - freedom
        spread = squares.sum(axis=0) - squares[owners] - np.diag(squares)
        with np.errstate(invalid="ignore", divide="ignore"):
            t = deviations / np.sqrt(spread / left)
            p = stdtr(left, -t)
        known = (left >= FEWEST_FREEDOM) & (own > 1) & (spread > 0)
        values: Array = np.where(known, p, np.nan)
        return values

    @cached_property
    def _along_means(self) -> Array:
        """(stories, concepts) product of each story with each concept's mean without the story's own scenario; with the
        whole mean where the concept is told in no other."""
        stories, owners = self.members
        numbers: dict[str, int] = {}
        names = [-1 if row.scenario is None else numbers.setdefault(row.scenario, len(numbers)) for row in self.rows]
        scenarios = np.array(names, dtype=np.intp)[stories]
        gram = self.layer.gram[np.ix_(stories, stories)]
        kept = ~((scenarios[:, None] == scenarios) & (scenarios >= 0))
        owned = (owners[:, None] == np.arange(len(self.concepts))).astype(np.float64)
        sizes, all_sizes = kept @ owned, owned.sum(axis=0)
        apart = (gram * kept) @ owned / sizes.clip(min=1.0)
        along: Array = np.where(sizes > 0, apart, gram @ owned / all_sizes.clip(min=1.0))
        return along

    @cached_property
    def confusion(self) -> NDArray[np.intp]:
        """(concepts, concepts): how many of the row's stories lie closest to the column's concept, held out. A story
        without siblings counts nowhere."""
        stories, owners = self.members
        known = ~np.isnan(self.leans[np.arange(len(stories)), owners])
        nearest = np.nan_to_num(self.leans, nan=-np.inf).argmax(axis=1)
        table = np.zeros((len(self.concepts), len(self.concepts)), dtype=np.intp)
        np.add.at(table, (owners[known], nearest[known]), 1)
        return table

    @cached_property
    def told_apart(self) -> Array:
        """(concepts, concepts): share of both concepts' stories that lie closer to their own than to the other one,
        each left out of both directions; NaN where no story can tell and on the diagonal."""
        right, of = self._recognised
        right, of = right + right.T, of + of.T
        shares = np.divide(right, of, out=np.full_like(of, np.nan), where=of > 0)
        np.fill_diagonal(shares, np.nan)
        return shares

    @cached_property
    def _recognised(self) -> tuple[Array, Array]:
        """(concepts, concepts) twice: how many of the row's stories lie closer to it than to the column's concept, and
        how many can tell."""
        stories, owners = self.members
        own = self.leans[np.arange(len(stories)), owners][:, None]
        known = ~(np.isnan(own) | np.isnan(self.leans))
        right, of = np.zeros((2, len(self.concepts), len(self.concepts)))
        np.add.at(right, owners, (own > self.leans) & known)
        np.add.at(of, owners, known)
        return right, of

    def nearest(self, concept: str, count: int = 3) -> tuple[tuple[str, float], ...]:
        """The concepts that most of this one's stories are mistaken for, each with the share of both concepts' stories
        that are told apart; worst first."""
        number = self.concepts.index(concept)
        right, of = (part[number] for part in self._recognised)
        shares = np.divide(right, of, out=np.full_like(of, np.nan), where=of > 0)
        order = [int(i) for i in np.argsort(shares, kind="stable") if i != number and not np.isnan(shares[i])]
        return tuple((self.concepts[i], float(self.told_apart[number, i])) for i in order[:count])
