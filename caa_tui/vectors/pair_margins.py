"""How far a story lies before a text it is compared with, along a direction made without both, in closed form.

Whatever the estimator, a direction is a sum of weighted texts, so a margin is a matter of inner products. What two
texts take along when they are left out is known: their share in the two means, in the means of their scenarios, in the
mean of a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.estimators import Scenes, neutral_texts
from caa_tui.vectors.groups import Group, Grouping, Indexes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Texts:
    """The texts of a corpus as the estimators see them, whatever the layer."""

    rows: Sequence[StoryRow]
    grouping: Grouping

    @cached_property
    def tellings(self) -> Scenes:
        return Scenes.of(self.rows)

    @cached_property
    def neutral(self) -> Indexes:
        return neutral_texts(self.rows)

    @cached_property
    def others(self) -> Indexes:
        """Each different story text once, and every baseline: what concepts are compared with."""
        return np.concatenate([self.grouping.stories, self.grouping.baselines])

    @cached_property
    def in_class(self) -> Array:
        """(rows, names): membership of `others`."""
        names = self.tellings.names
        told = np.zeros((len(names), int(names.max()) + 1))
        told[self.others, names[self.others]] = 1.0
        return told


@dataclass(frozen=True)
class Points:
    """The texts of a corpus as points in k dimensions, in v versions of them, with their sums."""

    texts: Texts
    values: Array
    """(v, rows, k)."""

    @cached_property
    def compared(self) -> Array:
        """(v, concepts, k): the sum of what a concept is compared with."""
        grouping = self.texts.grouping
        sizes = np.array([len(group.negatives) for group in grouping.groups])
        return self._sums(grouping.negative_weights() * sizes[:, None])

    @cached_property
    def places(self) -> Array:
        """(v, places, k): the sum of a scenario's different texts."""
        return self._sums(self.texts.tellings.inside.T)

    @cached_property
    def place_means(self) -> Array:
        """(v, places, k); 0 where the mean is not what is taken out."""
        tellings = self.texts.tellings
        means: Array = self.places * (tellings.told / tellings.sizes.clip(min=1.0))[:, None]
        return means

    @cached_property
    def everything(self) -> Array:
        """(v, k): the sum of all different texts."""
        sums: Array = self.places.sum(axis=1)
        return sums

    @cached_property
    def classes(self) -> Array:
        """(v, names, k): the sum of a name's texts."""
        return self._sums(self.texts.in_class.T)

    def _sums(self, weights: Array) -> Array:
        """(sums, rows) weights -> (v, sums, k)."""
        return np.moveaxis(np.tensordot(self.values, weights, axes=(1, 1)), 2, 1)


@dataclass(frozen=True)
class Seen:
    """Texts and their sums as each pair sees them: as coordinates, or as products with the difference of the pair."""

    points: Points
    version: Indexes
    """(own or 1, against or 1)."""
    minus: Indexes | None = None
    """A second version that is subtracted."""

    def __call__(self, values: Array, *place: Indexes | int) -> Array:
        """(own or 1, against or 1, k): what stands at a place of the (v, ..., k) values."""
        seen: Array = values[(self.version, *place)]
        return seen if self.minus is None else seen - values[(self.minus, *place)]


