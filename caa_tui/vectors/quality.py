"""The quality report: everything the reference measures, at every target layer, and our own numbers beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from caa_tui.choices import DEFAULT_ESTIMATOR
from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.buckets import buckets_of
from caa_tui.vectors.chance import chance_agreement, distinct_counts, held_out_scores
from caa_tui.vectors.data import Activations, ConceptVectors, Floats
from caa_tui.vectors.directions import nearest_concepts, nearest_neurons, ridge
from caa_tui.vectors.estimator_scores import EstimatorScores
from caa_tui.vectors.groups import Group, Grouping, group_rows
from caa_tui.vectors.heads import head_rankings
from caa_tui.vectors.held_out import stability
from caa_tui.vectors.quality_data import Combination, ConceptQuality, HeadQuality, LayerQuality, Named
from caa_tui.vectors.stories import LayerStories, alignments, variance_ratios

Array = NDArray[np.float64]
Neurons = tuple[tuple[int, float], ...]

FEWEST_STORIES = 3
"""Below this the first-PC ratio is 1.0 by construction and one story decides the vector."""
OUTLIERS = 2


@dataclass(frozen=True, slots=True)
class _Layer:
    """All measures of one target layer, lists in the order of the concepts."""

    quality: list[LayerQuality]
    nearest: list[Named]
    combinations: list[Combination]
    heads: list[HeadQuality] | None
    agreement: list[float | None]
    chance: list[float | None]
    held_out: list[float | None]
    stability: list[float | None]
    story_agreement: list[Array]
    outliers: list[tuple[tuple[int, float], ...]]
    """Per concept (position among its positives, alignment), lowest first."""


def quality_report(
    acts: Activations, vectors: ConceptVectors, thresholds: Thresholds | None = None
) -> dict[str, dict[str, object]]:
    """Measure every concept at every target layer; JSON-ready, without NaN.

    Returns:
        Concept -> the fields of `ConceptQuality` as plain dicts, tuples, strings and numbers; None where a number is
        not defined (standard deviation of one story, a layer without MLP).
    """
    grouping = group_rows(acts.rows, concepts=vectors.concepts)
    layers = {layer: _measure_layer(acts, vectors, grouping, layer) for layer in acts.layers}
    report = {}
    for index, group in enumerate(grouping.groups):
        concept = _assemble(acts, layers, group, index, _raw_norms(vectors, index), thresholds or Thresholds())
        report[group.concept] = msgspec.to_builtins(concept)
    return report


def _raw_norms(vectors: ConceptVectors, index: int) -> dict[str, float | None]:
    """The concept's raw norm per layer; None where the vectors do not know it."""
    return {
        str(layer): float(vectors.raw_norms[layer][index]) if layer in vectors.raw_norms else None
        for layer in vectors.layers
    }


def _measure_layer(acts: Activations, vectors: ConceptVectors, grouping: Grouping, layer: int) -> _Layer:
    matrix = vectors.matrix[layer]
    stories = LayerStories.at(acts, grouping, layer)
    neurons: list[Neurons | None] = [None] * len(grouping.groups)
    down = acts.down.get(layer)
    if down is not None:
        neurons = list(nearest_neurons(matrix, down))
    inputs = acts.attention.get(layer)
    aligned = [alignments(stories.values[group.positives], v) for group, v in zip(grouping.groups, matrix, strict=True)]
    regression = ridge(matrix)
    chance = chance_agreement(stories, distinct_counts(grouping))
    raw = np.asarray(acts.residual[layer], dtype=np.float64)
    held_out = _held_out(acts, stories, layer)
    return _Layer(
        quality=[
            _layer_quality(stories.values[group.positives], raw[group.positives] @ matrix[i], aligned[i], neurons[i])
            for i, group in enumerate(grouping.groups)
        ],
        nearest=nearest_concepts(vectors.concepts, matrix),
        combinations=[regression.combination(vectors.concepts, i) for i in range(len(grouping.groups))],
        heads=None if inputs is None else head_rankings(inputs, grouping),
        agreement=[stories.agreement(group.concept) for group in grouping.groups],
        chance=[chance[len(group.unique)] for group in grouping.groups],
        held_out=[held_out[group.concept] for group in grouping.groups],
        stability=[stability(stories, group.concept) for group in grouping.groups],
        story_agreement=[stories.lean(group.positives, group.concept) for group in grouping.groups],
        outliers=[_lowest(values) if len(values) > 1 else () for values in aligned],
    )


