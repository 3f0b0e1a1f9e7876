"""What the stories of a corpus hold beside their concepts: noise to make groups of known truth from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.chance import cosines_of
from caa_tui.vectors.groups import Indexes
from caa_tui.vectors.stories import VARIANCE_FLOOR, LayerStories

Array = NDArray[np.float64]

DRAWS = 300
FEWEST_CONTRASTS = 12
"""With fewer there is nothing to make a null from."""
MOST_CONTRASTS = 4096
"""Enough to know the noise; their products would take as much memory as the Gram matrix of a large corpus."""
_SEED = 77003


@dataclass(frozen=True)
class Noise:
    """Contrasts among the stories of each concept, by their inner products.

    The n stories of a concept give n - 1 orthonormal contrasts (Helmert's, in shuffled order). Whatever the stories
    share is gone, and a contrast has the covariance of a single story's noise, unlike a residual, which is shorter and
    depends on the others.
    """

    products: Array
    """(contrasts, contrasts)."""
    along: Array
    """(concepts, contrasts): inner products with the unit directions of the concepts, which are independent of the
    concept's own contrasts."""
    between: Array
    """(concepts, concepts): cosines of these directions."""
    _draws: dict[tuple[int, int], tuple[Indexes, Array, Indexes, Array]] = field(default_factory=dict)

    @classmethod
    def of(cls, layer: LayerStories) -> Noise:
        grouping, contrasts = layer.grouping, Contrasts.of(layer)
        toward = grouping.story_means(layer.gram) - layer.against
        between = grouping.story_means(toward.T) - grouping.negative_means(toward.T)
        lengths = np.sqrt(np.diag(between).clip(min=VARIANCE_FLOOR))
        products = contrasts.of_columns(contrasts.of_columns(layer.gram).T)
        along = contrasts.of_columns(toward / lengths[:, None])
        return cls(products, along, between / (lengths[:, None] * lengths))

    @property
    def size(self) -> int:
        return len(self.products)

    @cached_property
    def power(self) -> float:
        """Mean squared length of a story's noise."""
        return float(np.trace(self.products)) / max(self.size, 1)

    @cached_property
    def pair_variance(self) -> float:
        """Mean squared inner product of two stories' noise: the trace of the squared covariance."""
        squares = np.vdot(self.products, self.products) - (np.diag(self.products) ** 2).sum()
        return float(squares) / max(self.size * (self.size - 1), 1)

    @cached_property
    def along_variance(self) -> float:
        """Mean square of a story's noise along a concept's unit direction."""
        return float((self.along**2).mean())

    def can_make(self, count: int) -> bool:
        return self.size >= max(FEWEST_CONTRASTS, count)

    def groups(self, strength: float, camps: NDArray[np.intp], draws: int = DRAWS) -> Array:
        """(draws, n, n) cosines within groups of n stories made of this noise and of known directions.

        Args:
            strength: the agreement of two stories of a camp; 0 is noise alone.
            camps: (n,) 0 or 1 for each story; all 0: one direction.

        The directions are those of random concepts, so they are as unlike as two concepts of this corpus and the noise
        lies to them as it does to real ones; their length makes the agreement `strength`.
        """
        chosen, signs, directions, noise = self._drawn(len(camps), draws)
        length = np.sqrt(self.power * strength / (1.0 - strength))
        told = directions[:, camps]
        cross = self.along[told[:, :, None], chosen[:, None, :]] * signs[:, None, :] * length
        shared = self.between[told[:, :, None], told[:, None, :]] * length**2
        return cosines_of(noise + cross + cross.transpose(0, 2, 1) + shared)

    def _drawn(self, count: int, draws: int) -> tuple[Indexes, Array, Indexes, Array]:
        """(draws, count) contrasts and signs, (draws, 2) directions, (draws, count, count) products; drawn once."""
        if (count, draws) not in self._draws:
            rng = np.random.default_rng([_SEED, count])
            chosen = np.argpartition(rng.random((draws, self.size)), count - 1, axis=1)[:, :count]
            signs = rng.choice([-1.0, 1.0], chosen.shape)
            directions = np.argsort(rng.random((draws, len(self.along))), axis=1)[:, [0, -1]]
            noise = self.products[chosen[:, :, None], chosen[:, None, :]] * signs[:, :, None] * signs[:, None, :]
            self._draws[count, draws] = chosen, signs, directions, noise
        return self._draws[count, draws]


@dataclass(frozen=True)
class Contrasts:
    """Orthonormal contrasts of each concept's different texts; one has weights on texts of one concept only.

    Of more than `MOST_CONTRASTS` a random choice, always the same.
    """

    parts: tuple[tuple[Indexes, Array], ...]
    """Per concept: n rows in shuffled order, and the (contrasts, n) weights, n - 1 of them at most."""

    @classmethod
    def of(cls, layer: LayerStories) -> Contrasts:
        rng = np.random.default_rng(_SEED)
        shuffled = [rng.permutation(group.unique) for group in layer.grouping.groups]
        ends = np.cumsum([len(own) - 1 for own in shuffled])
        kept = np.ones(int(ends[-1]) if len(ends) else 0, dtype=np.bool_)
        if len(kept) > MOST_CONTRASTS:
            kept[rng.permutation(len(kept))[MOST_CONTRASTS:]] = False
        parts = zip(shuffled, np.split(kept, ends[:-1]), strict=True) if shuffled else ()
        return cls(tuple((own, _helmert(len(own))[chosen]) for own, chosen in parts))

    def of_columns(self, values: Array) -> Array:
        """(k, contrasts): of (k, rows) values, the contrasts of the columns."""
        made = [values[:, own] @ weights.T for own, weights in self.parts]
        return np.concatenate(made, axis=1) if made else np.zeros((len(values), 0))


@lru_cache(maxsize=256)
def _helmert(count: int) -> Array:
    """(count - 1, count): the first k against the next one."""
    weights = np.zeros((count - 1, count))
    for k in range(1, count):
        weights[k - 1, :k] = 1.0 / np.sqrt(k * (k + 1))
        weights[k - 1, k] = -k / np.sqrt(k * (k + 1))
    return weights
