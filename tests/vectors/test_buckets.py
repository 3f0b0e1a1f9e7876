"""The reference's bucket rules, at and around their limits."""

from __future__ import annotations

import naive_reference
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vector_data import corpora, random_activations

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.buckets import buckets_of, by_bucket
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.flags import BucketName
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.quality_data import Combination, LayerQuality, read_quality
from caa_tui.vectors.train import train_vectors


def layer(first_pc: float, neuron: float | None) -> LayerQuality:
    return LayerQuality(
        top3_variance_ratios=(first_pc,),
        first_pc_variance_ratio=first_pc,
        story_projection_mean=0.0,
        story_projection_std=None,
        story_projection_min=0.0,
        story_projection_max=0.0,
        story_alignment_mean=0.0,
        story_alignment_std=None,
        best_neuron_idx=None if neuron is None else 0,
        best_neuron_cosine=neuron,
        top5_neurons=None,
    )


@pytest.mark.parametrize(
    ("first_pc", "neuron", "nearest", "r_squared", "expected"),
    [
        (0.9, 0.7, 0.5, 0.5, ("clean_single_neuron",)),
        (0.9, -0.7, 0.5, 0.5, ("clean_single_neuron",)),
        (0.9, 0.6, 0.5, 0.5, ("clean_circuit",)),
        (0.9, None, 0.5, 0.5, ("clean_circuit",)),
        (0.7, 0.9, 0.5, 0.5, ()),
        (0.4, None, 0.5, 0.5, ()),
        (0.39, None, 0.8, 0.9, ("fragmented",)),
        (0.39, None, 0.81, 0.5, ("contaminated",)),
        (0.9, 0.9, 0.81, 0.91, ("contaminated", "redundant")),
        (0.5, None, None, 0.91, ("redundant",)),
    ],
)
def test_rules(
    first_pc: float, neuron: float | None, nearest: float | None, r_squared: float, expected: tuple[BucketName, ...]
) -> None:
    named = () if nearest is None else (("joy", nearest),)
    combination = Combination(r_squared=r_squared, residual_norm=1.0, top_contributors=())
    assert buckets_of(layer(first_pc, neuron), named, combination, Thresholds()) == expected


def test_limits_can_be_changed() -> None:
    limits = Thresholds(contaminated_above=0.4)
    assert buckets_of(layer(0.9, None), (("joy", 0.5),), None, limits) == ("contaminated",)


@given(corpora(), st.integers(0, 99))
def test_the_report_has_the_reference_buckets(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed)
    ours = read_quality(quality_report(acts, train_vectors(acts)))
    found = by_bucket({concept: entry.buckets for concept, entry in ours.items()})
    expected = naive_reference.buckets(naive_reference.report(acts), "7")
    assert {name: list(concepts) for name, concepts in found.items()} == expected
