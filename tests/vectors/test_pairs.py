"""Products of true directions against loops over pairs of stories, and what the tests say of twins and blends."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from generated import LAYER, generate

from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.noise import Noise
from caa_tui.vectors.pairs import OWN_SHARE, PairTests
from caa_tui.vectors.stories import LayerStories


def pairs_of(seed: int, stories: int, **options: float) -> PairTests:
    corpus = generate(seed, stories, **options)  # type: ignore[arg-type]
    layer = LayerStories.at(corpus.acts, group_rows(corpus.acts.rows), LAYER)
    return PairTests(layer, corpus.acts.rows, Noise.of(layer))


@pytest.mark.parametrize("names", [("joy00", "joy00"), ("joy00", "blend0"), ("noise0", "duplicate1")])
def test_products_pair_stories_of_different_scenarios(names: tuple[str, str]) -> None:
    pairs = pairs_of(1, 5)
    layer, rows = pairs.layer, pairs.rows
    everything = np.concatenate([layer.grouping.stories, layer.grouping.baselines])
    points = layer.values - layer.values[everything].mean(axis=0)
    expected = [
        points[i] @ points[j]
        for i, j in itertools.product(*(layer.groups[name].unique for name in names))
        if i != j and rows[i].scenario != rows[j].scenario
    ]
    first, second = (pairs.concepts.index(name) for name in names)
    assert pairs.products[first, second] == pytest.approx(np.mean(expected))


def test_products_are_unbiased_in_the_number_of_stories() -> None:
    """Mean squared length of the ordinary directions: the same from 8 stories as from 30."""
    means = [
        np.mean([np.diag(pairs_of(seed, stories, low=0.3, high=0.3).products)[6:18].mean() for seed in range(6)])
        for stories in (8, 30)
    ]
    assert means[0] == pytest.approx(means[1], rel=0.12)


def test_twins_are_found_and_others_told_apart() -> None:
    pairs = pairs_of(4, 20, low=0.35)
    (nearest,) = pairs.nearest("duplicate0", 1)
    assert nearest.other == "duplicate1"
    assert nearest.cosine == pytest.approx(1.0, abs=0.1)
    assert nearest.distinct_p <= 0.05 < nearest.one_p
    (other,) = pairs.nearest("joy05", 1)
    assert other.one_p <= 0.05 < other.distinct_p


def test_blend_is_explained_by_its_parts() -> None:
    mix = pairs_of(4, 20, low=0.35).mix("blend0")
    assert mix is not None
    assert {name for name, _ in mix.parts} == {"joy00", "joy01"}
    assert mix.own == pytest.approx(0.0, abs=0.1)
    assert mix.own_p <= 0.05 < mix.mixed_p


def test_distinct_concept_keeps_most_of_itself() -> None:
    mix = pairs_of(4, 20, low=0.35).mix("joy05")
    assert mix is not None
    assert mix.own > 0.7 > OWN_SHARE
    assert mix.mixed_p <= 0.05 < mix.own_p


def test_share_left_over_is_that_of_least_squares() -> None:
    pairs = pairs_of(4, 12)
    mix = pairs.mix("joy05")
    assert mix is not None
    number = pairs.concepts.index("joy05")
    parts = [pairs.concepts.index(name) for name, _ in mix.parts]
    weights = np.array([weight for _, weight in mix.parts])
    square = pairs.products[number, number] - 2 * pairs.products[number, parts] @ weights
    square += weights @ pairs.products[np.ix_(parts, parts)] @ weights
    assert mix.own == pytest.approx(square / pairs.products[number, number])


def test_nothing_is_called_its_own_while_a_part_may_be_too_weak_to_measure() -> None:
    """A twin of noise strength: its product with the concept is beyond chance, its own with itself is not."""
    pairs = pairs_of(4, 8, low=0.35)
    weak, strong = pairs.concepts.index("duplicate1"), pairs.concepts.index("duplicate0")
    assert pairs.mix("duplicate0") is not None
    pairs = pairs_of(4, 8, low=0.35)
    pairs.products[weak, weak] = 0.0
    assert pairs.products[strong, weak] > 0.1
    assert pairs.mix("duplicate0") is None
    assert pairs.mix("joy05") is not None


def test_concepts_of_one_story_have_no_pair() -> None:
    pairs = pairs_of(0, 1)
    assert pairs.nearest("joy00") == ()
    assert pairs.mix("joy00") is None
