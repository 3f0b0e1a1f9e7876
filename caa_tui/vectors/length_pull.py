"""Whether a vector reads how long a text is: the projection of all texts against their length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from caa_tui.corpus.text import count_words
from caa_tui.vectors.causes import Cause, Sign, limit, worst_first
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Group
from caa_tui.vectors.sentences import number
from caa_tui.vectors.stories import LayerStories
from caa_tui.wording import count

Array = NDArray[np.float64]

LEAST_CORRELATION = 0.4


def pull_causes(layer: LayerStories, rows: Sequence[StoryRow]) -> Iterator[Cause]:
    """The concepts whose vector ranks texts of the same name by their length.

    Partial Spearman correlation of the projection with the number of words over all different texts: from the ranks of
    both the means of each name and of each scenario are taken out (least squares), so what a concept or a scene does to
    both is gone. Two-sided p by Student's t with as many degrees of freedom as are left, less one.
    """
    grouping = layer.grouping
    texts = np.concatenate([grouping.stories, grouping.baselines])
    basis = _group_basis([rows[row] for row in texts])
    freedom = len(texts) - basis.shape[1] - 2
    if freedom < 1:
        return
    words = np.array([count_words(rows[row].text) for row in texts], dtype=np.float64)
    toward = grouping.positive_weights() - grouping.negative_weights()
    projections = toward @ layer.gram[:, texts]
    left = _ranks_left(words[None], basis)[0]
    correlations = _correlations(_ranks_left(projections, basis), left)
    for group, rho in zip(grouping.groups, correlations, strict=True):
        t = abs(rho) * np.sqrt(freedom / max(1 - rho**2, 1e-12))
        p = 2 * float(stdtr(freedom, -t))
        if abs(rho) >= LEAST_CORRELATION and p <= limit(len(grouping.groups)):
            yield _cause(group, float(rho), p, rows, words)


def _group_basis(rows: Sequence[StoryRow]) -> Array:
    """(texts, k) orthonormal basis of what is the same for all texts of a name or of a scenario."""
    columns = []
    for names in ([row.concept for row in rows], [row.scenario for row in rows]):
        numbers = np.unique([name or "" for name in names], return_inverse=True)[1]
        columns.append(np.eye(int(numbers.max()) + 1)[numbers] if len(rows) else np.zeros((0, 1)))
    left, lengths, _ = np.linalg.svd(np.concatenate(columns, axis=1), full_matrices=False)
    basis: Array = left[:, lengths > 1e-9 * max(float(lengths.max(initial=0.0)), 1.0)]
    return basis


def _ranks_left(values: Array, basis: Array) -> Array:
    """(n, texts) ranks of each line without their part in the basis."""
    ranks = np.array([_ranks(line) for line in values])
    left: Array = ranks - (ranks @ basis) @ basis.T
    return left


def _ranks(values: Array) -> Array:
    """Mid-ranks; `scipy.stats` would take a second to import."""
    _, places, times = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(times) - (times - 1) / 2)[places]
    return ranks


def _correlations(lines: Array, against: Array) -> Array:
    lengths = np.linalg.norm(lines, axis=1) * np.linalg.norm(against)
    products = lines @ against
    correlations: Array = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 1e-6)
    return correlations


def _cause(group: Group, rho: float, p: float, rows: Sequence[StoryRow], words: Array) -> Cause:
    middle = max(float(np.median(words)), 1.0)
    longer = rho > 0
    own = {int(row): count_words(rows[row].text) for row in group.unique}
    signs = [
        Sign(row, length / middle, f"has {count(length, 'word')}, and length moves this vector")
        for row, length in own.items()
    ]
    return Cause(
        kind="projection",
        concept=group.concept,
        share=0.5 + abs(rho) / 2,
        least=0.5 + LEAST_CORRELATION / 2,
        p=p,
        finding=f"of texts with the same name the {'longer' if longer else 'shorter'} ones lie further along its "
        f"vector (rank correlation with the number of words {number(rho)} over {count(len(words), 'text')})",
        advice="tell every story of every concept at about the same length",
        signs=worst_first(signs) if longer else worst_first(signs)[::-1],
    )
