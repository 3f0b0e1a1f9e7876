"""Each story against all concepts, held out: is it recognised, and if not, whose does it look like?

Asked in story space (`story_space`). No story votes for itself, and none of its own scenario votes on it, since what
the tellings of one scenario share is the scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, zip_longest

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Indexes, scenario_numbers
from caa_tui.vectors.stories import LayerStories

Array = NDArray[np.float64]

FEWEST_FREEDOM = 8
"""Stories beyond one per concept that the spread along a concept has to be known from."""
NAMED = 0.02
"""A story is named when at most so many of a corpus are expected to look so by chance. At .05 one in twenty of the
named stories of generated corpora were none, most of them of concepts that tell nothing."""
FEWEST_TEXTS = 3
"""Of two stories neither is the odd one."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A story that is closer to another concept's stories than to its siblings."""

    row: int
    looks_like: str
    margin: float
    """How much closer (difference of mean products in story space)."""
    partner: int | None
    """Row of the telling of the same scenario that it seems exchanged with: each looks like the other's concept."""
    expected: float
    """How many stories of the corpus stand out so far by chance when no label is wrong, at most."""


@dataclass(frozen=True)
class StoryScores:
    """All stories of a corpus in story space."""

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
    def closeness(self) -> Array:
        """(stories, concepts): mean product of each story with each concept's other texts of other scenarios; NaN where
        there are none."""
        stories, owners = self.members
        ids = self.layer.grouping.text_ids[stories]
        kept = ~(self._same_scene | (ids[:, None] == ids))
        owned = (owners[:, None] == np.arange(len(self.concepts))).astype(np.float64)
        counts = kept @ owned
        sums = np.where(kept, self.layer.gram[np.ix_(stories, stories)], 0.0) @ owned
        means: Array = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        return means

    @cached_property
    def confusion(self) -> NDArray[np.intp]:
        """(concepts, concepts): how many of the row's stories are closest to the column's concept. A story without
        siblings in other scenarios counts nowhere."""
        owners = self.members[1]
        known = np.isfinite(self._own)
        closest = np.nan_to_num(self.closeness[known], nan=-np.inf).argmax(axis=1)
        table = np.zeros((len(self.concepts), len(self.concepts)), dtype=np.intp)
        np.add.at(table, (owners[known], closest), 1)
        return table

    def suspicions(self) -> tuple[Suspicion, ...]:
        """Every story of a concept with `FEWEST_TEXTS` texts that looks like another, once, in the order to read them.

        Two kinds take turns, since each shows what the other hides: two tellings of one scenario whose names exchanged
        would fit best, then the single story that is furthest on another's side. A story that is both is said to be
        what was found first, unless the other is surer.
        """
        pairs, singles = self._exchanges(), self._singles()
        found: dict[int, Suspicion] = {}
        for pair, single in zip_longest(pairs, singles):
            for one in (*(pair or ()), *((single,) if single else ())):
                known = found.setdefault(one.row, one)
                if one.expected < min(known.expected, 1.0):
                    found[one.row] = one
        return tuple(found.values())

    @cached_property
    def _same_scene(self) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = (self._scenarios[:, None] == self._scenarios) & (self._scenarios >= 0)
        return same

    @cached_property
    def _scenarios(self) -> Indexes:
        """(stories,) scenario numbers, -1 for none."""
        return scenario_numbers([self.rows[row] for row in self.members[0]])

    @cached_property
    def _own(self) -> Array:
        owners = self.members[1]
        return np.asarray(self.closeness[np.arange(len(owners)), owners])

    @cached_property
    def _margins(self) -> Array:
        """(stories, concepts): how much closer a story is to the concept than to its siblings; NaN where it cannot be
        known, for its own concept and where it has too few siblings."""
        owners = self.members[1]
        margins = self.closeness - self._own[:, None]
        margins[np.arange(len(owners)), owners] = np.nan
        margins[np.bincount(owners, minlength=len(self.concepts))[owners] < FEWEST_TEXTS] = np.nan
        return margins

    @cached_property
    def _strangers(self) -> Array:
        """(stories, concepts): one-sided p-value that a story of its own concept lies so far along another one by
        chance; 1 where it is not closer to that one.

        The story's closeness to the other concept minus its siblings' mean closeness, against the spread of the same
        number over the stories of all third concepts: an externally studentised deviation (Student's t).
        """
        owners, products = self.members[1], np.nan_to_num(self.closeness)
        counts = np.bincount(owners, minlength=len(self.concepts)).astype(np.float64)
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
            p = stdtr(left, -deviations / np.sqrt(spread / left))
        known = (left >= FEWEST_FREEDOM) & (spread > 0) & (np.nan_to_num(self._margins, nan=-1.0) > 0)
        values: Array = np.where(known, p, 1.0)
        return values

    def _singles(self) -> list[Suspicion]:
        """Stories that are closer to another concept, the furthest first. `expected`: the smallest p-value, for as many
        questions as there are stories and other concepts."""
        margins = np.nan_to_num(self._margins, nan=-np.inf)
        nearest = margins.argmax(axis=1)
        largest = margins[np.arange(len(margins)), nearest]
        questions = margins.shape[0] * (margins.shape[1] - 1)
        surest = self._strangers.argmin(axis=1)
        found = []
        for place in np.argsort(-largest, kind="stable")[: int((largest > 0).sum())]:
            expected = float(self._strangers[place, surest[place]]) * questions
            other = surest[place] if expected < 1 else nearest[place]
            found.append(self._suspicion(int(place), int(other), None, expected))
        return found

    def _exchanges(self) -> list[tuple[Suspicion, Suspicion]]:
        """Tellings of one scenario that fit each other's name better than their own, the clearest pair first.

        `expected`: both must stand out, and stand out independently, so the square of the larger p-value, for as many
        pairs as there are.
        """
        stories, owners = self.members
        first, second = self._pairs
        gains = self._margins[first, owners[second]] + self._margins[second, owners[first]]
        gains = np.nan_to_num(gains, nan=-np.inf)
        larger = np.maximum(self._strangers[first, owners[second]], self._strangers[second, owners[first]])
        expected = larger**2 * len(first)
        found = []
        for at in np.argsort(-gains, kind="stable")[: int((gains > 0).sum())]:
            one, other, e = int(first[at]), int(second[at]), float(expected[at])
            sides = ((one, int(owners[other]), int(stories[other])), (other, int(owners[one]), int(stories[one])))
            left, right = (self._suspicion(place, concept, partner, e) for place, concept, partner in sides)
            found.append((left, right))
        return found

    @cached_property
    def _pairs(self) -> tuple[Indexes, Indexes]:
        """Places of two tellings of one scenario by different concepts."""
        owners = self.members[1]
        scenes = range(int(self._scenarios.max(initial=-1)) + 1)
        told = (combinations(map(int, np.flatnonzero(self._scenarios == scene)), 2) for scene in scenes)
        pairs = [pair for tellings in told for pair in tellings if owners[pair[0]] != owners[pair[1]]]
        together = np.array(pairs, dtype=np.intp).reshape(-1, 2)
        return together[:, 0], together[:, 1]

    def _suspicion(self, place: int, other: int, partner: int | None, expected: float) -> Suspicion:
        row, margin = int(self.members[0][place]), float(self._margins[place, other])
        return Suspicion(row, self.concepts[other], margin, partner, expected)