def _held_out(acts: Activations, stories: LayerStories, layer: int) -> dict[str, float | None]:
    """By the estimator of the vectors, everything it makes of a text left out."""
    if acts.estimator == DEFAULT_ESTIMATOR:
        return held_out_scores(stories)
    scores = EstimatorScores.of(LayerStories.at(acts.plain, stories.grouping, layer), acts.rows)
    return {concept: found.every for concept, found in scores.by(acts.estimator).items()}


def _layer_quality(stories: Floats, projections: Array, aligned: Array, neurons: Neurons | None) -> LayerQuality:
    """`projections`: of the raw activations, as a readout server sees them."""
    ratios = variance_ratios(stories)
    return LayerQuality(
        top3_variance_ratios=tuple(float(ratio) for ratio in ratios[:3]),
        first_pc_variance_ratio=float(ratios[0]),
        story_projection_mean=float(projections.mean()),
        story_projection_std=_sample_std(projections),
        story_projection_min=float(projections.min()),
        story_projection_max=float(projections.max()),
        story_alignment_mean=float(aligned.mean()),
        story_alignment_std=_sample_std(aligned),
        best_neuron_idx=neurons[0][0] if neurons else None,
        best_neuron_cosine=neurons[0][1] if neurons else None,
        top5_neurons=neurons,
    )


def _assemble(
    acts: Activations,
    layers: Mapping[int, _Layer],
    group: Group,
    index: int,
    raw_norms: dict[str, float | None],
    thresholds: Thresholds,
) -> ConceptQuality:
    middle = layers[acts.middle_layer]
    rows = [acts.rows[row] for row in group.positives]
    heads = {str(layer): found.heads[index] for layer, found in layers.items() if found.heads is not None}
    return ConceptQuality(
        n_positive_stories=len(rows),
        per_layer={str(layer): found.quality[index] for layer, found in layers.items()},
        outlier_stories=tuple((rows[i].text, value) for i, value in middle.outliers[index]),
        nearest_concepts=middle.nearest[index],
        per_head=heads if acts.attention else UNSET,
        linear_combination={str(layer): found.combinations[index] for layer, found in layers.items()},
        outlier_paths=tuple((rows[i].path, value) for i, value in middle.outliers[index]),
        nearest_concepts_by_layer={str(layer): found.nearest[index] for layer, found in layers.items()},
        buckets=buckets_of(middle.quality[index], middle.nearest[index], middle.combinations[index], thresholds),
        n_negatives=len(group.negatives),
        too_few_stories=len(group.unique) < FEWEST_STORIES,
        agreement={str(layer): found.agreement[index] for layer, found in layers.items()},
        agreement_chance={str(layer): found.chance[index] for layer, found in layers.items()},
        held_out={str(layer): found.held_out[index] for layer, found in layers.items()},
        stability={str(layer): found.stability[index] for layer, found in layers.items()},
        story_agreement={
            row.path: {str(layer): _finite(found.story_agreement[index][i]) for layer, found in layers.items()}
            for i, row in enumerate(rows)
        },
        raw_norms=raw_norms,
    )


def _lowest(values: Array) -> tuple[tuple[int, float], ...]:
    return tuple((int(i), float(values[i])) for i in np.argsort(values, kind="stable")[:OUTLIERS])


def _sample_std(values: Array) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