@dataclass(frozen=True)
class Pairs:
    """Some of a concept's different texts, each with some of its negatives: what remains when both are left out."""

    texts: Texts
    number: int
    """Of the concept's group."""
    own: Indexes
    against: Indexes

    def by_means(self, seen: Seen) -> Array:
        """(own, against, k): the difference of means without the pair."""
        values, i, j = seen.points.values, self.own[:, None], self.against[None, :]
        toward = seen(values[:, self._group.unique].sum(axis=1)) - seen(values, i)
        away = seen(seen.points.compared, self.number) - self._copies[j][..., None] * seen(values, j)
        found: Array = toward / self._mine - away / self._rest[..., None]
        return found

    def by_class_means(self, seen: Seen) -> Array:
        """(own, against, k): with the mean of the other names' means as the negative; a class goes with its last
        text."""
        values, i, j = seen.points.values, self.own[:, None], self.against[None, :]
        name, copies, sums = self.texts.tellings.names[j], self._copies[j], self._class_sums(seen.points)
        means = sums / self._class_sizes.clip(min=1.0)[:, None]
        left = self._class_sizes[name] - copies
        kept = (seen(sums, name) - copies[..., None] * seen(values, j)) / left.clip(min=1.0)[..., None]
        others = seen(means.sum(axis=1)) - seen(means, name) + (left > 0)[..., None] * kept
        toward = seen(values[:, self._group.unique].sum(axis=1)) - seen(values, i)
        found: Array = toward / self._mine - others / ((self._class_sizes > 0).sum() - (left == 0))[..., None]
        return found

    def by_centred_means(self, seen: Seen) -> Array:
        """(own, against, k): with the scenarios' means taken out, each by its share of the concept's texts minus its
        share of what the concept is compared with."""
        points, tellings = seen.points, self.texts.tellings
        i, j = self.own[:, None], self.against[None, :]
        mine, theirs = self._place_counts
        shared = np.tensordot(points.place_means, np.stack([mine / self._mine, theirs]), axes=(1, 1))
        centre = seen(shared[..., 0]) - seen(shared[..., 1]) / self._rest[..., None]
        loose = (~tellings.told @ mine) / self._mine - (~tellings.told @ theirs) / self._rest
        here, there = tellings.places[i], tellings.places[j]
        for place, counted in ((here, np.ones_like(there, dtype=np.bool_)), (there, here != there)):
            in_i, in_j = place == here, place == there
            share = counted * (mine[place] / self._mine - theirs[place] / self._rest)
            left = share - counted * (in_i / self._mine - in_j * self._copies[j] / self._rest)
            size = tellings.sizes[place] - in_i - in_j
            kept = seen(points.places, place) - in_i[..., None] * seen(points.values, i)
            kept = kept - in_j[..., None] * seen(points.values, j)
            still = self._still_told(place)
            centre = centre - share[..., None] * seen(points.place_means, place)
            centre += (left * still / size.clip(min=1.0))[..., None] * kept
            loose = loose - share * ~tellings.told[place] + left * ~still
        everything = seen(points.everything) - seen(points.values, i) - seen(points.values, j)
        found: Array = self.by_means(seen) - centre - (loose / (len(tellings.first) - 2))[..., None] * everything
        return found

    def _still_told(self, place: Indexes) -> NDArray[np.bool_]:
        """Whether two names tell the scenario without the two texts."""
        tellings = self.texts.tellings
        counts, names, i, j = tellings.counts, tellings.names, self.own[:, None], self.against[None, :]
        in_i, in_j = place == tellings.places[i], place == tellings.places[j]
        both = in_i & in_j & (names[i] == names[j])
        lost_i = in_i & ~both & (counts[place, names[i]] == 1)
        lost_j = in_j & ~both & (counts[place, names[j]] == 1)
        lost = lost_i * 1 + lost_j * 1 + (both & (counts[place, names[i]] == 2)) * 1
        still: NDArray[np.bool_] = (counts > 0).sum(axis=1)[place] - lost > 1
        return still

    @property
    def _group(self) -> Group:
        return self.texts.grouping.groups[self.number]

    @property
    def _mine(self) -> int:
        """Texts of the concept without one."""
        return len(self._group.unique) - 1

    @cached_property
    def _rest(self) -> Array:
        """(1, against): what the concept is compared with, without the text of each."""
        rest: Array = (len(self._group.negatives) - self._copies[self.against][None, :]).astype(np.float64)
        return rest

    @cached_property
    def _copies(self) -> Indexes:
        """(rows,): how often the row's text is among the negatives."""
        ids = self.texts.grouping.text_ids
        return np.bincount(ids[self._group.negatives], minlength=int(ids.max()) + 1)[ids]

    @cached_property
    def _place_counts(self) -> tuple[Array, Array]:
        """(places,) each: the concept's different texts, and what it is compared with."""
        tellings = self.texts.tellings
        mine, theirs = (
            np.bincount(tellings.places[rows], minlength=len(tellings.scenes)).astype(np.float64)
            for rows in (self._group.unique, self._group.negatives)
        )
        return mine, theirs

    @cached_property
    def _class_sizes(self) -> Array:
        """(names,): how many of the negatives each name has."""
        names = self.texts.tellings.names
        return np.bincount(names[self._group.negatives], minlength=int(names.max()) + 1).astype(np.float64)

    def _class_sums(self, points: Points) -> Array:
        """(v, names, k): the sums of the names' texts among the negatives."""
        sums, names = points.classes.copy(), self.texts.tellings.names
        for row in np.setdiff1d(self.texts.others, self._group.negatives):
            sums[:, names[row]] -= points.values[:, row]
        return sums
