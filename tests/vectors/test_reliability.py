"""Vectors that other stories would not give again."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from generated import LAYER, generate
from scipy.stats import t as student
from vector_data import corpus_rows, random_activations

from caa_tui.vectors.data import Activations
from caa_tui.vectors.flags import Flag
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.held_out import prophecy, split_half, stability
from caa_tui.vectors.reliability import LEAST_STABILITY, highest_stability, stories_for, unreliable_flags
from caa_tui.vectors.stories import LayerStories


def layers_of(acts: Activations) -> dict[int, LayerStories]:
    grouping = group_rows(acts.rows)
    return {layer: LayerStories.at(acts, grouping, layer) for layer in acts.layers}


def flags(acts: Activations) -> dict[str, Flag]:
    layers = layers_of(acts)
    stabilities = {
        concept: {str(layer): stability(stories, concept) for layer, stories in layers.items()}
        for concept in layers[acts.middle_layer].groups
    }
    found = unreliable_flags(acts.rows, layers[acts.middle_layer], stabilities, flag_layer=acts.middle_layer)
    return {flag.concept: flag for flag in found}


def test_few_texts_are_said_to_be_few() -> None:
    rows = corpus_rows({"joy": ["a", "b"], "sad": ["c"], "awe": ["d", "d"], "calm": ["e", "f", "g"]}, ["n", "o"])
    found = flags(random_activations(rows))
    assert {"joy", "sad", "awe"} <= found.keys()
    assert "sad has 1 different text: its vector is that story and nothing more. Write at least 2 more." in str(
        found["sad"].verdict
    )
    assert "Write at least 1 more." in found["joy"].verdict
    assert not any(found[name].confirmed for name in ("joy", "sad", "awe"))
    assert all("fewer than 3 texts" in str(found[name].caveat) for name in ("joy", "sad", "awe"))
    assert (found["sad"].value, found["awe"].stories) == (0.0, 2)
    assert found["sad"].evidence[0].reason == "is the only text"


def test_the_value_is_the_stability_at_every_layer() -> None:
    rows = corpus_rows({name: [f"{name}{i}" for i in range(5)] for name in ("joy", "sad", "awe")}, ["n", "o"])
    acts = random_activations(rows, seed=3)
    layers = layers_of(acts)
    for name, flag in flags(acts).items():
        for layer, stories in layers.items():
            halves = split_half(stories, name)
            assert halves is not None
            assert flag.by_layer[str(layer)] == pytest.approx(halves.full)
        assert flag.value == flag.by_layer[str(acts.middle_layer)]
        assert flag.value < flag.threshold == LEAST_STABILITY
        scores = [one.score for one in flag.evidence]
        assert scores == sorted(scores)


def test_the_limit_is_that_of_the_jackknife() -> None:
    layer = layers_of(generate(4, 6).acts)[LAYER]
    for name in ("joy00", "noise0", "camps1"):
        points = layer.differences(layer.groups[name].unique, name)
        units = points / np.linalg.norm(points, axis=1, keepdims=True)

        def mean_cosine(keep: list[int], units: np.ndarray = units) -> float:
            return float(np.mean([units[i] @ units[j] for i, j in itertools.combinations(keep, 2)]))

        without = np.array([mean_cosine([i for i in range(6) if i != gone]) for gone in range(6)])
        error = np.sqrt(5 / 6 * ((without - without.mean()) ** 2).sum())
        reach, value = student(5).ppf(0.95) * error, mean_cosine(list(range(6)))
        found = highest_stability(layer, name)
        assert found == pytest.approx(prophecy(min(max(value + reach, 0.0), 1.0), 6))


@pytest.mark.parametrize("stability", [0.07, 0.2, 0.33, 0.49])
def test_the_prophecy_is_the_smallest_number_that_is_enough(stability: float) -> None:
    needed = stories_for(stability, 5)
    assert needed is not None
    assert prophecy(stability, needed / 5) > LEAST_STABILITY
    assert prophecy(stability, (needed - 1) / 5) <= LEAST_STABILITY


def test_no_number_is_named_where_stories_share_nothing() -> None:
    assert stories_for(-0.1, 5) is None
    assert stories_for(0.0, 5) is None
    assert stories_for(0.01, 5) is None


def test_stable_concepts_are_not_flagged_and_noise_is_confirmed() -> None:
    stable, noise, confirmed = 0, 0, 0
    for seed in range(8):
        stable += sum(name.startswith("joy") for name in flags(generate(seed, 8, low=0.4, high=0.6).acts))
        found = [
            flag for name, flag in flags(generate(seed, 8, low=0, high=1e-12).acts).items() if name.startswith("joy")
        ]
        noise += len(found)
        confirmed += sum(flag.confirmed for flag in found)
    assert stable == 0
    assert noise >= 0.95 * 8 * 12
    assert confirmed >= 0.6 * 8 * 12


def test_what_is_just_stable_enough_is_hardly_ever_confirmed() -> None:
    """The truth is exactly at the limit: agreement 1 / (n + 1) has a stability of .5."""
    wrong, asked = 0, 0
    for seed, stories in itertools.product(range(8), (3, 5, 8, 12)):
        corpus = generate(seed, stories, low=1 / (stories + 1), high=1 / (stories + 1))
        found = flags(corpus.acts)
        names = [name for name in corpus.truths if name.startswith("joy")]
        asked += len(names)
        wrong += sum(name in found and found[name].confirmed for name in names)
    assert wrong <= 0.05 * asked
