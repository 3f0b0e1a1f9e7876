"""Is the change of a number between two runs more than any edit of as many stories would have made?

Training is deterministic, so there is no other noise than the choice of stories: the noise is how far the number moves
when the edited stories are replaced by others of the same kind (`vectors.edit_noise`; docs/method.md, "Two runs").
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Literal, TypeAlias

import msgspec

from caa_tui.errors import UserError
from caa_tui.runs.differences import settings_difference
from caa_tui.runs.edits import ConceptEdit, concept_edits
from caa_tui.runs.history import RunRecord
from caa_tui.vectors.flags import ConceptSummary
from caa_tui.wording import count, decimal

Pair: TypeAlias = tuple[float | None, float | None]
"""A number in the old and in the new run; None where a run has none."""
Score = Literal["agreement", "held_out", "nearest", "r_squared", "first_pc"]
Verdict = Literal["within noise", "as without the old", "more than noise", "too few stories"]

SCORES: dict[Score, str] = {
    "agreement": "agreement",
    "held_out": "held out",
    "nearest": "nearest",
    "r_squared": "R²",
    "first_pc": "first PC",
}
"""Every score of a concept, as it is called on screens."""
COUNTING = frozenset[Score]({"r_squared", "first_pc"})
"""Scores that move with the number of stories, whatever they say."""


class ScoreNoise(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be expected of one score's change."""

    half: float | None = None
    """Nine in ten edits of as many stories, with stories of the same kind, change it by no more than this; None for
    too few stories."""
    ordinary: float | None = None
    """The number with ordinary stories of the concept in place of the old ones; None where that is not known."""
    verdict: Verdict

    @property
    def is_more(self) -> bool:
        return self.verdict == "more than noise"


def scores_of(summary: ConceptSummary, key: str) -> dict[Score, float | None]:
    """At the layer `key`."""
    nearest = summary.nearest.get(key)
    return {
        "agreement": summary.agreement.get(key),
        "held_out": summary.held_out.get(key),
        "nearest": nearest[1] if nearest else None,
        "r_squared": summary.r_squared.get(key),
        "first_pc": summary.first_pc.get(key),
    }


def comparable_edits(old: RunRecord, new: RunRecord) -> dict[str, ConceptEdit]:
    """Concept -> what became of its stories, where that is all the runs differ in; else, and for damaged runs, nothing,
    since the noise of an edit says nothing of other settings."""
    same_layer = old.flags is not None and new.flags is not None and old.flags.layer == new.flags.layer
    try:
        return concept_edits(old, new) if same_layer and not settings_difference(old, new) else {}
    except UserError:
        return {}


def change_noise(
    before: ConceptSummary, after: ConceptSummary, key: str, edits: Mapping[str, ConceptEdit]
) -> dict[Score, ScoreNoise]:
    """Score -> noise of its change, for a concept whose stories were edited.

    Both summaries speak of the flag layer `key`. A score has no noise where a report does not know it (an older
    version), the nearest cosine none where another concept is the nearest now, and R² and the first-PC ratio none where
    the number of stories changed, which moves them by itself.
    """
    found = ((score, _score_noise(before, after, key, edits, score)) for score in SCORES)
    return {score: noise for score, noise in found if noise is not None}


def _score_noise(
    before: ConceptSummary, after: ConceptSummary, key: str, edits: Mapping[str, ConceptEdit], score: Score
) -> ScoreNoise | None:
    edit, was, now = edits.get(before.concept), scores_of(before, key)[score], scores_of(after, key)[score]
    if edit is None or was is None or now is None or (score in COUNTING and edit.old != edit.new):
        return None
    others = _neighbour_variance(before, after, key, edits) if score == "nearest" else 0.0
    if others is None or not (edit.touched or others):
        return None
    own = _story_noise(before, after, score, edit)
    if own is not None:
        return _judged(was, now, _ordinary(before, score, was, edit), own, others, edit)
    few = score not in COUNTING and (score in before.noise or score in after.noise)
    return ScoreNoise(verdict="too few stories") if few else None


def _judged(was: float, now: float, ordinary: float | None, own: float, others: float, edit: ConceptEdit) -> ScoreNoise:
    """Args:
    own: the half width for a single story, and `others` the variance that edits of the neighbour add.
    """
    half = sqrt(own**2 * edit.variance + others)
    if abs(now - was) <= half:
        return ScoreNoise(half=half, ordinary=ordinary, verdict="within noise")
    if ordinary is not None:
        beyond = sqrt(own**2 * max(1 / edit.kept - 1 / edit.new, 0.0) + others)
        further = (now - ordinary) * (now - was) > 0 and abs(now - ordinary) > beyond
        # Without new texts the number is that of the texts that are left, up to the approximation of `ordinary`.
        if edit.new == edit.kept or not further:
            return ScoreNoise(half=half, ordinary=ordinary, verdict="as without the old")
    return ScoreNoise(half=half, ordinary=ordinary, verdict="more than noise")


def _story_noise(before: ConceptSummary, after: ConceptSummary, score: str, edit: ConceptEdit) -> float | None:
    """Half width of a single story's part, of which a report has sqrt(2) / n for one replaced story of n: that of the
    old run, of the new one after a report of an older version. None where either run has too few stories."""
    reports = ((before.noise, edit.old), (after.noise, edit.new))
    known = [(noise[score], stories) for noise, stories in reports if score in noise]
    if not known or None in (noise for noise, _ in known):
        return None
    noise, stories = known[0]
    return None if noise is None else noise * stories / sqrt(2)


def _neighbour_variance(
    before: ConceptSummary, after: ConceptSummary, key: str, edits: Mapping[str, ConceptEdit]
) -> float | None:
    """What edits of the nearest concept's stories add; None where it is another one now, or that is not known."""
    was, now = before.nearest.get(key), after.nearest.get(key)
    if was is None or now is None or was[0] != now[0]:
        return None
    edit = edits.get(now[0])
    if edit is None or not edit.touched:
        return 0.0
    noise = _story_noise(before, after, "nearest_neighbour", edit)
    return None if noise is None else noise**2 * edit.variance


def _ordinary(before: ConceptSummary, score: str, was: float, edit: ConceptEdit) -> float | None:
    """The sum of what the old stories held back, to first order; None where most of them went: nobody chose them."""
    gains = [before.gains.get(path, {}).get(score) for path in edit.gone]
    known = [gain for gain in gains if gain is not None]
    if not gains or len(known) < len(gains) or 2 * len(gains) > edit.old:
        return None
    return was + (edit.old - 1) / (edit.old - len(gains)) * sum(known)


def change_words(score: Score, pair: Pair, noise: ScoreNoise | None, gone: int) -> str:
    """`agreement .31 to .44 (more than the noise of ±.05)`; the two numbers alone where there is no noise.

    Args:
        gone: how many of the old run's texts the new one has not.
    """
    words = f"{SCORES[score]} {decimal(pair[0])} to {decimal(pair[1])}"
    return words if noise is None else f"{words} ({_noise_words(noise, gone)})"


def _noise_words(noise: ScoreNoise, gone: int) -> str:
    match noise.verdict:
        case "too few stories":
            return "too few stories to know the noise"
        case "within noise":
            return f"within the noise of ±{decimal(noise.half)}"
        case "more than noise":
            return f"more than the noise of ±{decimal(noise.half)}"
        case "as without the old":
            texts = "the old text" if gone == 1 else f"the {count(gone, 'old text')}"
            return f"noise ±{decimal(noise.half)}, but {decimal(noise.ordinary)} without {texts}"
