"""Are two concepts one, and is a concept the mix of two others? Unbiased products of the concepts' true directions.

The mean product over pairs of different stories has no story's noise in it, so distances and cosines made of it do not
depend on how many stories there are (Chen and Qin 2010, two-sample test for high-dimensional data). Pairs of the same
scenario are left out: what they share is the setting. Nulls are made of the corpus's own noise (`noise.Noise`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.chance import upper_p
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Indexes, scenario_numbers
from caa_tui.vectors.noise import Noise
from caa_tui.vectors.stories import VARIANCE_FLOOR, LayerStories

Array = NDArray[np.float64]

SAME_COSINE = 0.8
"""True directions closer than this are one concept for a reader (the reference's limit on measured directions)."""
OWN_SHARE = 0.2
"""A concept with less than this share of its own, beside the mix of two others, is redundant."""
PART = 0.4
"""Share of a concept that makes another one half of its mix."""
NEIGHBOURS = 5
Z_STRENGTH = 1.645
"""Deviations of noise's mean product that a concept's must exceed to be compared (95 %)."""
LEAST_SPREAD = 0.05
"""Two parts closer than this (smaller eigenvalue by trace) are no two."""
DRAWS = 499
_SEED = 33011


@dataclass(frozen=True, slots=True)
class Pair:
    """One concept and another one."""

    concept: str
    other: str
    cosine: float
    """Of the true directions, noise taken out; beyond 1 by chance."""
    one_p: float
    """How often two halves of one concept lie as far apart."""
    distinct_p: float
    """How often two concepts with a true cosine of `SAME_COSINE` lie as close."""


@dataclass(frozen=True, slots=True)
class Mix:
    """One concept explained by one or two others."""

    concept: str
    parts: tuple[tuple[str, float], ...]
    """One or two others and their weights."""
    own: float
    """Share of the true direction's squared length that the mix leaves over."""
    own_p: float
    """How often a concept with a share of `OWN_SHARE` of its own leaves as little."""
    mixed_p: float
    """How often a concept that is nothing but the mix leaves as much."""


@dataclass
class PairTests:
    """The tests of one layer; nulls that depend on the numbers of stories alone are made once."""

    layer: LayerStories
    rows: Sequence[StoryRow]
    noise: Noise
    _made: dict[tuple[int, ...], Array] = field(default_factory=dict)
    _summed: Array = field(default_factory=lambda: np.zeros((DRAWS, 1, 1)))

    @cached_property
    def concepts(self) -> tuple[str, ...]:
        return tuple(group.concept for group in self.layer.grouping.groups)

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        return np.array([len(group.unique) for group in self.layer.grouping.groups], dtype=np.intp)

    @cached_property
    def products(self) -> Array:
        """(concepts, concepts): mean product over pairs of different stories of different scenarios; NaN if none."""
        gram, grouping = self.layer.gram, self.layer.grouping
        stories = np.concatenate([group.unique for group in grouping.groups])
        owners = np.repeat(np.arange(len(grouping.groups)), self.sizes)
        pairs = np.outer(self.sizes, self.sizes).astype(np.float64)
        sums = grouping.text_means(self.layer.toward.T) * pairs
        scenarios = scenario_numbers(self.rows)[stories]
        placeless = scenarios < 0
        itself = owners[placeless], owners[placeless]
        np.subtract.at(sums, itself, np.diag(gram)[stories[placeless]])
        np.subtract.at(pairs, itself, 1.0)
        for places, left_out in alike(scenarios, grouping.text_ids[stories]):
            owned = (owners[places] == np.arange(len(grouping.groups))[:, None]).astype(np.float64)
            sums -= owned @ (gram[np.ix_(stories[places], stories[places])] * left_out) @ owned.T
            pairs -= owned @ left_out @ owned.T
        products: Array = np.divide(sums, pairs, out=np.full_like(sums, np.nan), where=pairs > 0)
        return products

    @cached_property
    def _least_strengths(self) -> Array:
        """(concepts,): what the mean product of a concept's stories is by noise alone, at most."""
        pairs = (self.sizes * (self.sizes - 1)).clip(min=1)
        least: Array = Z_STRENGTH * np.sqrt(2 * self.noise.pair_variance / pairs) + VARIANCE_FLOOR
        return least

    @cached_property
    def cosines(self) -> Array:
        """(concepts, concepts): cosines of the true directions; NaN where one shows no strength beyond noise's, as the
        cosine with it would be any number."""
        strengths = np.diag(self.products)
        lengths = np.sqrt(np.where(strengths > self._least_strengths, strengths, np.nan))
        cosines: Array = self.products / (lengths[:, None] * lengths)
        np.fill_diagonal(cosines, np.nan)
        return cosines

    def nearest(self, concept: str, count: int = NEIGHBOURS) -> tuple[Pair, ...]:
        """The concepts with the largest true cosines, largest first; empty where none can be measured."""
        number = self.concepts.index(concept)
        return tuple(self._pair(number, other) for other in self._closest(number, count))

    def _closest(self, number: int, count: int) -> list[int]:
        if self.sizes[number] < 2:
            return []
        cosines = np.where(self.sizes > 1, self.cosines[number], np.nan)
        order = np.argsort(-np.nan_to_num(cosines, nan=-np.inf), kind="stable")[:count]
        known = [int(other) for other in order if not np.isnan(cosines[other])]
        return [other for other in known if self.noise.can_make(int(self.sizes[number] + self.sizes[other]))]

    def _pair(self, first: int, second: int) -> Pair:
        sizes = int(self.sizes[first]), int(self.sizes[second])
        products = self.products[np.ix_([first, second], [first, second])]
        strength = float(np.trace(products)) / 2
        drawn = self._noise_products(sizes)
        apart = np.array([[1.0, -1.0], [-1.0, 1.0]])
        close = np.array([[-SAME_COSINE / 2, 0.5], [0.5, -SAME_COSINE / 2]])
        rest = (1 - SAME_COSINE**2) * strength
        nulls = np.einsum("bij,ij->b", drawn, close) + self._along([rest * (1 / sizes[0] + 1 / sizes[1])], len(drawn))
        return Pair(
            self.concepts[first],
            self.concepts[second],
            float(self.cosines[first, second]),
            upper_p(np.einsum("bij,ij->b", drawn, apart), float((products * apart).sum())),
            upper_p(nulls, float((products * close).sum())),
        )

    def mix(self, concept: str) -> Mix | None:
        """The one or two of the nearest concepts that explain this one best; None where none can be measured, or where
        one that cannot be measured lies along this one and so might be a part."""
        number = self.concepts.index(concept)
        if self._hidden_parts[number].any():
            return None
        helpers = self._closest(number, NEIGHBOURS)
        if not helpers:
            return None
        fits = [(self._fit(number, parts), parts) for size in (1, 2) for parts in combinations(helpers, size)]
        (own, weights), parts = min(fits, key=lambda one: one[0][0])
        sizes = tuple(int(self.sizes[part]) for part in (number, *parts))
        if not np.isfinite(own) or not self.noise.can_make(sum(sizes)):
            return None
        strength = float(self.products[number, number])
        sides = np.array([1.0, *(-weights)])
        form = -np.outer(sides, sides)
        form[0, 0] += OWN_SHARE
        left = OWN_SHARE * strength
        spread = [4 * (1 - OWN_SHARE) * left / sizes[0]]
        spread += [4 * left * side**2 / size for side, size in zip(sides[1:], sizes[1:], strict=True)]
        drawn = self._noise_products(sizes)
        nulls = np.einsum("bij,ij->b", drawn, form) + self._along(spread, len(drawn))
        return Mix(
            concept,
            tuple((self.concepts[part], float(weight)) for part, weight in zip(parts, weights, strict=True)),
            own,
            upper_p(nulls, (OWN_SHARE - own) * strength),
            upper_p(np.einsum("bij,ij->b", drawn, np.outer(sides, sides)), own * strength),
        )

    @cached_property
    def _hidden_parts(self) -> NDArray[np.bool_]:
        """(concepts, concepts): the column's concept is too weak to measure, lies along the row's beyond chance, and
        may be `PART` of it."""
        strengths, products = np.nan_to_num(np.diag(self.products)), np.nan_to_num(self.products)
        limits = Z_STRENGTH * np.sqrt(self.noise.pair_variance / np.outer(self.sizes, self.sizes).clip(min=1))
        most = strengths.clip(min=0.0) + self._least_strengths
        may = (products + limits) ** 2 >= PART * strengths[:, None].clip(min=0.0) * most
        found: NDArray[np.bool_] = (products > limits) & may & (strengths <= self._least_strengths)
        np.fill_diagonal(found, False)
        return found

    def _fit(self, number: int, parts: tuple[int, ...]) -> tuple[float, Array]:
        """Share left over and weights of the best mix of the parts; infinite where a part adds nothing."""
        products = self.products
        own, toward = products[number, number], [float(products[number, part]) for part in parts]
        first, last = float(products[parts[0], parts[0]]), float(products[parts[-1], parts[-1]])
        if len(parts) == 1:
            weights = np.array(toward) / first if first > 0 else np.zeros(1)
        else:
            across = float(products[parts])
            smallest = (first + last - np.hypot(first - last, 2 * across)) / 2
            if np.isnan(smallest) or smallest < LEAST_SPREAD * (first + last):
                return np.inf, np.zeros(2)
            solved = last * toward[0] - across * toward[1], first * toward[1] - across * toward[0]
            weights = np.array(solved) / (first * last - across**2)
        if not (weights > 0).all():
            return np.inf, weights
        return float(1 - toward @ weights / own), weights

    def _along(self, variances: Sequence[float], draws: int) -> Array:
        """What the noise along the directions themselves adds; `variances` are squared lengths by story."""
        deviation = np.sqrt(max(sum(variances), 0.0) * self.noise.along_variance)
        along: Array = _normal(draws) * deviation
        return along

    def _noise_products(self, sizes: tuple[int, ...]) -> Array:
        """(draws, groups, groups) mean products between groups of noise of these sizes.

        Across groups the pairs in equal places are left out, as those of one scenario are.
        """
        if sizes not in self._made:
            ends = np.cumsum([0, *sizes])
            sums = np.diff(np.diff(self._noise_sums(ends[-1])[:, ends[:, None], ends], axis=1), axis=2)
            for a, b in product(range(len(sizes)), repeat=2):
                places = np.arange(min(sizes[a], sizes[b]))
                sums[:, a, b] -= self._noise_between(ends[a] + places, ends[b] + places).sum(axis=1)
            pairs = np.outer(sizes, sizes) - np.minimum.outer(sizes, sizes)
            self._made[sizes] = sums / pairs.clip(min=1)
        return self._made[sizes]

    @cached_property
    def _chosen(self) -> tuple[Indexes, Array]:
        """(draws, n) random contrasts and signs; n is enough for the three largest concepts."""
        rng = np.random.default_rng(_SEED)
        most = min(3 * int(self.sizes.max()), self.noise.size)
        chosen = np.argsort(rng.random((DRAWS, self.noise.size)), axis=1)[:, :most]
        return chosen, rng.choice([-1.0, 1.0], chosen.shape)

    def _noise_between(self, left: Indexes, right: Indexes) -> Array:
        """(draws, ...): signed products of the contrasts in these places, of as many axes each."""
        chosen, signs = self._chosen
        products: Array = self.noise.products[chosen[:, left], chosen[:, right]]
        products *= signs[:, left]
        products *= signs[:, right]
        return products

    def _noise_sums(self, count: int) -> Array:
        """(draws, m + 1, m + 1), m >= count: sums of the signed products of the first i with the first j contrasts."""
        if self._summed.shape[1] <= count:
            places = np.arange(min(2 * count, self._chosen[0].shape[1]))
            self._summed = np.zeros((DRAWS, len(places) + 1, len(places) + 1))
            inner = self._summed[:, 1:, 1:]
            inner[:] = self._noise_between(places[:, None], places[None])
            np.cumsum(inner, axis=1, out=inner)
            np.cumsum(inner, axis=2, out=inner)
        return self._summed


@lru_cache(maxsize=1)
def _normal(draws: int) -> Array:
    return np.random.default_rng(_SEED).standard_normal(draws)


def alike(scenarios: Indexes, texts: Indexes) -> Iterator[tuple[Indexes, Array]]:
    """The pairs of stories that are no evidence, each once: of one scenario (each with itself too), or of one text.

    Returns:
        Places of n stories and an (n, n) mask of the pairs, 1 or 0.
    """
    for number in range(int(scenarios.max(initial=-1)) + 1):
        places = np.flatnonzero(scenarios == number)
        yield places, np.ones((len(places), len(places)))
    order = np.argsort(texts, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(texts[order])) + 1):
        if len(places) > 1:
            apart = (scenarios[places][:, None] != scenarios[places]) | (scenarios[places] < 0)
            yield places, apart.astype(np.float64) * (1.0 - np.eye(len(places)))
