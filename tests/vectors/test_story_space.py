"""Story space against a text by text implementation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vector_data import corpora, random_activations

from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.story_space import MOST_LAYERS, spread_layers, story_stories, story_values


def naive_values(acts: Activations) -> np.ndarray:
    """One row after the other, each text of a scenario once."""
    texts = {row.scenario: {one.text for one in acts.rows if one.scenario == row.scenario} for row in acts.rows}
    lone = {row.scenario for row in acts.rows if row.scenario is None or len(texts[row.scenario]) == 1}
    lines = []
    for index, row in enumerate(acts.rows):
        parts = []
        for layer in acts.layers:
            values = np.asarray((acts.means or acts.residual)[layer], dtype=np.float64)
            units = values / np.linalg.norm(values, axis=1, keepdims=True)
            beside = {
                (one.scenario, one.text): units[at]
                for at, one in reversed(list(enumerate(acts.rows)))
                if (one.scenario in lone if row.scenario in lone else one.scenario == row.scenario)
            }
            part = units[index] - np.mean(list(beside.values()), axis=0)
            parts.append(part / max(np.linalg.norm(part), 1e-6))
        lines.append(np.concatenate(parts) / np.sqrt(len(parts)))
    return np.array(lines)


@given(corpora(shared_texts=True), st.integers(0, 99))
def test_it_is_the_mean_without_the_scene(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed, layers=(3, 7))
    np.testing.assert_allclose(story_values(acts), naive_values(acts), atol=2e-3)


@given(corpora(), st.integers(0, 99))
def test_the_whole_text_is_asked_where_it_is_known(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed, layers=(7,))
    means = random_activations(rows, seed=seed + 1, layers=(7,)).residual
    both = replace(acts, means=means)
    np.testing.assert_array_equal(story_values(both), story_values(replace(acts, residual=means)))


@given(corpora(), st.integers(0, 99), st.floats(0.01, 100))
def test_how_long_the_activations_are_says_nothing(rows: tuple[StoryRow, ...], seed: int, factor: float) -> None:
    acts = random_activations(rows, seed=seed, layers=(7,))
    longer = replace(acts, residual={7: (acts.residual[7] * factor).astype(np.float32)})
    gram, other = (story_stories(one, group_rows(rows)).gram for one in (acts, longer))
    np.testing.assert_allclose(gram, other, atol=2e-3)


@pytest.mark.parametrize("layers", [(5,), (9, 2, 4), tuple(range(MOST_LAYERS))])
def test_a_few_layers_are_all_used(layers: tuple[int, ...]) -> None:
    assert spread_layers(layers) == layers


def test_of_many_layers_some_are_used_evenly() -> None:
    found = spread_layers(tuple(reversed(range(60))))
    assert len(found) == MOST_LAYERS
    assert (found[0], found[-1]) == (0, 59)
    assert max(np.diff(found)) - min(np.diff(found)) <= 1
