"""Vectors against the naive difference of means; what cannot be trained is said before and never saved."""

from __future__ import annotations

from dataclasses import replace

import naive_reference
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vector_data import activations, corpora, corpus_rows, random_activations

from caa_tui.errors import UserError
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.train import check_trainable, left_out, train_vectors


@given(corpora(shared_texts=True), st.integers(0, 9))
def test_vectors_equal_the_naive_ones(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed)
    vectors = train_vectors(acts)
    assert list(vectors.concepts) == sorted(vectors.concepts)
    for layer in acts.layers:
        expected = [naive_reference.vector(rows, acts.residual[layer], concept) for concept in vectors.concepts]
        np.testing.assert_allclose(vectors.matrix[layer], expected, atol=1e-12)
        np.testing.assert_allclose(np.linalg.norm(vectors.matrix[layer], axis=1), 1.0)


@given(corpora(shared_texts=True))
def test_the_order_of_the_files_does_not_matter(rows: tuple[StoryRow, ...]) -> None:
    acts = random_activations(rows, layers=(4,))
    turned = replace(acts, rows=rows[::-1], residual={4: acts.residual[4][::-1]})
    np.testing.assert_allclose(train_vectors(turned).matrix[4], train_vectors(acts).matrix[4], atol=1e-12)


def test_a_story_told_twice_counts_twice() -> None:
    rows = corpus_rows({"joy": ["a", "a", "b"]}, ["n"])
    vectors = train_vectors(activations(rows, {"a": [3.0, 0.0], "b": [0.0, 3.0], "n": [0.0, 0.0]}))
    np.testing.assert_allclose(vectors.matrix[3][0], np.array([2.0, 1.0]) / np.sqrt(5))
    np.testing.assert_allclose(vectors.raw_norms[3], np.sqrt(5))


def test_large_activations_keep_small_differences() -> None:
    """A massive activation shared by all texts must not drown the difference (float32 sums would)."""
    rng = np.random.default_rng(1)
    rows = corpus_rows({"awe": ["a1", "a2"], "joy": ["j1", "j2"]}, ["n1"])
    points = {one.text: np.array([30_000.0, *rng.standard_normal(8)]).astype(np.float32) for one in rows}
    acts = activations(rows, {text: point.astype(np.float64) for text, point in points.items()})
    assert abs(train_vectors(acts).matrix[3][:, 0]).max() < 1e-9


def test_left_out_names_the_count() -> None:
    rows = corpus_rows({"awe": ["a", "b"], "joy": ["j"]}, ["n"])
    acts = random_activations(rows)
    assert train_vectors(acts, min_positives=2).concepts == ("awe",)
    assert left_out(acts, min_positives=2) == {"joy": "1 story, and 2 are needed"}
    assert left_out(acts) == {}


def test_equal_activations_are_refused_by_name() -> None:
    rows = corpus_rows({"awe": ["a"], "joy": ["j"]}, ["n"])
    acts = activations(rows, {"a": [1.0, 2.0], "j": [1.0, 2.0], "n": [1.0, 2.0]})
    with pytest.raises(UserError, match=r"layer 3 the stories of awe \(paired/s0/awe\.txt\)"):
        train_vectors(acts)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_overflow_is_refused_by_file(bad: float) -> None:
    rows = corpus_rows({"awe": ["a"], "joy": ["j"]}, ["n"])
    acts = activations(rows, {"a": [1.0, 2.0], "j": [bad, 2.0], "n": [1.0, 3.0]})
    with pytest.raises(UserError, match=r"layer 3 for paired/s0/joy\.txt; train with --dtype"):
        train_vectors(acts)


@pytest.mark.parametrize(
    ("stories", "baselines", "min_positives", "says"),
    [
        ({}, [], 1, "no stories to train on"),
        ({}, ["n"], 1, "no stories to train on"),
        ({"joy": ["j"], "awe": ["a", "b"]}, ["n"], 3, r"No concept has 3 stories \(the most is awe with 2\)"),
        ({"joy": ["j", "k"]}, [], 1, "Only joy has stories and there is no baseline"),
        ({"joy": ["same"], "awe": ["same"]}, [], 1, "same text as a story of awe"),
        ({"joy": ["same"]}, ["same"], 1, "there is nothing to compare it with|has stories and there is no"),
    ],
)
def test_what_the_corpus_lacks(
    stories: dict[str, list[str]], baselines: list[str], min_positives: int, says: str
) -> None:
    with pytest.raises(UserError, match=says):
        check_trainable(corpus_rows(stories, baselines), min_positives)


def test_two_concepts_without_baselines_are_opposites_and_that_is_said() -> None:
    rows = corpus_rows({"awe": ["a", "b"], "joy": ["j"]})
    (note,) = check_trainable(rows)
    assert "exact opposites" in note
    matrix = train_vectors(random_activations(rows)).matrix[7]
    np.testing.assert_allclose(matrix[0], -matrix[1])


def test_three_concepts_without_baselines_are_noted() -> None:
    (note,) = check_trainable(corpus_rows({"awe": ["a"], "joy": ["j"], "calm": ["c"]}))
    assert "no baselines" in note
    assert check_trainable(corpus_rows({"awe": ["a"], "joy": ["j"]}, ["n"])) == ()
