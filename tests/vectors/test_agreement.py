"""Agreement's tests against loops over pairs, scenarios and really drawn groups."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from generated import LAYER, Generated, generate
from hypothesis import given
from hypothesis import strategies as st
from vector_data import corpora, corpus_rows, random_activations

from caa_tui.vectors.agreement import AgreementTests, resampled_interval
from caa_tui.vectors.chance import upper_p
from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.stories import LayerStories


def cosine(left: np.ndarray, right: np.ndarray) -> float:
    return float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))


def unique_rows(rows: tuple[StoryRow, ...], indexes: list[int]) -> list[int]:
    return list({rows[i].text: i for i in reversed(indexes)}.values())[::-1]


def measured(acts: Activations, layer: int) -> AgreementTests:
    return AgreementTests.of(LayerStories.at(acts, group_rows(acts.rows), layer), acts.rows)


def of_generated(corpus: Generated) -> AgreementTests:
    return measured(corpus.acts, LAYER)


@given(corpora(shared_texts=True), st.integers(0, 99))
def test_value_is_the_plain_agreement(rows: tuple[StoryRow, ...], seed: int) -> None:
    tests = measured(random_activations(rows, seed=seed), 7)
    for concept in tests.layer.groups:
        expected = tests.layer.agreement(concept)
        found = tests.concept(concept).value
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-7))


def test_interval_resamples_stories_and_pairs_no_story_with_itself() -> None:
    rng = np.random.default_rng(4)
    units = rng.standard_normal((7, 20)) + 1.0
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    values = []
    for _ in range(3000):
        drawn = rng.integers(7, size=7)
        pairs = [(i, j) for i, j in itertools.combinations(drawn, 2) if i != j]
        values.append(np.mean([units[i] @ units[j] for i, j in pairs]))
    low, high = resampled_interval(units @ units.T, 3000)
    assert (low, high) == pytest.approx(np.percentile(values, [5, 95]), abs=0.03)


def test_p_value_counts_the_observed_group() -> None:
    assert upper_p(np.zeros(99), 1.0) == 0.01
    assert upper_p(np.ones(99), 1.0) == 1.0


def test_p_value_of_random_groups_is_evenly_spread() -> None:
    """Concepts that are random groups of one cloud: the p-value is below .2 in about a fifth."""
    ps = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        rows = corpus_rows({f"c{i}": [f"{i} {j}" for j in range(5)] for i in range(10)})
        acts = Activations(rows, (0,), {0: rng.standard_normal((len(rows), 40)).astype(np.float32)})
        ps += [measured(acts, 0).concept(f"c{i}").p for i in range(10)]
    known = np.array([p for p in ps if p is not None])
    assert len(known) == 120
    assert (known <= 0.2).mean() == pytest.approx(0.2, abs=0.1)


def test_camps_are_found_with_their_files() -> None:
    corpus = generate(1, 20, low=0.45)
    tests = of_generated(corpus)
    for concept, expected in corpus.camps.items():
        split = tests.concept(concept).split
        assert split is not None
        found = {frozenset(corpus.acts.rows[row].path for row in camp) for camp in split.camps}
        assert found == set(expected)
        assert split.coherent_p is not None
        assert split.coherent_p <= 0.05


def test_one_text_and_two_texts() -> None:
    tests = measured(random_activations(corpus_rows({"joy": ["a"], "sad": ["b", "c"]}, ["n"]), layers=(7,)), 7)
    assert tests.concept("joy").value is None
    two = tests.concept("sad")
    assert two.value is not None
    assert (two.split, two.low, two.absent_p) == (None, None, None)
