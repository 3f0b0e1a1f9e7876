"""What the measures give when there is nothing to measure: pure noise, and random groups of stories."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.groups import Group, Grouping, Indexes
from caa_tui.vectors.stories import ROUNDING, VARIANCE_FLOOR, LayerStories

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
    stories = layer.grouping.stories
    everything = len(stories) + len(layer.grouping.baselines)
    return {
        count: _percentile(layer.gram, stories, count, everything) if 1 < count < len(stories) else None
        for count in sorted(counts)
    }


def _percentile(gram: Array, stories: Indexes, count: int, everything: int) -> float:
    draws = stories[random_sets(_SEED, DRAWS, len(stories), count)]
    chunk = max(1, _CHUNK_ELEMENTS // count**2)
    values = [
        _agreements(gram[part[:, :, None], part[:, None, :]], everything - count)
        for part in (draws[start : start + chunk] for start in range(0, len(draws), chunk))
    ]
    return float(np.percentile(np.concatenate(values), CHANCE_PERCENTILE))


def random_sets(seed: int, draws: int, population: int, count: int) -> Indexes:
    """(draws, count) row numbers, without repeats within a draw; a smaller count gives the first of a larger one's."""
    return _random_order(seed, draws, population, min(1 << (count - 1).bit_length(), population))[:, :count]


@lru_cache(maxsize=64)
def _random_order(seed: int, draws: int, population: int, most: int) -> Indexes:
    """(draws, most): the first `most` of each random order, the same whatever `most` is."""
    keys = np.random.default_rng(seed).random((draws, population))
    first = np.argpartition(keys, most - 1, axis=1)[:, :most]
    return np.take_along_axis(first, np.take_along_axis(keys, first, axis=1).argsort(axis=1), axis=1)


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


def random_groups(texts: Indexes, count: int, draws: int) -> Indexes:
    """(draws, count) of the texts, the same every time."""
    return texts[random_sets(_SEED + 1, draws, len(texts), count)]


def random_cosines(layer: LayerStories, count: int, draws: int) -> Array:
    """(draws, count, count) cosines within random groups of story texts, each compared with all others and the
    baselines (see `_agreements`)."""
    grouping = layer.grouping
    groups = random_groups(grouping.stories, count, draws)
    rest = len(grouping.stories) + len(grouping.baselines) - count
    return cosines_of(against_rest(layer.gram[groups[:, :, None], groups[:, None, :]], rest))


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
    return {name: None if own is None else float(own.mean()) for name, own in held_out_shares(layer).items()}


def held_out_shares(layer: LayerStories) -> dict[str, Array | None]:
    """Concept -> (texts,) the share of its negatives that each of its different texts is told from; their mean is the
    `held_out_scores`."""
    grouping = layer.grouping
    shares: dict[str, Array | None] = {}
    for against, group in zip(layer.against, grouping.groups, strict=True):
        ids = grouping.text_ids[group.negatives]
        copies = np.bincount(ids)
        defined = len(group.unique) > 1 and np.count_nonzero(copies) > 1
        shares[group.concept] = group_shares(layer.gram, against * len(ids), group, copies[ids]) if defined else None
    return shares


def group_shares(gram: Array, against: Array, group: Group, copies: Indexes) -> Array:
    """(texts,) as `held_out_shares`, of one group.

    Args:
        against: (rows,) inner product of each row with the sum of the negatives.
        copies: (negatives,) how often each one's text is among them.
    """
    stories, negatives = group.unique, group.negatives
    own, across = gram[np.ix_(stories, stories)], gram[stories][:, negatives]
    others, rest = len(stories) - 1, len(negatives) - copies
    story_own = (own.sum(axis=1) - np.diag(own)) / others
    negative_own = across.sum(axis=0) / others
    negative_against = (against[negatives] - copies * np.diag(gram)[negatives]) / rest
    # story_own - (against - copies * across) / rest - (sum of across - across) / others + negative_against
    margins = across * (copies / rest + 1 / others)
    margins += story_own[:, None]
    margins -= against[stories][:, None] / rest
    margins += negative_against - negative_own
    tie = ROUNDING * float(np.diag(gram)[negatives].mean())
    wins = np.count_nonzero(margins > tie, axis=1) + np.count_nonzero(margins >= -tie, axis=1)
    shares: Array = wins / (2 * len(negatives))
    return shares


def distinct_counts(grouping: Grouping) -> frozenset[int]:
    """How many different texts the concepts have."""
    return frozenset(len(group.unique) for group in grouping.groups)
