"""What the vectors look like beside each other and beside the model's own directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import Floats
from caa_tui.vectors.quality_data import Combination, Named
from caa_tui.vectors.stories import NORM_FLOOR, VARIANCE_FLOOR

Array = NDArray[np.float64]

RIDGE_LAMBDA = 0.01
"""The reference's penalty."""
NEIGHBOURS = 5
CONTRIBUTORS = 5
NEURONS = 5


def nearest_concepts(concepts: tuple[str, ...], vectors: Array) -> list[Named]:
    """For each row of the (concepts, hidden) unit vectors, up to five other concepts by cosine, nearest first."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    count = min(NEIGHBOURS, len(concepts) - 1)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return [tuple((concepts[j], float(cosines[i, j])) for j in row) for i, row in enumerate(order)]


@dataclass(frozen=True, slots=True)
class Ridge:
    """Every vector regressed on all others."""

    coefficients: Array
    """(concepts, concepts): row i explains vector i; its diagonal is 0."""
    r_squared: Array
    residual_norm: Array

    def combination(self, concepts: tuple[str, ...], index: int) -> Combination:
        row = self.coefficients[index]
        ranked = [j for j in np.argsort(-np.abs(row), kind="stable") if j != index][:CONTRIBUTORS]
        return Combination(
            r_squared=float(self.r_squared[index]),
            residual_norm=float(self.residual_norm[index]),
            top_contributors=tuple((concepts[j], float(row[j])) for j in ranked),
        )


def ridge(vectors: Array) -> Ridge:
    """The reference's ridge regression (lambda = 0.01) for all concepts from one inverse.

    With G = V V^T and P = (G + lambda I)^-1, block inversion gives concept i's coefficients as -P_ij / P_ii. The
    residual is V^T w with w = P_i / P_ii (w_i = 1), so its squared length is w^T G w.
    """
    gram = vectors @ vectors.T
    inverse = np.linalg.inv(gram + RIDGE_LAMBDA * np.eye(len(gram)))
    weights = inverse / np.diag(inverse)[:, None]
    residual = np.einsum("ij,ij->i", weights @ gram, weights).clip(min=0.0)
    coefficients = -weights
    np.fill_diagonal(coefficients, 0.0)
    r_squared = 1.0 - residual / np.diag(gram).clip(min=VARIANCE_FLOOR)
    return Ridge(coefficients, r_squared, np.sqrt(residual))


def nearest_neurons(vectors: Array, down: Floats) -> list[tuple[tuple[int, float], ...]]:
    """For each vector, the five MLP neurons whose output direction is most parallel to it, by |cosine|.

    Args:
        vectors: (concepts, hidden) unit vectors.
        down: (hidden, neurons) W_down; a column is what one neuron writes into the residual stream.
    """
    lengths = np.sqrt(np.einsum("ij,ij->j", down, down, dtype=np.float64)).clip(min=NORM_FLOOR)
    cosines = (vectors.astype(np.float32) @ np.asarray(down, dtype=np.float32)) / lengths
    count = min(NEURONS, cosines.shape[1])
    best = np.argpartition(-np.abs(cosines), count - 1, axis=1)[:, :count]
    return [_ranked(row, columns) for row, columns in zip(cosines, best, strict=True)]


def _ranked(cosines: Array, columns: NDArray[np.intp]) -> tuple[tuple[int, float], ...]:
    order = columns[np.lexsort((columns, -np.abs(cosines[columns])))]
    return tuple((int(j), float(cosines[j])) for j in order)
