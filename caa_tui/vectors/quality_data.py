"""The content of quality.json: the reference's keys first, then ours beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from caa_tui.vectors.flags import BucketName

ByLayer = dict[str, float | None]
"""str(layer) -> number, or None where it is not defined."""
Named = tuple[tuple[str, float], ...]
"""Names with their number, the largest first."""


class LayerQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One concept at one target layer. All keys are the reference's."""

    top3_variance_ratios: tuple[float, ...]
    """Share of the centred stories' variance along their first (up to) three principal components."""
    first_pc_variance_ratio: float
    """1.0 by construction for one or two stories."""
    story_projection_mean: float
    story_projection_std: float | None
    """Sample standard deviation (n - 1); None for one story."""
    story_projection_min: float
    story_projection_max: float
    story_alignment_mean: float
    """Mean cosine of (story - mean of the stories) with the vector; 0 for one story."""
    story_alignment_std: float | None
    best_neuron_idx: int | None
    """None when the layer has no MLP output projection."""
    best_neuron_cosine: float | None
    top5_neurons: tuple[tuple[int, float], ...] | None


class HeadQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Attention heads of one layer, ranked for one concept. All keys are the reference's."""

    n_heads: int
    head_dim: int
    top_heads: tuple[tuple[int, float, float | None], ...]
    """[head, length of its difference of means, that length over the spread of the negatives], largest ratio first."""
    head_concentration: float
    """Share of all heads' difference that the listed ones hold."""


class Combination(msgspec.Struct, frozen=True, kw_only=True):
    """Ridge regression of one vector on all others at one layer. All keys are the reference's."""

    r_squared: float
    residual_norm: float
    top_contributors: Named
    """Up to five concepts with their coefficients, largest |coefficient| first."""


class ConceptQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured about one concept; mappings are keyed by str(layer) unless said otherwise."""

    n_positive_stories: int
    per_layer: dict[str, LayerQuality]
    outlier_stories: Named
    """Texts of the two stories with the lowest alignment at the middle target layer; empty for one story."""
    nearest_concepts: Named
    """Up to five, by cosine at the middle target layer."""
    per_head: dict[str, HeadQuality] | UnsetType = UNSET
    """Layers with an attention output projection; absent when the model has none."""
    linear_combination: dict[str, Combination]

    outlier_paths: Named
    """`outlier_stories` by file."""
    nearest_concepts_by_layer: dict[str, Named]
    buckets: tuple[BucketName, ...]
    n_negatives: int
    stability: ByLayer = msgspec.field(default_factory=dict)
    """Expected cosine with the vector of as many other stories, from random halves (Spearman-Brown); empty in files of
    older versions."""
    too_few_stories: bool
    """Fewer than three different texts: spread, agreement and held-out numbers mean little or do not exist."""
    agreement: ByLayer
    """Mean pairwise cosine of the stories' differences to the negatives' mean."""
    agreement_chance: ByLayer
    """95th percentile of `agreement` over random groups of as many stories from this corpus."""
    held_out: ByLayer
    """Share of (story, negative) pairs told apart by the direction made without both; 0.5 is chance."""
    story_agreement: dict[str, ByLayer]
    """Path -> cosine of the story's difference with the direction of the concept's other texts."""
    raw_norms: ByLayer
    """Length of the difference of means before normalising."""


def read_quality(report: Mapping[str, object]) -> dict[str, ConceptQuality]:
    """The report, or the parsed content of our quality.json, as typed data.

    Raises:
        msgspec.ValidationError: a key is missing or of another type.
    """
    return msgspec.convert(report, dict[str, ConceptQuality])


def quality_bytes(report: Mapping[str, object]) -> bytes:
    """quality.json as the reference lays it out: indent 2, newline at the end; never NaN or Infinity."""
    return (json.dumps(report, indent=2, allow_nan=False) + "\n").encode()
