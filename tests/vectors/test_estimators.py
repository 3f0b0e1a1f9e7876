"""Every estimator against its definition text by text, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_estimators import naive_difference, told_once, unpaired
from vector_data import activations, corpora, corpus_rows, random_activations, row

from caa_tui.choices import DEFAULT_ESTIMATOR, ESTIMATORS, Estimator
from caa_tui.errors import UserError
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.estimators import NEUTRAL_SHARE, estimated_values, leading_weights
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.quality_data import read_quality
from caa_tui.vectors.train import check_trainable, train_vectors

PLACES = st.frozensets(st.sampled_from(["s0", "s1", "s2", "s3"]), max_size=2)
PAIRED = corpus_rows({"joy": ["j0", "j1"], "sad": ["s0", "s1"]}, ["b0", "b1"])


@settings(max_examples=80)
@given(corpora(shared_texts=True), PLACES, st.sampled_from(ESTIMATORS), st.integers(0, 99))
def test_vectors_are_the_definition_text_by_text(
    rows: tuple[StoryRow, ...], places: frozenset[str], estimator: Estimator, seed: int
) -> None:
    files = told_once(unpaired(rows, places))
    acts = replace(random_activations(files, seed=seed), estimator=estimator)
    points = {one.text: acts.residual[7][i].astype(np.float64) for i, one in enumerate(files)}
    try:
        vectors = train_vectors(acts)
    except UserError:
        return
    for index, concept in enumerate(vectors.concepts):
        expected = naive_difference(files, points, concept, estimator)
        assert vectors.raw_norms[7][index] == pytest.approx(np.linalg.norm(expected), abs=1e-9)
        np.testing.assert_allclose(vectors.matrix[7][index], expected / np.linalg.norm(expected), atol=1e-7)


def test_a_story_told_twice_counts_twice_as_before() -> None:
    """Only the mean that is subtracted counts texts; class-means changes that one alone."""
    rows = corpus_rows({"joy": ["j0", "j1", "j0"], "sad": ["s0"], "awe": ["a0", "a1"]})
    points = {
        text: np.array(at, dtype=float)
        for text, at in zip(["j0", "j1", "s0", "a0", "a1"], [[3, 0], [0, 3], [1, 1], [2, 5], [4, 5]], strict=True)
    }
    vectors = train_vectors(replace(activations(rows, points), estimator="class-means"))
    # mean of joy (2, 1), of sad (1, 1), of awe (3, 5): (2, 1) - (2, 3).
    assert vectors.raw_norms[3][vectors.concepts.index("joy")] == pytest.approx(2)
    np.testing.assert_allclose(vectors.matrix[3][vectors.concepts.index("joy")], [0, -1], atol=1e-12)


def test_what_a_scenario_adds_to_its_texts_is_gone() -> None:
    acts = random_activations(PAIRED, seed=4)
    place = np.array([1.0 if one.scenario == "s1" else 0.0 for one in PAIRED], dtype=np.float32)
    moved = replace(acts, residual={layer: values + 9 * place[:, None] for layer, values in acts.residual.items()})
    before, after = (train_vectors(replace(one, estimator="scenario-centred")) for one in (acts, moved))
    np.testing.assert_allclose(after.matrix[5], before.matrix[5], atol=1e-5)


def test_a_scenario_of_one_name_keeps_what_it_tells() -> None:
    """Centred on itself it would be nothing; it is centred on all texts instead."""
    rows = (*PAIRED, row("paired/alone/awe.txt", "a0"))
    acts = replace(random_activations(rows, seed=1), estimator="scenario-centred")
    values = acts.residual[2].astype(np.float64)
    np.testing.assert_allclose(estimated_values(acts, 2)[-1], values[-1] - values.mean(axis=0), atol=1e-12)
    assert "awe" in train_vectors(acts).concepts


def test_vectors_have_no_part_along_the_neutral_directions() -> None:
    """Baselines that differ in one direction only lose it, and nothing else."""
    rows = corpus_rows({"joy": ["j0", "j1"], "sad": ["s0", "s1"]}, ["b0", "b1", "b2"])
    points = {one.text: np.random.default_rng(i).standard_normal(4) for i, one in enumerate(rows)}
    points |= {f"b{i}": np.array([0, 0, 0, float(i)]) for i in range(3)}
    acts = activations(rows, points)
    plain = train_vectors(acts).matrix[3] * train_vectors(acts).raw_norms[3][:, None]
    vectors = train_vectors(replace(acts, estimator="neutral-projected"))
    np.testing.assert_allclose(vectors.matrix[3][:, 3], 0, atol=1e-9)
    np.testing.assert_allclose(vectors.matrix[3] * vectors.raw_norms[3][:, None], plain * [1, 1, 1, 0], atol=1e-6)


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=8))
def test_the_fewest_directions_that_hold_half(variances: list[float]) -> None:
    weights = leading_weights(np.diag(variances))
    held = sorted(variances, reverse=True)
    count = weights.shape[1]
    assert sum(held[:count]) >= (NEUTRAL_SHARE - 1e-6) * sum(held)
    assert sum(held[: count - 1]) < NEUTRAL_SHARE * sum(held)
    np.testing.assert_allclose(weights.T @ np.diag(variances) @ weights, np.eye(count), atol=1e-9)


def test_neutral_texts_that_are_all_alike_take_nothing_out() -> None:
    assert leading_weights(np.zeros((3, 3))).shape == (3, 0)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_raw_texts_are_what_projections_are_reported_of(estimator: Estimator) -> None:
    acts = replace(random_activations(PAIRED, seed=2), estimator=estimator)
    vectors = train_vectors(acts)
    report = read_quality(quality_report(acts, vectors))
    for index, concept in enumerate(vectors.concepts):
        own = acts.residual[7].astype(np.float64)[[one.concept == concept for one in PAIRED]]
        found = report[concept].per_layer["7"].story_projection_mean
        assert math.isclose(found, float((own @ vectors.matrix[7][index]).mean()), abs_tol=1e-9)


@pytest.mark.parametrize(
    ("rows", "estimator", "words"),
    [
        (unpaired(PAIRED, frozenset({"s0", "s1"})), "neutral-projected", ""),
        (corpus_rows({"joy": ["j0"], "sad": ["s0"]}, ["b0"]), "neutral-projected", "two different baselines"),
        (corpus_rows({"joy": ["j0"], "sad": ["s0"]}, ["b", "b"]), "centred-projected", "two different baselines"),
        (tuple(replace(one, scenario=None) for one in PAIRED), "scenario-centred", "No scenario is told"),
        ((row("paired/a/joy.txt", "j"), row("paired/b/sad.txt", "s")), "centred-projected", "No scenario is told"),
        (tuple(replace(one, scenario=None) for one in PAIRED), "class-means", ""),
    ],
)
def test_what_an_estimator_needs_is_said_before_a_model_is_loaded(
    rows: tuple[StoryRow, ...], estimator: Estimator, words: str
) -> None:
    if not words:
        check_trainable(rows, estimator=estimator)
        return
    with pytest.raises(UserError, match=words) as caught:
        check_trainable(rows, estimator=estimator)
    assert f"--estimator {DEFAULT_ESTIMATOR}" in str(caught.value)


def test_a_concept_that_is_projected_away_is_refused() -> None:
    rows = corpus_rows({"joy": ["j0"], "sad": ["s0"]}, ["b0", "b1"])
    points = {"j0": [0, 1], "s0": [0, 5], "b0": [0, 2], "b1": [0, 3]}
    with pytest.raises(UserError, match="read exactly like everything"):
        train_vectors(replace(activations(rows, points), estimator="neutral-projected"))
