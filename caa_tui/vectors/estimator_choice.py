"""Which estimator tells held-out stories apart best, and how sure that is: said, never acted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from scipy.special import stdtrit

from caa_tui.choices import ESTIMATORS, Estimator
from caa_tui.errors import UserError
from caa_tui.vectors.data import Activations
from caa_tui.vectors.estimator_scores import EstimatorScores, HeldOut
from caa_tui.vectors.estimators import CENTRED, check_estimator
from caa_tui.vectors.flags import EstimatorScore
from caa_tui.vectors.groups import Grouping
from caa_tui.vectors.sentences import number
from caa_tui.vectors.stories import LayerStories

ALPHA = 0.05
"""A difference is called clear where one as large would come by chance at most this often, among all that are looked
at (Bonferroni)."""


def compare_estimators(acts: Activations, grouping: Grouping, layer: int) -> tuple[EstimatorScore, ...]:
    """All estimators at one layer, each beside the one of `acts`; those that the corpus cannot have say why."""
    scores = EstimatorScores.of(LayerStories.at(acts.plain, grouping, layer), acts.rows)
    refused = {name: _refusal(acts, name) for name in ESTIMATORS}
    found = {name: scores.by(name) for name in ESTIMATORS if not refused[name]}
    own = found.get(acts.estimator, {})
    return tuple(
        _score(name, found[name], own, len(found) - 1) if name in found else _refused(name, refused[name])
        for name in ESTIMATORS
    )


def estimator_notes(scores: Sequence[EstimatorScore], own: Estimator, layer: int) -> tuple[str, ...]:
    """What a report says of them: the best one, and what the estimator of the run leaves unsaid."""
    known = {score.estimator: score for score in scores if score.held_out is not None}
    notes = [_best_note(known, own, layer)] if own in known and len(known) > 1 else []
    if own in CENTRED:
        notes.append(
            f"With the estimator {own} nothing is said of what a number would be without a story: taking one out "
            "changes its scenario's mean as well. Take the file out and train again to see."
        )
    if own == "class-means":
        notes.append(
            "With the estimator class-means, agreement and the evidence still compare a story with the mean of all "
            "other texts, and nothing is said of what a number would be without a story."
        )
    return tuple(notes)


def _refusal(acts: Activations, estimator: Estimator) -> str:
    try:
        check_estimator(acts.rows, estimator)
    except UserError as error:
        return str(error)
    return ""


def _refused(estimator: Estimator, why: str) -> EstimatorScore:
    return EstimatorScore(estimator=estimator, held_out=None, refused=why)


def _score(
    estimator: Estimator, found: Mapping[str, HeldOut], own: Mapping[str, HeldOut], others: int
) -> EstimatorScore:
    """`others`: how many estimators are compared with the run's own."""
    every = {concept: one.every for concept, one in found.items() if one.every is not None}
    same = [one.same_scene for one in found.values() if one.same_scene is not None]
    differences = [value - base for concept, value in every.items() if (base := own[concept].every) is not None]
    error = stdev(differences) / len(differences) ** 0.5 if len(differences) > 1 else None
    difference = fmean(differences) if differences else None
    clear = False
    if difference is not None and error is not None and others:
        limit = float(stdtrit(len(differences) - 1, 1 - ALPHA / (2 * others)))
        clear = abs(difference) > limit * error
    return EstimatorScore(
        estimator=estimator,
        held_out=fmean(every.values()) if every else None,
        same_scene=fmean(same) if same else None,
        difference=difference,
        error=error,
        clear=clear,
    )


def _best_note(known: Mapping[str, EstimatorScore], own: Estimator, layer: int) -> str:
    ranked = sorted(known.values(), key=lambda score: -(score.held_out or 0.0))
    best, mine = ranked[0], known[own]
    if best.estimator == own:
        return (
            f"Held out at layer {layer}, {own}, which made these vectors, tells stories apart best of the estimators: "
            f"{_share(mine)} of the pairs; the next, {ranked[1].estimator}, {_share(ranked[1])}."
        )
    more = f"{_number(best.difference)} more, standard error {_number(best.error)}"
    if best.clear:
        return (
            f"Held out at layer {layer}, the estimator {best.estimator} tells {_share(best)} of the pairs of stories "
            f"apart and {own}, which made these vectors, {_share(mine)} ({more}); choose it for the next training to "
            "use it."
        )
    return (
        f"Held out at layer {layer}, no other estimator is clearly better than {own}, which made these vectors: "
        f"{_share(mine)} of the pairs of stories; the highest, {best.estimator}, {_share(best)} ({more})."
    )


def _share(score: EstimatorScore) -> str:
    return _number(score.held_out)


def _number(value: float | None) -> str:
    return "-" if value is None else number(value)
