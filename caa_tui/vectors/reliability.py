"""Flags for vectors that other stories would not give again: too few stories, stories that disagree, one setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from caa_tui.vectors.chance import cosines_of
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.flags import Evidence, Flag
from caa_tui.vectors.groups import Group
from caa_tui.vectors.held_out import prophecy
from caa_tui.vectors.quality_data import ByLayer
from caa_tui.vectors.sentences import number
from caa_tui.vectors.stories import LayerStories
from caa_tui.wording import count

Array = NDArray[np.float64]

LEAST_STABILITY = 0.5
FEWEST_TEXTS = 3
ALPHA = 0.05
_MOST_STORIES = 100
"""A number of stories above it is not named: the stories then hardly share a direction."""


def unreliable_flags(
    rows: Sequence[StoryRow], layer: LayerStories, stabilities: Mapping[str, ByLayer], *, flag_layer: int
) -> tuple[Flag, ...]:
    """Concepts with fewer than `FEWEST_TEXTS` different texts, or a `held_out.stability` under `LEAST_STABILITY`.

    Confirmed when the `highest_stability` is under that limit too.

    Args:
        layer: the activations at `flag_layer` as they were trained on.
        stabilities: concept -> its stability at every target layer.
    """
    flags = []
    for group in layer.grouping.groups:
        by_layer = stabilities[group.concept]
        value = by_layer[str(flag_layer)]
        if len(group.unique) < FEWEST_TEXTS or (value is not None and value < LEAST_STABILITY):
            flags.append(_unreliable(rows, layer, group, by_layer, flag_layer))
    return tuple(flags)


def highest_stability(layer: LayerStories, concept: str) -> float | None:
    """What lies above it is excluded at 5 %; None for fewer than three different texts.

    The mean pairwise cosine `a` of the stories' differences is a U-statistic; its standard error is the delete-one
    jackknife's (Arvesen 1969), its limit Student's t with n - 1 degrees of freedom. As an expected cosine of two sets
    of n: `n a / (1 + (n - 1) a)` (Spearman-Brown).
    """
    cosines = cosines_of(layer.difference_products(concept)[None])[0]
    size = len(cosines)
    if size < FEWEST_TEXTS:
        return None
    rows = cosines.sum(axis=1) - np.diag(cosines)
    total = float(rows.sum())
    without = (total - 2 * rows) / ((size - 1) * (size - 2))
    error = float(np.sqrt((size - 1) / size * ((without - without.mean()) ** 2).sum()))
    highest = total / (size * (size - 1)) + float(stdtrit(size - 1, 1 - ALPHA)) * error
    return prophecy(min(max(highest, 0.0), 1.0), size)


def stories_for(stability: float, texts: int) -> int | None:
    """How many stories a set needs for a stability over `LEAST_STABILITY`, those that are there included; None when no
    number up to `_MOST_STORIES` does."""
    if stability <= 0:
        return None
    odds = LEAST_STABILITY / (1 - LEAST_STABILITY)
    needed = floor(texts * odds * (1 - stability) / stability) + 1
    return needed if needed <= _MOST_STORIES else None


def _unreliable(
    rows: Sequence[StoryRow], layer: LayerStories, group: Group, by_layer: ByLayer, flag_layer: int
) -> Flag:
    value, highest = by_layer[str(flag_layer)], highest_stability(layer, group.concept)
    confirmed = highest is not None and highest < LEAST_STABILITY
    caveat = None
    if highest is None:
        caveat = f"With fewer than {FEWEST_TEXTS} texts there is no telling how far the vector may be off."
    elif not confirmed:
        caveat = f"The stories allow for a cosine up to {number(highest)}, so this may be chance."
    return Flag(
        kind="unreliable",
        concept=group.concept,
        layer=flag_layer,
        value=value or 0.0,
        threshold=LEAST_STABILITY,
        verdict=_unreliable_verdict(group, value),
        by_layer=by_layer,
        stories=len(group.positives),
        by_rule=False,
        confirmed=confirmed,
        caveat=caveat,
        evidence=_by_lean(rows, layer, group),
    )


def _unreliable_verdict(group: Group, value: float | None) -> str:
    texts = count(len(group.unique), "different text")
    if value is None:
        return f"{group.concept} has {texts}: its vector is that story and nothing more. Write at least 2 more."
    again = f"another {count(len(group.unique), 'story', 'stories')} would give a vector with a cosine of about "
    measured = f"{again}{number(value)} to this one"
    if len(group.unique) < FEWEST_TEXTS:
        return f"{group.concept} has {texts}: {measured}. Write at least {FEWEST_TEXTS - len(group.unique)} more."
    start = f"{group.concept} depends on which stories were written"
    needed = stories_for(value, len(group.unique))
    if needed is None:
        return f"{start}: {measured}. At this layer more such stories hardly help."
    more = count(max(needed - len(group.unique), 1), "more story", "more stories")
    return f"{start}: {measured}. About {more} of this kind would bring it over {number(LEAST_STABILITY)}."


def _by_lean(rows: Sequence[StoryRow], layer: LayerStories, group: Group) -> tuple[Evidence, ...]:
    """Every story by its cosine with the direction of the concept's others, the lowest first."""
    leans = layer.lean(group.positives, group.concept)
    ranked = sorted(zip(group.positives, leans, strict=True), key=lambda one: (np.nan_to_num(one[1], nan=0.0), one[0]))
    return tuple(
        _evidence(
            rows,
            int(row),
            0.0 if np.isnan(lean) else float(lean),
            "is the only text" if np.isnan(lean) else f"lies {number(float(lean))} along the direction of the others",
        )
        for row, lean in ranked
    )


def _evidence(rows: Sequence[StoryRow], row: int, score: float, reason: str) -> Evidence:
    story = rows[row]
    return Evidence(path=story.path, concept=story.concept or "", scenario=story.scenario, score=score, reason=reason)
