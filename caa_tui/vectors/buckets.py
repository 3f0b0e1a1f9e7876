"""The reference's buckets: its rules, its middle target layer, changeable limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.flags import BucketName
from caa_tui.vectors.quality_data import Combination, LayerQuality, Named

BUCKETS: tuple[BucketName, ...] = get_args(BucketName)


def buckets_of(
    quality: LayerQuality, nearest: Named, combination: Combination | None, thresholds: Thresholds
) -> tuple[BucketName, ...]:
    """The buckets of one concept from its numbers at the middle target layer.

    Redundant stands beside the others; of those the first that fits wins: contaminated, clean by a single neuron,
    clean by a small circuit, fragmented. A concept can be in none.
    """
    found: list[BucketName] = []
    first_pc = quality.first_pc_variance_ratio
    if nearest and nearest[0][1] > thresholds.contaminated_above:
        found.append("contaminated")
    elif first_pc > thresholds.clean_above and abs(quality.best_neuron_cosine or 0.0) > thresholds.single_neuron_above:
        found.append("clean_single_neuron")
    elif first_pc > thresholds.clean_above:
        found.append("clean_circuit")
    elif first_pc < thresholds.fragmented_below:
        found.append("fragmented")
    if combination is not None and combination.r_squared > thresholds.redundant_above:
        found.append("redundant")
    return tuple(found)


def by_bucket(buckets: Mapping[str, tuple[BucketName, ...]]) -> dict[str, tuple[str, ...]]:
    """Concept -> buckets turned round: every bucket, also an empty one, -> its concepts in the order given."""
    return {name: tuple(concept for concept, found in buckets.items() if name in found) for name in BUCKETS}
