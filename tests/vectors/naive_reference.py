"""The reference's formulas once more, one concept at a time and as plainly as possible: what ours must equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import Activations, Floats, StoryRow

Array = NDArray[np.float64]


def rows_of(rows: Sequence[StoryRow], concept: str) -> tuple[list[int], list[int]]:
    """Positive and negative row numbers of a concept."""
    positives = [i for i, row in enumerate(rows) if row.concept == concept]
    own = {rows[i].text for i in positives}
    negatives, seen = [], set(own)
    for i, row in enumerate(rows):
        if row.concept is not None and row.text not in seen:
            negatives.append(i)
            seen.add(row.text)
    negatives += [i for i, row in enumerate(rows) if row.concept is None and row.text not in own]
    return positives, negatives


def vector(rows: Sequence[StoryRow], values: Floats, concept: str) -> Array:
    positives, negatives = rows_of(rows, concept)
    points = values.astype(np.float64)
    difference = points[positives].mean(axis=0) - points[negatives].mean(axis=0)
    unit: Array = difference / max(float(np.linalg.norm(difference)), 1e-6)
    return unit


def layer_quality(points: Array, direction: Array, down: Floats) -> dict[str, object]:
    """`per_layer` of one concept at one layer; NaN where the reference gives NaN."""
    centred = points - points.mean(axis=0)
    ratios, aligned = [1.0], np.zeros(1)
    if len(points) >= 2:
        variances = np.linalg.svd(centred, compute_uv=False) ** 2
        ratios = list(variances / max(float(variances.sum()), 1e-12))
        aligned = np.array([c @ direction / max(float(np.linalg.norm(c)), 1e-6) for c in centred])
    projections = np.array([point @ direction for point in points])
    neurons = []
    for index in range(down.shape[1]):
        column = down[:, index].astype(np.float64)
        neurons.append((index, float(column @ direction / max(float(np.linalg.norm(column)), 1e-6))))
    neurons.sort(key=lambda neuron: -abs(neuron[1]))
    single = len(points) < 2
    return {
        "top3_variance_ratios": ratios[:3],
        "first_pc_variance_ratio": ratios[0],
        "story_projection_mean": projections.mean(),
        "story_projection_std": None if single else projections.std(ddof=1),
        "story_projection_min": projections.min(),
        "story_projection_max": projections.max(),
        "story_alignment_mean": aligned.mean(),
        "story_alignment_std": None if single else aligned.std(ddof=1),
        "best_neuron_idx": neurons[0][0],
        "best_neuron_cosine": neurons[0][1],
        "top5_neurons": neurons[:5],
    }


def ridge(vectors: dict[str, Array], concept: str) -> tuple[dict[str, float], Array]:
    """Coefficients of the other concepts, and what they leave of the vector."""
    others = np.array([one for name, one in vectors.items() if name != concept]).reshape(-1, len(vectors[concept]))
    alpha = np.linalg.solve(others @ others.T + 0.01 * np.eye(len(others)), others @ vectors[concept])
    names = [name for name in vectors if name != concept]
    return dict(zip(names, map(float, alpha), strict=True)), vectors[concept] - others.T @ alpha


def combination(vectors: dict[str, Array], concept: str) -> dict[str, object]:
    coefficients, residual = ridge(vectors, concept)
    length = float(vectors[concept] @ vectors[concept])
    return {
        "r_squared": 1 - residual @ residual / max(length, 1e-12),
        "residual_norm": np.linalg.norm(residual),
        "top_contributors": sorted(coefficients.items(), key=lambda pair: -abs(pair[1]))[:5],
    }


def heads(positives: Array, negatives: Array, count: int) -> dict[str, object]:
    width = positives.shape[1] // count
    found = []
    for head in range(count):
        part = slice(head * width, (head + 1) * width)
        norm = float(np.linalg.norm(positives[:, part].mean(axis=0) - negatives[:, part].mean(axis=0)))
        spread = None
        if len(negatives) > 1:
            spread = max(float(np.linalg.norm(negatives[:, part].std(axis=0, ddof=1))), 1e-6)
        found.append((head, norm, None if spread is None else norm / spread))
    found.sort(key=lambda one: -(one[1] if one[2] is None else one[2]))
    total = max(sum(norm for _, norm, _ in found), 1e-6)
    return {
        "n_heads": count,
        "head_dim": width,
        "top_heads": found[:10],
        "head_concentration": sum(norm for _, norm, _ in found[:10]) / total,
    }


def report(acts: Activations) -> dict[str, dict[str, object]]:
    """The reference's quality.json for all concepts."""
    concepts = sorted({row.concept for row in acts.rows if row.concept is not None})
    vectors = {layer: {c: vector(acts.rows, acts.residual[layer], c) for c in concepts} for layer in acts.layers}
    middle = acts.layers[len(acts.layers) // 2]
    result: dict[str, dict[str, object]] = {}
    for concept in concepts:
        positives, negatives = rows_of(acts.rows, concept)
        points = {layer: acts.residual[layer].astype(np.float64)[positives] for layer in acts.layers}
        attention = {layer: acts.attention[layer].values.astype(np.float64) for layer in acts.layers}
        cosines = [
            (name, float(v @ vectors[middle][concept])) for name, v in vectors[middle].items() if name != concept
        ]
        result[concept] = {
            "n_positive_stories": len(positives),
            "per_layer": {
                str(layer): layer_quality(points[layer], vectors[layer][concept], acts.down[layer])
                for layer in acts.layers
            },
            "outlier_stories": _outliers(acts, positives, points[middle], vectors[middle][concept]),
            "nearest_concepts": sorted(cosines, key=lambda pair: -pair[1])[:5],
            "per_head": {
                str(layer): heads(attention[layer][positives], attention[layer][negatives], acts.attention[layer].heads)
                for layer in acts.layers
            },
            "linear_combination": {str(layer): combination(vectors[layer], concept) for layer in acts.layers},
        }
    return result


def _outliers(acts: Activations, positives: list[int], points: Array, direction: Array) -> list[tuple[str, float]]:
    if len(positives) < 2:
        return []
    centred = points - points.mean(axis=0)
    aligned = [float(c @ direction / max(float(np.linalg.norm(c)), 1e-6)) for c in centred]
    lowest = sorted(zip(positives, aligned, strict=True), key=lambda pair: pair[1])[:2]
    return [(acts.rows[index].text, value) for index, value in lowest]


def buckets(quality: dict[str, dict[str, object]], middle: str) -> dict[str, list[str]]:
    """The summary the reference prints, from a quality.json."""
    found: dict[str, list[str]] = {
        name: [] for name in ("clean_single_neuron", "clean_circuit", "fragmented", "contaminated", "redundant")
    }
    for concept, entry in quality.items():
        layer = entry["per_layer"][middle]  # type: ignore[index]
        nearest = entry["nearest_concepts"]
        first, neuron = layer["first_pc_variance_ratio"], layer["best_neuron_cosine"] or 0.0
        if entry["linear_combination"][middle]["r_squared"] > 0.9:  # type: ignore[index]
            found["redundant"].append(concept)
        if (nearest[0][1] if nearest else 0.0) > 0.8:  # type: ignore[index]
            found["contaminated"].append(concept)
        elif first > 0.7 and abs(neuron) > 0.6:
            found["clean_single_neuron"].append(concept)
        elif first > 0.7:
            found["clean_circuit"].append(concept)
        elif first < 0.4:
            found["fragmented"].append(concept)
    return found
