"""Flags for concepts that something other than their feeling tells apart: length, shared words, their name, their
words."""

from __future__ import annotations

from collections.abc import Sequence

from caa_tui.vectors.causes import Cause, Sign
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.flags import Evidence, Flag
from caa_tui.vectors.length_pull import pull_causes
from caa_tui.vectors.lengths import length_causes
from caa_tui.vectors.shared_words import shared_causes
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.word_choice import word_causes


def confounded_flags(
    rows: Sequence[StoryRow],
    layer: LayerStories,
    words: LayerStories,
    *,
    flag_layer: int,
    mean_pooling: bool = False,
) -> tuple[Flag, ...]:
    """At most one flag a concept, in the order of the groups, with all its causes; of a corpus without any at most 5 %
    have one (`causes.FALSE_ALARMS`).

    Args:
        layer: the activations at `flag_layer` as they were trained on.
        words: `word_stories` of the same rows and groups.
        mean_pooling: the vectors are means over tokens, so that the last words weigh little.
    """
    found = [
        *length_causes(rows, layer.grouping),
        *shared_causes(rows, layer.grouping, mean_pooling=mean_pooling),
        *pull_causes(layer, rows),
        *word_causes(layer, words),
    ]
    by_concept: dict[str, list[Cause]] = {}
    for cause in found:
        by_concept.setdefault(cause.concept, []).append(cause)
    return tuple(
        _flag(rows, by_concept[group.concept], len(group.positives), flag_layer)
        for group in layer.grouping.groups
        if group.concept in by_concept
    )


def _flag(rows: Sequence[StoryRow], causes: Sequence[Cause], stories: int, layer: int) -> Flag:
    ranked = sorted(causes, key=lambda cause: (-cause.share, cause.p))
    worst = ranked[0]
    findings = "; ".join(cause.finding for cause in ranked)
    advice = ", and ".join(dict.fromkeys(cause.advice for cause in ranked))
    return Flag(
        kind="confounded",
        concept=worst.concept,
        layer=layer,
        value=worst.share,
        threshold=worst.least,
        verdict=f"More than its feeling tells {worst.concept} apart: {findings}. {advice[0].upper()}{advice[1:]}.",
        by_layer={},
        stories=stories,
        by_rule=False,
        confirmed=True,
        evidence=_evidence(rows, ranked),
    )


def _evidence(rows: Sequence[StoryRow], causes: Sequence[Cause]) -> tuple[Evidence, ...]:
    """The stories that show the worst cause, then those that show the others only; each with all its reasons."""
    signs: dict[int, list[Sign]] = {}
    for cause in causes:
        for sign in cause.signs:
            signs.setdefault(sign.row, []).append(sign)
    return tuple(
        Evidence(
            path=rows[row].path,
            concept=causes[0].concept,
            scenario=rows[row].scenario,
            score=found[0].score,
            reason="; ".join(sign.reason for sign in found),
        )
        for row, found in signs.items()
    )
