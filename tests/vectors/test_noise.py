"""The noise that nulls are made of: as long and as wide as the stories' own, without their concept."""

from __future__ import annotations

import numpy as np
import pytest
from generated import LAYER, generate
from vector_data import corpus_rows, random_activations

from caa_tui.vectors.chance import mean_pairs
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.noise import Contrasts, Noise
from caa_tui.vectors.stories import LayerStories


def layer_of(stories: int, seed: int = 0) -> LayerStories:
    corpus = generate(seed, stories)
    return LayerStories.at(corpus.acts, group_rows(corpus.acts.rows), LAYER)


def weights_of(layer: LayerStories) -> np.ndarray:
    """(contrasts, rows)."""
    return Contrasts.of(layer).of_columns(np.eye(len(layer.values))).T


def test_contrasts_are_orthonormal_and_blind_to_the_concept() -> None:
    layer = layer_of(5)
    weights = weights_of(layer)
    np.testing.assert_allclose(weights @ weights.T, np.eye(len(weights)), atol=1e-12)
    np.testing.assert_allclose(weights @ layer.grouping.positive_weights().T, 0.0, atol=1e-12)
    assert len(weights) == sum(len(group.unique) - 1 for group in layer.groups.values())


def test_power_is_the_noise_of_a_story() -> None:
    """The generator's noise and scenario effects have length 1 together; camps and odd stories add a little."""
    assert Noise.of(layer_of(12)).power == pytest.approx(1.0, abs=0.15)


def test_products_equal_those_of_the_contrasts_themselves() -> None:
    layer = layer_of(4)
    contrasts = weights_of(layer) @ layer.values
    noise = Noise.of(layer)
    np.testing.assert_allclose(noise.products, contrasts @ contrasts.T, atol=1e-9)
    vectors = (layer.grouping.positive_weights() - layer.grouping.negative_weights()) @ layer.values
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(noise.along, vectors @ contrasts.T, atol=1e-9)
    np.testing.assert_allclose(noise.between, vectors @ vectors.T, atol=1e-9)


@pytest.mark.parametrize("strength", [0.0, 0.2, 0.6])
def test_made_groups_agree_as_told(strength: float) -> None:
    made = Noise.of(layer_of(12)).groups(strength, np.zeros(8, dtype=np.intp))
    assert mean_pairs(made).mean() == pytest.approx(strength, abs=0.06)
    camps = Noise.of(layer_of(12)).groups(strength, np.repeat([0, 1], 4))
    assert camps[:, :4, 4:].mean() == pytest.approx(0.0, abs=0.06)


def test_too_few_stories_make_no_null() -> None:
    acts = random_activations(corpus_rows({"joy": ["a", "b"], "sad": ["c"]}, ["n"]), layers=(7,))
    noise = Noise.of(LayerStories.at(acts, group_rows(acts.rows), 7))
    assert noise.size == 1
    assert not noise.can_make(2)
