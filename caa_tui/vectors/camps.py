"""Do the stories of a concept fall into two camps? The best split into two groups, by their cosines."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

EXHAUSTIVE = 12
"""Up to this many stories every split is tried."""
POWER_STEPS = 30


def smallest_camp(count: int) -> int:
    """A quarter of the stories, at least 2, as a single one that differs is an odd story; with three stories 1."""
    return max(2, count // 4) if count > 3 else 1


def across_means(cosines: Array, masks: Mask) -> Array:
    """(groups,) mean cosine of the pairs across the camps; near 0 where camps are unrelated, at any strength."""
    inside = masks.astype(np.float64)
    sizes = inside.sum(axis=1)
    sums = np.einsum("gi,gij,gj->g", inside, cosines, 1.0 - inside, optimize=True)
    means: Array = sums / (sizes * (masks.shape[1] - sizes))
    return means


def best_splits(cosines: Array) -> tuple[Array, Mask]:
    """The split of each group into two camps with the largest gain.

    Gain: mean cosine of pairs within a camp minus mean cosine of pairs across. Every split is tried for up to
    `EXHAUSTIVE` stories; beyond, the stories are put in the order of the leading eigenvector of their centred cosines
    (Newman 2006) and every cut of that order is tried.

    Args:
        cosines: (groups, n, n), n >= 3.

    Returns:
        (groups,) gains and (groups, n) masks of the camp without story 0 (beyond `EXHAUSTIVE`: of either one).
    """
    count = cosines.shape[-1]
    return _exhaustive(cosines) if count <= EXHAUSTIVE else _sweep(cosines)


@lru_cache(maxsize=32)
def _all_splits(count: int) -> tuple[Mask, Array]:
    """(splits, n) masks, story 0 always False, and (pairs, splits) weights that turn cosines into gains."""
    codes = np.arange(1, 2 ** (count - 1))
    masks = np.zeros((len(codes), count), dtype=np.bool_)
    masks[:, 1:] = codes[:, None] >> np.arange(count - 1) & 1
    sizes = masks.sum(axis=1)
    masks = masks[(sizes >= smallest_camp(count)) & (count - sizes >= smallest_camp(count))]
    first, second = np.triu_indices(count, 1)
    same = (masks[:, first] == masks[:, second]).astype(np.float64)
    within = same.sum(axis=1, keepdims=True)
    across = same.shape[1] - within
    return masks, (same / within.clip(min=1.0) - (1.0 - same) / across).T


def _exhaustive(cosines: Array) -> tuple[Array, Mask]:
    masks, weights = _all_splits(cosines.shape[-1])
    first, second = np.triu_indices(cosines.shape[-1], 1)
    gains = cosines[:, first, second] @ weights
    best = gains.argmax(axis=1)
    return gains[np.arange(len(gains)), best], masks[best]


def _sweep(cosines: Array) -> tuple[Array, Mask]:
    count, groups = cosines.shape[-1], np.arange(len(cosines))
    off = cosines * (1.0 - np.eye(count))
    order = np.argsort(_leading(cosines), axis=1)
    ordered = off[groups[:, None, None], order[:, :, None], order[:, None, :]]
    corner = np.diagonal(ordered.cumsum(axis=1).cumsum(axis=2), axis1=1, axis2=2)
    rows, total = ordered.sum(axis=2).cumsum(axis=1), ordered.sum(axis=(1, 2))[:, None]
    sizes = np.arange(1, count + 1)
    across = rows - corner
    pairs_across = (sizes * (count - sizes)).astype(np.float64)
    pairs_within = count * (count - 1) - 2 * pairs_across
    gains = (total - 2 * across) / pairs_within - across / pairs_across.clip(min=1.0)
    least = smallest_camp(count)
    gains[:, : least - 1] = gains[:, count - least :] = -np.inf
    best = gains.argmax(axis=1)
    masks = np.zeros((len(cosines), count), dtype=np.bool_)
    np.put_along_axis(masks, order, sizes - 1 <= best[:, None], axis=1)
    return gains[groups, best], masks


def _leading(cosines: Array) -> Array:
    """(groups, n) approximate leading eigenvectors of the centred cosines, by power iteration.

    The matrices have no negative eigenvalues, so it climbs to the largest; where two are close any mix of them will do.
    """
    means = cosines.mean(axis=2, keepdims=True)
    centred = cosines - means - means.transpose(0, 2, 1) + means.mean(axis=1, keepdims=True)
    longest = np.diagonal(centred, axis1=1, axis2=2).argmax(axis=1)
    vectors = np.take_along_axis(centred, longest[:, None, None], axis=2)
    for _ in range(POWER_STEPS):
        vectors = centred @ (vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-300))
    return vectors[:, :, 0]
