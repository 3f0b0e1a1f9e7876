"""What the stories of a corpus hold beside their concepts: noise to make groups of known truth from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.chance import cosines_of
from caa_tui.vectors.groups import Group, Indexes
from caa_tui.vectors.stories import VARIANCE_FLOOR, LayerStories

Array = NDArray[np.float64]

DRAWS = 300
FEWEST_CONTRASTS = 12
"""With fewer there is nothing to make a null from."""
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
        contrasts = contrast_weights(layer)
        toward = layer.grouping.positive_weights() - layer.grouping.negative_weights()
        between = toward @ layer.gram @ toward.T
        lengths = np.sqrt(np.diag(between).clip(min=VARIANCE_FLOOR))
        half = contrasts @ layer.gram
        return cls(half @ contrasts.T, (half @ toward.T / lengths).T, between / (lengths[:, None] * lengths))

    @property
    def size(self) -> int:
        return len(self.products)

    @property
    def power(self) -> float:
        """Mean squared length of a story's noise."""
        return float(np.trace(self.products)) / max(self.size, 1)

    @property
    def pair_variance(self) -> float:
        """Mean squared inner product of two stories' noise: the trace of the squared covariance."""
        squares = float((self.products**2).sum() - (np.diag(self.products) ** 2).sum())
        return squares / max(self.size * (self.size - 1), 1)

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


def contrast_weights(layer: LayerStories) -> Array:
    """(contrasts, rows): orthonormal contrasts of each concept's different texts."""
    rng, rows = np.random.default_rng(_SEED), len(layer.grouping.text_ids)
    blocks = [_contrasts(group, rows, rng) for group in layer.grouping.groups]
    return np.concatenate(blocks) if blocks else np.zeros((0, rows))


def _contrasts(group: Group, rows: int, rng: np.random.Generator) -> Array:
    own = rng.permutation(group.unique)
    weights = np.zeros((max(len(own) - 1, 0), rows))
    for k in range(1, len(own)):
        weights[k - 1, own[:k]] = 1.0 / np.sqrt(k * (k + 1))
        weights[k - 1, own[k]] = -k / np.sqrt(k * (k + 1))
    return weights
