"""Which attention heads tell a concept from the rest, from the input of the attention output projection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import HeadInputs
from caa_tui.vectors.groups import Grouping
from caa_tui.vectors.quality_data import HeadQuality
from caa_tui.vectors.stories import NORM_FLOOR

Array = NDArray[np.float64]

TOP_HEADS = 10


def head_rankings(inputs: HeadInputs, grouping: Grouping) -> list[HeadQuality] | None:
    """Rank one layer's heads for every concept by difference of means over the spread of the negatives.

    All concepts come from one pass of weighted sums and sums of squares. Source: the reference,
    `_compute_per_head_ranking`. None when the width is not a multiple of the number of heads.
    """
    width = inputs.values.shape[1]
    if inputs.heads < 1 or width % inputs.heads:
        return None
    # Centring first keeps the sum of squares from cancelling where a head's mean is far larger than its spread.
    values = np.asarray(inputs.values, dtype=np.float64)
    values = values - values.mean(axis=0)
    negative_weights = grouping.negative_weights()
    negative_means = negative_weights @ values
    difference = grouping.positive_weights() @ values - negative_means
    variance = (negative_weights @ (values * values) - negative_means**2).clip(min=0.0)
    norms = np.sqrt(_per_head(difference**2, inputs.heads))
    counts = np.array([len(group.negatives) for group in grouping.groups], dtype=np.float64)
    spread = np.sqrt(_per_head(variance, inputs.heads) * (counts / (counts - 1).clip(min=1.0))[:, None])
    return [
        _rank(norms[i], spread[i].clip(min=NORM_FLOOR) if counts[i] > 1 else None, width // inputs.heads)
        for i in range(len(counts))
    ]


def _per_head(values: Array, heads: int) -> Array:
    """(concepts, width) -> (concepts, heads): sum within each head."""
    summed: Array = values.reshape(len(values), heads, -1).sum(axis=2)
    return summed


def _rank(norms: Array, spread: Array | None, head_dim: int) -> HeadQuality:
    """`spread` None: one negative has no spread; heads are then ranked by their difference alone."""
    selectivity = norms if spread is None else norms / spread
    top = np.argsort(-selectivity, kind="stable")[:TOP_HEADS]
    return HeadQuality(
        n_heads=len(norms),
        head_dim=head_dim,
        top_heads=tuple((int(h), float(norms[h]), None if spread is None else float(selectivity[h])) for h in top),
        head_concentration=float(norms[top].sum() / max(float(norms.sum()), NORM_FLOOR)),
    )
