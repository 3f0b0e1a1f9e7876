"""Agreement with its uncertainty: against random groups, over resampled stories, as two camps.

Everything comes from the (rows x rows) inner products of one layer. All draws are the same every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.camps import across_means, best_splits, smallest_camp
from caa_tui.vectors.chance import cosines_of, mean_pairs, random_cosines, upper_p
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Group
from caa_tui.vectors.noise import Noise
from caa_tui.vectors.stories import LayerStories

Array = NDArray[np.float64]

RANDOM_GROUPS = 999
SPLIT_GROUPS = 299
RESAMPLES = 999
LEAST_AGREEMENT = 0.1
"""The weakest agreement that is called one: below it ten stories give a vector less than .73 along the concept."""
STRENGTHS = (LEAST_AGREEMENT, 0.2, 0.4, 0.7)
EXACT_NULLS, NULL_STEP = 32, 8
_SEED = 51721


@dataclass(frozen=True, slots=True)
class Split:
    """The best division of a concept's stories into two camps."""

    gain: float
    """Mean cosine within the camps minus mean cosine across."""
    across: float
    """Mean cosine across."""
    camps: tuple[tuple[int, ...], tuple[int, ...]]
    """Row indexes, the larger camp first."""
    random_p: float | None
    """How often random groups of texts split as well."""
    coherent_p: float | None
    """How often stories of one direction, as strong as measured, split as well; one odd story among them or none."""
    camps_p: float | None
    """How often stories of two concepts under one name are as alike across their best split, whatever their
    strength."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Do the stories of a concept pull the same way, and how sure is that? None: there are too few texts to say."""

    concept: str
    texts: int
    """Different texts."""
    value: float | None
    """Mean pairwise cosine of the differences to the negatives' mean (`stories.agreement`)."""
    p: float | None = None
    """How often a random group of as many texts agrees as well."""
    absent_p: float | None = None
    """How often stories that agree by `LEAST_AGREEMENT` show as little."""
    low: float | None = None
    high: float | None = None
    """90 % interval over resampled stories; None for fewer than three."""
    split: Split | None = None
    """None for fewer than three texts."""


@dataclass
class AgreementTests:
    """The tests of one layer; what depends on the number of stories alone is drawn once."""

    layer: LayerStories
    rows: Sequence[StoryRow]
    noise: Noise
    _random: dict[int, tuple[Array, Array]] = field(default_factory=dict)
    _made: dict[tuple[int, int, float], tuple[Array, Array, Array]] = field(default_factory=dict)

    @classmethod
    def of(cls, layer: LayerStories, rows: Sequence[StoryRow]) -> AgreementTests:
        return cls(layer, rows, Noise.of(layer))

    def concept(self, name: str) -> Agreement:
        group = self.layer.groups[name]
        count = len(group.unique)
        if count < 2:
            return Agreement(name, count, None)
        cosines = cosines_of(self.layer.difference_products(name)[None])[0]
        value = float(mean_pairs(cosines[None])[0])
        low, high = resampled_interval(cosines) if count > 2 else (None, None)
        comparable = 1 < count < len(self.layer.grouping.stories)
        return Agreement(
            name,
            count,
            value,
            upper_p(self._random_nulls(count)[0], value) if comparable else None,
            upper_p(-self.made_nulls(count, 0, LEAST_AGREEMENT)[0], -value) if self.noise.can_make(count) else None,
            low,
            high,
            self._split(group, cosines, value, comparable) if count > 2 else None,
        )

    def _split(self, group: Group, cosines: Array, value: float, comparable: bool) -> Split:
        gains, masks = best_splits(cosines[None])
        gain, mask, count = float(gains[0]), masks[0], len(group.unique)
        across = float(across_means(cosines[None], masks)[0])
        camps = sorted((tuple(map(int, group.unique[mask])), tuple(map(int, group.unique[~mask]))), key=len)
        coherent_p = camps_p = None
        if self.noise.can_make(count):
            without_odd = value * count / (count - 2)
            coherent_p = max(
                upper_p(self.made_nulls(count, odd, near)[1], gain)
                for odd, strength in ((0, value), (1, without_odd))
                for near in _near(strength)
            )
            camps_p = max(
                upper_p(self.made_nulls(count, size, strength)[2], across)
                for size in {smallest_camp(count), count // 2}
                for strength in STRENGTHS[1:]
            )
        random_p = upper_p(self._random_nulls(count)[1], gain) if comparable else None
        return Split(gain, across, (camps[1], camps[0]), random_p, coherent_p, camps_p)

    def _random_nulls(self, count: int) -> tuple[Array, Array]:
        """Agreements and gains of random groups of texts."""
        count = null_size(count)
        if count not in self._random:
            drawn = random_cosines(self.layer, count, RANDOM_GROUPS)
            gains = best_splits(drawn[:SPLIT_GROUPS])[0] if count > 2 else np.zeros(0)
            self._random[count] = mean_pairs(drawn), gains
        return self._random[count]

    def made_nulls(self, count: int, second: int, strength: float) -> tuple[Array, Array, Array]:
        """Agreements, gains and cosines across of made groups in which the last `second` stories have another
        direction."""
        size = null_size(count)
        count, second = size, second if second < 2 else -(-second * size // count)
        key = count, second, strength
        if key not in self._made:
            drawn = self.noise.groups(strength, (np.arange(count) >= count - second).astype(np.intp))
            gains, masks = best_splits(drawn) if count > 2 else (np.zeros(0), np.zeros((0, count), dtype=np.bool_))
            across = across_means(drawn, masks) if count > 2 else np.zeros(0)
            self._made[key] = mean_pairs(drawn), gains, across
        return self._made[key]


def null_size(count: int) -> int:
    """How many stories the nulls for `count` stories are made of: as many up to `EXACT_NULLS`, beyond that the next
    lower multiple of `NULL_STEP`. Nulls of fewer stories are wider, so nothing is found more easily; a corpus of many
    sizes would need large nulls for each."""
    return count if count <= EXACT_NULLS else count - count % NULL_STEP


def resampled_interval(cosines: Array, resamples: int = RESAMPLES) -> tuple[float, float]:
    """5th and 95th percentile of the agreement of stories drawn with replacement.

    A story drawn twice is no pair with itself: with c_i draws of story i, the sum of c_i c_j cos_ij over i != j by the
    sum of c_i c_j, so the estimate stays unbiased.
    """
    count = len(cosines)
    drawn = np.random.default_rng(_SEED).multinomial(count, np.full(count, 1 / count), size=resamples).astype(float)
    off = cosines * (1.0 - np.eye(count))
    pairs = count**2 - (drawn**2).sum(axis=1)
    values = np.einsum("bi,bi->b", drawn @ off, drawn)[pairs > 0] / pairs[pairs > 0]
    low, high = np.percentile(values, [5.0, 95.0])
    return float(low), float(high)


def _near(strength: float) -> tuple[float, ...]:
    """The strengths of the grid on both sides."""
    above = int(np.searchsorted(STRENGTHS, strength))
    return STRENGTHS[max(above - 1, 0) : above + 1] if above < len(STRENGTHS) else STRENGTHS[-1:]
