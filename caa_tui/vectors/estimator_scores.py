"""How well each estimator's directions tell held-out stories apart: the same pairs and raw projections for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from caa_tui.choices import Estimator
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.estimators import CENTRED, PROJECTED, leading_weights
from caa_tui.vectors.groups import Indexes
from caa_tui.vectors.pair_margins import Pairs, Points, Seen, Texts
from caa_tui.vectors.stories import LayerStories

Array = NDArray[np.float64]
Left = frozenset[int]
"""Numbers of texts that are left out."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Shares of (story, negative) pairs in which the story lies further along the direction made without both."""

    every: float | None
    """Over all pairs; None for fewer than two different texts on either side."""
    same_scene: float | None
    """Over the pairs of one scenario, whose part in the two projections cancels; None without any."""


@dataclass(frozen=True)
class EstimatorScores:
    """The estimators of one layer, side by side.

    The pair's story and negative vote in nothing: neither in the two means, nor in the means of scenarios or classes,
    nor in the neutral directions. What is compared is the raw projection of both texts, which is what a readout server
    sees; ties count half. For the difference of means it is `chance.held_out_scores`.
    """

    products: Points
    """(rows, rows, 1): as version r, the texts' inner products with row r, of the activations minus any one point."""
    _neutral: dict[Left, tuple[Points, Indexes]] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: LayerStories, rows: Sequence[StoryRow]) -> EstimatorScores:
        """`raw`: the activations as they are, whatever the run's own estimator."""
        return cls(Points(Texts(rows, raw.grouping), raw.gram[:, :, None]))

    def by(self, estimator: Estimator) -> dict[str, HeldOut]:
        """Concept -> how well this estimator's direction tells its stories from what they are compared with."""
        groups = self._texts.grouping.groups
        return {group.concept: self._held_out(number, estimator) for number, group in enumerate(groups)}

    @property
    def _texts(self) -> Texts:
        return self.products.texts

    def _held_out(self, number: int, estimator: Estimator) -> HeldOut:
        group, tellings = self._texts.grouping.groups[number], self._texts.tellings
        own, against = group.unique, group.negatives
        if len(own) < 2 or len(np.unique(self._texts.grouping.text_ids[against])) < 2:
            return HeldOut(None, None)
        margins = self._margins(number, estimator)
        right = (margins > 0) + (margins == 0) / 2
        here, there = tellings.places[own], tellings.places[against]
        same = (here[:, None] == there) & tellings.scenes[here][:, None]
        return HeldOut(float(right.mean()), float(right[same].mean()) if same.any() else None)

    def _margins(self, number: int, estimator: Estimator) -> Array:
        """(texts, negatives) of one concept."""
        group = self._texts.grouping.groups[number]
        pairs = Pairs(self._texts, number, group.unique, group.negatives)
        seen = Seen(self.products, pairs.own[:, None], pairs.against[None, :])
        margins = _direction(pairs, seen, estimator)[:, :, 0]
        if estimator in PROJECTED:
            for left, i in self._by_neutral(pairs.own):
                some = Pairs(self._texts, number, pairs.own[i], pairs.against)
                margins[i] -= self._along_neutral(some, left, estimator)
        return margins

    def _along_neutral(self, pairs: Pairs, left: Left, estimator: Estimator) -> Array:
        """(own, against): the part of the margins along the neutral texts' directions, found without the pair."""
        points, versions = self._directions(left)
        version = versions[pairs.against][None, :]
        apart = points.values[version, pairs.own[:, None]] - points.values[version, pairs.against[None, :]]
        part: Array = (apart * _direction(pairs, Seen(points, version), estimator)).sum(axis=2)
        return part

    def _by_neutral(self, rows: Indexes) -> Iterator[tuple[Left, Indexes]]:
        """Places in `rows` with the neutral text that goes when they are left out: none for most."""
        ids, neutral = (self._texts.grouping.text_ids[some] for some in (rows, self._texts.neutral))
        among = np.isin(ids, neutral)
        if not among.all():
            yield frozenset(), np.flatnonzero(~among)
        for text in np.unique(ids[among]):
            yield frozenset({int(text)}), np.flatnonzero(ids == text)

    def _directions(self, left: Left) -> tuple[Points, Indexes]:
        """The texts along the leading directions of the neutral texts, once for each neutral text that may go beside
        `left`; and the version in which the text of a row is gone."""
        if left not in self._neutral:
            ids = self._texts.grouping.text_ids
            neutral = ids[self._texts.neutral]
            found = [self._along(left), *(self._along(left | {int(text)}) for text in neutral)]
            most = max(along.shape[1] for along in found)
            values = np.stack([np.pad(along, ((0, 0), (0, most - along.shape[1]))) for along in found])
            versions = (ids[:, None] == neutral) @ np.arange(1, len(neutral) + 1)
            self._neutral[left] = Points(self._texts, values), versions
        return self._neutral[left]

    def _along(self, left: Left) -> Array:
        """(rows, k): coordinates along the leading directions of the neutral texts that are kept."""
        gram, ids = self.products.values[:, :, 0], self._texts.grouping.text_ids
        kept = np.array([row for row in self._texts.neutral if int(ids[row]) not in left], dtype=np.intp)
        if len(kept) < 2:
            return np.zeros((len(gram), 0))
        toward = gram[:, kept] - gram[:, kept].mean(axis=1, keepdims=True)
        along: Array = toward @ leading_weights(toward[kept] - toward[kept].mean(axis=0))
        return along


def _direction(pairs: Pairs, seen: Seen, estimator: Estimator) -> Array:
    """(own, against, k): the direction without the pair, before anything is projected out."""
    if estimator == "class-means":
        return pairs.by_class_means(seen)
    return pairs.by_centred_means(seen) if estimator in CENTRED else pairs.by_means(seen)
