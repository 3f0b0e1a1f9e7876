"""Activations to concept vectors: unit(mean of a concept's stories - mean of the rest), or another estimator's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from caa_tui.choices import DEFAULT_ESTIMATOR, Estimator
from caa_tui.corpus.model import NO_STORY
from caa_tui.errors import UserError
from caa_tui.vectors.data import Activations, ConceptVectors, StoryRow
from caa_tui.vectors.estimators import check_estimator, difference_weights, estimated_values
from caa_tui.vectors.groups import Grouping, group_rows
from caa_tui.wording import count, listed_paths

SMALLEST_DIFFERENCE = 1e-6
"""The reference's clamp: a shorter difference of means would not become a unit vector there."""


def train_vectors(acts: Activations, min_positives: int = 1) -> ConceptVectors:
    """Difference of means per concept and layer, as `acts.estimator` makes it, normalised; sums in float64.

    A text that stands in two files of a concept counts twice among its positives; negatives are the different texts of
    the other concepts plus every baseline. Source: the reference trainer, `main`.

    Raises:
        UserError: the corpus cannot be trained (`check_trainable`), an activation is not finite, or a concept's mean
            equals the mean of what it is compared with.
    """
    check_trainable(acts.rows, min_positives, acts.estimator)
    grouping = group_rows(acts.rows, min_positives=min_positives)
    contrast = difference_weights(acts.rows, grouping, acts.estimator)
    matrix: dict[int, NDArray[np.float64]] = {}
    raw_norms: dict[int, NDArray[np.float64]] = {}
    for layer in acts.layers:
        _require_finite(acts, layer)
        difference = contrast @ estimated_values(acts, layer)
        norms = np.linalg.norm(difference, axis=1)
        _require_difference(acts.rows, grouping, norms, layer)
        matrix[layer] = difference / norms[:, None]
        raw_norms[layer] = norms
    concepts = tuple(group.concept for group in grouping.groups)
    return ConceptVectors(concepts=concepts, layers=acts.layers, matrix=matrix, raw_norms=raw_norms)


def left_out(acts: Activations, min_positives: int = 1) -> dict[str, str]:
    """Concepts that get no vector -> why; their stories still serve as negatives of the others."""
    counts = _story_counts(acts.rows)
    return {
        concept: f"{count(stories, 'story', 'stories')}, and {min_positives} are needed"
        for concept, stories in sorted(counts.items())
        if stories < min_positives
    }


def check_trainable(
    rows: Sequence[StoryRow], min_positives: int = 1, estimator: Estimator = DEFAULT_ESTIMATOR
) -> tuple[str, ...]:
    """Say what the corpus lacks before any model is loaded.

    Returns:
        Sentences about what the vectors will not be able to say; training may go on.

    Raises:
        UserError: no vector could be made: no story, no concept with enough stories, a concept with nothing to
            compare it with, or not what the estimator needs.
    """
    counts = _story_counts(rows)
    if not counts:
        raise UserError(NO_STORY)
    grouping = group_rows(rows, min_positives=min_positives)
    if not grouping.groups:
        best, most = min(counts.items(), key=lambda item: (-item[1], item[0]))
        raise UserError(
            f"No concept has {min_positives} stories (the most is {best} with {most}); "
            "write more stories or lower --min-positives."
        )
    for group in grouping.groups:
        if len(group.negatives) == 0:
            raise UserError(_nothing_to_compare(rows, group.concept, len(counts)))
    check_estimator(rows, estimator)
    return contrast_notes(rows)


def contrast_notes(rows: Sequence[StoryRow]) -> tuple[str, ...]:
    """What the vectors cannot say because there are no baselines; empty when there are.

    With no baselines every vector lies in the span of the others: over concepts of n_e stories out of n, the sum of
    n_e * (n - n_e) * raw_norm_e * v_e is 0. Two concepts then give one axis with two signs; that is the classical
    contrast of two lists, so it is allowed.
    """
    if any(row.concept is None for row in rows):
        return ()
    counts = _story_counts(rows)
    if len(counts) == 2:
        first, second = sorted(counts)
        return (
            f"There are no baselines and only two concepts, so the vectors of {first} and {second} are exact opposites "
            "by construction; add baselines or a third concept to tell them from everything else.",
        )
    return (
        "There are no baselines, so every vector is a mix of the others by construction and the redundant rule flags "
        "nearly every concept; add a baseline.txt to each scenario.",
    )


def _nothing_to_compare(rows: Sequence[StoryRow], concept: str, concepts: int) -> str:
    paths = _paths([row for row in rows if row.concept == concept])
    if concepts == 1:
        return (
            f"Only {concept} has stories and there is no baseline, so there is nothing to compare it with; "
            "add stories of another concept or a baseline.txt in a scenario."
        )
    return (
        f"Every other story and baseline has the same text as a story of {concept} ({paths}), so there is nothing to "
        "compare it with; rewrite one of them or add a baseline."
    )


def _require_finite(acts: Activations, layer: int) -> None:
    broken = np.flatnonzero(~np.isfinite(acts.residual[layer]).all(axis=1))
    if len(broken):
        paths = _paths([acts.rows[index] for index in broken])
        raise UserError(
            f"The model's numbers overflow at layer {layer} for {paths}; train with --dtype bf16 or --dtype fp32."
        )


def _require_difference(rows: Sequence[StoryRow], grouping: Grouping, norms: NDArray[np.float64], layer: int) -> None:
    for group, norm in zip(grouping.groups, norms, strict=True):
        if norm < SMALLEST_DIFFERENCE:
            paths = _paths([rows[index] for index in group.positives])
            raise UserError(
                f"At layer {layer} the stories of {group.concept} ({paths}) read exactly like everything they are "
                "compared with; make them differ within the part the model reads, or raise --max-length."
            )


def _story_counts(rows: Sequence[StoryRow]) -> Counter[str]:
    return Counter(row.concept for row in rows if row.concept is not None)


def _paths(rows: Sequence[StoryRow]) -> str:
    return listed_paths([row.path for row in rows])
