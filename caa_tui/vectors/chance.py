"""What the measures give when there is nothing to measure: pure noise, and random groups of stories."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.groups import Group, Grouping, Indexes
from caa_tui.vectors.stories import VARIANCE_FLOOR, LayerStories

Array = NDArray[np.float64]

CHANCE_PERCENTILE = 95.0
DRAWS = 200
_SEED = 20407
_CHUNK_ELEMENTS = 2_000_000


@lru_cache(maxsize=1024)
def noise_first_pc(stories: int, hidden_size: int) -> float:
    """Expected first-PC variance ratio of `stories` points of isotropic Gaussian noise in `hidden_size` dimensions.

    The centred Gram matrix of n points follows a Wishart law with n - 1 rows, which Bartlett's decomposition samples
    from an (n - 1) x (n - 1) triangle, however wide the model is. 1.0 for one or two stories.
    """
    if stories < 3:
        return 1.0
    size, freedom = min(stories - 1, hidden_size), max(stories - 1, hidden_size)
    draws = min(400, max(20, 100_000 // size**2))
    rng = np.random.default_rng(_SEED)
    triangle = np.tril(rng.standard_normal((draws, size, size)), -1)
    diagonal = np.sqrt(rng.chisquare(freedom - np.arange(size), (draws, size)))
    triangle[:, np.arange(size), np.arange(size)] = diagonal
    variances = np.linalg.eigvalsh(triangle @ triangle.transpose(0, 2, 1))
    return float((variances[:, -1] / variances.sum(axis=1)).mean())


def chance_agreement(layer: LayerStories, counts: frozenset[int]) -> dict[int, float | None]:
    """Number of stories -> the 95th percentile of agreement over random groups of that many texts of this corpus.

    Each random group is measured as a concept is: against the mean of all other texts and the baselines. None where
    there are not enough texts to draw from. The draws are the same every time.
    """
    grouping = layer.grouping
    gram = layer.gram[np.ix_(grouping.stories, grouping.stories)]
    everything = len(grouping.stories) + len(grouping.baselines)
    return {count: _percentile(gram, count, everything) if 1 < count < len(gram) else None for count in sorted(counts)}


def _percentile(gram: Array, count: int, everything: int) -> float:
    draws = _draws(len(gram), count)
    chunk = max(1, _CHUNK_ELEMENTS // count**2)
    values = [
        _agreements(gram[part[:, :, None], part[:, None, :]], everything - count)
        for part in (draws[start : start + chunk] for start in range(0, len(draws), chunk))
    ]
    return float(np.percentile(np.concatenate(values), CHANCE_PERCENTILE))


@lru_cache(maxsize=256)
def _draws(population: int, count: int) -> NDArray[np.intp]:
    """(DRAWS, count) row numbers, without repeats within a draw."""
    keys = np.random.default_rng(_SEED).random((DRAWS, population))
    return np.argpartition(keys, count - 1, axis=1)[:, :count]


def _agreements(gram: Array, rest: int) -> Array:
    """Mean pairwise cosine of each group's differences to the mean of the `rest`.

    Centred on the mean of everything, the rest sums to minus the group's sum, so the group's difference is
    c_i + sum(c) / rest and its inner products follow from the (draws, count, count) Gram blocks alone.
    """
    return mean_pairs(cosines_of(against_rest(gram, rest)))


def against_rest(gram: Array, rest: int) -> Array:
    """(groups, n, n) inner products of each group's differences to the mean of the `rest`, as `_agreements` says."""
    rows = gram.sum(axis=2)
    total = rows.sum(axis=1)[:, None, None]
    products: Array = gram + (rows[:, :, None] + rows[:, None, :]) / rest + total / rest**2
    return products


def cosines_of(products: Array) -> Array:
    """(groups, n, n) inner products -> cosines."""
    lengths = np.sqrt(np.diagonal(products, axis1=1, axis2=2).clip(min=VARIANCE_FLOOR**2))
    cosines: Array = products / (lengths[:, :, None] * lengths[:, None, :])
    return cosines


def mean_pairs(cosines: Array) -> Array:
    """(groups,) mean over the pairs of different stories of (groups, n, n) cosines."""
    count = cosines.shape[-1]
    means: Array = (cosines.sum(axis=(1, 2)) - np.trace(cosines, axis1=1, axis2=2)) / (count * (count - 1))
    return means


def random_cosines(gram: Array, count: int, rest: int | None, draws: int) -> Array:
    """(draws, count, count) cosines within random groups of the texts behind `gram`; the same ones every time.

    Args:
        rest: how many texts a group is compared with (see `_agreements`); None: the products are differences already.
    """
    keys = np.random.default_rng(_SEED + 1).random((draws, len(gram)))
    groups = np.argpartition(keys, count - 1, axis=1)[:, :count]
    products = gram[groups[:, :, None], groups[:, None, :]]
    return cosines_of(products if rest is None else against_rest(products, rest))


def upper_p(null: Array, value: float) -> float:
    """One-sided p-value by draws: (1 + draws at least as large) / (1 + draws), exact for exchangeable draws (Phipson
    and Smyth 2010)."""
    return (1 + int((null >= value - 1e-12).sum())) / (1 + len(null))


def held_out_scores(layer: LayerStories) -> dict[str, float | None]:
    """Concept -> share of (story, negative) pairs in which the story lies further along the concept's direction, with
    the direction made without either of them (ties count half): the leave-pair-out AUROC. 0.5 is chance.

    Leaving only the story out would not do: in a wide model a text's product with a mean that contains it is far from
    chance. None for fewer than two different texts on either side. All products come from the layer's Gram matrix.
    """
    gram, grouping = layer.gram, layer.grouping
    negative_products = gram @ grouping.negative_weights().T
    scores: dict[str, float | None] = {}
    for index, group in enumerate(grouping.groups):
        ids = grouping.text_ids[group.negatives]
        _, places, copies = np.unique(ids, return_inverse=True, return_counts=True)
        against = negative_products[:, index] * len(ids)
        defined = len(group.unique) > 1 and len(copies) > 1
        scores[group.concept] = _held_out(gram, against, group, copies[places]) if defined else None
    return scores


def _held_out(gram: Array, against: Array, group: Group, copies: Indexes) -> float:
    """Args:
    against: (rows,) inner product of each row with the sum of the negatives.
    copies: (negatives,) how often each one's text is among them.
    """
    stories, negatives = group.unique, group.negatives
    own, across = gram[np.ix_(stories, stories)], gram[np.ix_(negatives, stories)]
    others, rest = len(stories) - 1, len(negatives) - copies
    story_own = (own.sum(axis=1) - np.diag(own)) / others
    negative_own = (across.sum(axis=1, keepdims=True) - across) / others
    story_against = (against[stories] - copies[:, None] * across) / rest[:, None]
    negative_against = (against[negatives] - copies * np.diag(gram)[negatives]) / rest
    margins = story_own - story_against - negative_own + negative_against[:, None]
    return float((margins > 0).mean() + (margins == 0).mean() / 2)


def distinct_counts(grouping: Grouping) -> frozenset[int]:
    """How many different texts the concepts have."""
    return frozenset(len(group.unique) for group in grouping.groups)
