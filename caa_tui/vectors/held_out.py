"""Held-out numbers of a concept as a whole: leave-one-scenario-out AUROC and split-half stability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Group, Indexes
from caa_tui.vectors.stories import VARIANCE_FLOOR, LayerStories

Array = NDArray[np.float64]

HALVES = 50
_SEED = 90001


@dataclass(frozen=True, slots=True)
class Stability:
    """Cosine of the directions made of two halves of the stories, over `HALVES` random divisions."""

    halves: float
    full: float
    """Spearman-Brown: the expected cosine of two whole sets of as many stories; no more than `halves` below 0."""


def split_half(layer: LayerStories, concept: str) -> Stability | None:
    """None for fewer than two different texts; with an odd number one story sits out each time.

    Both halves are compared with the same negatives, whose mean the differences share; that makes the cosine a little
    larger than two separate corpora would.
    """
    group = layer.groups[concept]
    half = len(group.unique) // 2
    if not half:
        return None
    products, own = layer.difference_products(concept), group.unique
    order = np.argsort(np.random.default_rng(_SEED).random((HALVES, len(own))), axis=1)
    left, right = (np.zeros((HALVES, len(own))) for _ in range(2))
    np.put_along_axis(left, order[:, :half], 1.0 / half, axis=1)
    np.put_along_axis(right, order[:, half : 2 * half], 1.0 / half, axis=1)
    lengths = np.sqrt(
        np.einsum("bi,bi->b", left @ products, left) * np.einsum("bi,bi->b", right @ products, right)
    ).clip(min=VARIANCE_FLOOR)
    mean = float((np.einsum("bi,bi->b", left @ products, right) / lengths).mean())
    return Stability(mean, prophecy(mean, len(own) / half) if mean > 0 else mean)


def stability(layer: LayerStories, concept: str) -> float | None:
    """Expected cosine with the vector of as many other stories; None for fewer than two different texts."""
    halves = split_half(layer, concept)
    return halves.full if halves else None


def prophecy(reliability: float, times: float) -> float:
    """Spearman (1910) and Brown (1910): the reliability of so many times as many stories.

    Args:
        reliability: 0 to 1.
    """
    return times * reliability / (1 + (times - 1) * reliability)


def scenario_out_scores(layer: LayerStories, rows: Sequence[StoryRow]) -> dict[str, float | None]:
    """Concept -> share of (story, negative) pairs in which the story lies further along a direction made without the
    scenarios of either (ties count half): the leave-one-scenario-out AUROC.

    A text without a scenario counts as one of its own. None where no pair leaves anything on both sides. Read it beside
    the leave-pair-out `held_out`: where it is far lower, the concept means a setting.
    """
    counts = scenario_out_counts(layer, rows)
    return {name: float(won.sum() / known.sum()) if known.any() else None for name, (won, known) in counts.items()}


def scenario_out_counts(layer: LayerStories, rows: Sequence[StoryRow]) -> dict[str, tuple[Array, Array]]:
    """Concept -> for each of its different texts the pairs of `scenario_out_scores` in which it lies further (ties
    count half), and how many pairs of it are known."""
    numbers: dict[str, int] = {}
    places = np.array([numbers.setdefault(_place(row), len(numbers)) for row in rows], dtype=np.intp)
    everything = np.concatenate([layer.grouping.stories, layer.grouping.baselines])
    inside = np.zeros((len(rows), len(numbers)))
    inside[everything, places[everything]] = 1.0
    by_place = layer.gram @ inside
    return {
        group.concept: _scenario_out(layer.gram, group, places, (inside, by_place)) for group in layer.grouping.groups
    }


def _place(row: StoryRow) -> str:
    return f"text {row.text_sha256 or row.text}" if row.scenario is None else f"in {row.scenario}"


def _scenario_out(gram: Array, group: Group, places: Indexes, everything: tuple[Array, Array]) -> tuple[Array, Array]:
    """In closed form: of the whole sums of products, those of the pair's two scenarios are taken away.

    Args:
        places: (rows,) scenario numbers.
        everything: (rows, scenarios) membership of all texts, and the products of each row with each scenario's sum.
    """
    own, against = group.unique, group.negatives
    rows = np.concatenate([own, against])
    inside, by_place = everything
    apart = np.ones(len(inside), dtype=np.bool_)
    apart[against] = False
    apart &= inside.any(axis=1)
    own_in = np.eye(inside.shape[1])[places[own]]
    sides = (
        (gram[np.ix_(rows, own)] @ own_in, own_in.sum(axis=0), 1.0),
        (by_place[rows] - gram[np.ix_(rows, apart)] @ inside[apart], inside[against].sum(axis=0), -1.0),
    )
    first, second = places[own], places[against]
    other = (first[:, None] != second).astype(np.float64)
    known = np.ones(other.shape, dtype=np.bool_)
    margins = np.zeros(other.shape)
    for products, sizes, sign in sides:
        left = sizes.sum() - sizes[first][:, None] - sizes[second] * other
        known &= left > 0
        ours, theirs = products[: len(own)], products[len(own) :]
        kept = ours.sum(axis=1) - ours[np.arange(len(own)), first]
        gone = theirs.sum(axis=1) - theirs[np.arange(len(against)), second]
        rest = kept[:, None] - ours[:, second] * other - gone + theirs[:, first].T * other
        margins += sign * rest / left.clip(min=1.0)
    wins = ((margins > 0) + (margins == 0) / 2) * known
    return wins.sum(axis=1), known.sum(axis=1).astype(np.float64)
