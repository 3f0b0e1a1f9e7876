"""Agreement, leave-one-out leans and held-out scores against loops that really leave the text out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_reference import rows_of
from vector_data import activations, corpora, corpus_rows, random_activations

from caa_tui.vectors.chance import chance_agreement, held_out_scores, noise_first_pc
from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.stories import LayerStories, agreement

LAYER = 7


def cosine(left: np.ndarray, right: np.ndarray) -> float:
    return float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))


def unique_rows(rows: tuple[StoryRow, ...], indexes: list[int]) -> list[int]:
    return list({rows[i].text: i for i in reversed(indexes)}.values())[::-1]


def naive_lean(acts: Activations, index: int, concept: str) -> float:
    """Cosine of a text with a concept's direction after every copy of the text is gone from the corpus."""
    points = acts.residual[LAYER].astype(np.float64)
    positives, negatives = rows_of(acts.rows, concept)
    text = acts.rows[index].text
    kept = [i for i in unique_rows(acts.rows, positives) if acts.rows[i].text != text]
    against = [i for i in negatives if acts.rows[i].text != text]
    if not kept or not against:
        return float("nan")
    rest = points[against].mean(axis=0)
    return cosine(points[index] - rest, points[kept].mean(axis=0) - rest)


def agreement_of(differences: np.ndarray) -> float | None:
    return agreement(differences @ differences.T)


def layer_of(acts: Activations) -> LayerStories:
    return LayerStories.at(acts, group_rows(acts.rows), LAYER)


@given(corpora(shared_texts=True), st.integers(0, 99))
def test_lean_equals_leaving_the_text_out(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed)
    layer = layer_of(acts)
    everyone = np.arange(len(rows))
    for concept in layer.groups:
        expected = [naive_lean(acts, index, concept) for index in range(len(rows))]
        np.testing.assert_allclose(layer.lean(everyone, concept), expected, atol=1e-9)


@given(corpora(), st.integers(0, 99))
def test_agreement_is_the_mean_pairwise_cosine(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed)
    points, layer = acts.residual[LAYER].astype(np.float64), layer_of(acts)
    for concept in layer.groups:
        positives, negatives = rows_of(rows, concept)
        differences = [points[i] - points[negatives].mean(axis=0) for i in unique_rows(rows, positives)]
        pairs = [cosine(left, right) for left, right in itertools.combinations(differences, 2)]
        ours = layer.agreement(concept)
        assert ours == (pytest.approx(np.mean(pairs), abs=1e-9) if pairs else None)


@given(corpora(), st.integers(0, 99))
def test_held_out_leaves_the_story_and_the_negative_out(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed)
    points, layer = acts.residual[LAYER].astype(np.float64), layer_of(acts)
    scores = held_out_scores(layer)
    for concept in layer.groups:
        positives, negatives = rows_of(rows, concept)
        wins = []
        for story, negative in itertools.product(unique_rows(rows, positives), negatives):
            others = [i for i in unique_rows(rows, positives) if i != story]
            rest = [i for i in negatives if rows[i].text != rows[negative].text]
            if others and rest:
                direction = points[others].mean(axis=0) - points[rest].mean(axis=0)
                wins.append((points[story] - points[negative]) @ direction > 0)
        assert scores[concept] == (pytest.approx(np.mean(wins), abs=1e-9) if wins else None)


def test_held_out_of_noise_is_chance() -> None:
    """Few texts in a wide space: what is left out of one mean only would look far better than chance."""
    rng, scores = np.random.default_rng(0), []
    rows = corpus_rows({f"c{i}": [f"{i} {j}" for j in range(5)] for i in range(8)}, ["n"])
    for _ in range(5):
        acts = activations(rows, {row.text: rng.standard_normal(2000) for row in rows}, layers=(LAYER,))
        scores += [score for score in held_out_scores(layer_of(acts)).values() if score is not None]
    assert np.mean(scores) == pytest.approx(0.5, abs=0.05)


def test_agreement_does_not_depend_on_the_count_and_the_first_pc_does() -> None:
    """Row 11 of the reference's README: the ratio counts stories, agreement does not."""
    rng = np.random.default_rng(5)
    signal = rng.standard_normal(512)
    coherent = {n: agreement_of(signal + rng.standard_normal((n, 512))) for n in (2, 8, 32)}
    noise = {n: agreement_of(rng.standard_normal((n, 512))) for n in (2, 8, 32)}
    assert all(value == pytest.approx(0.5, abs=0.08) for value in coherent.values())
    assert all(value == pytest.approx(0.0, abs=0.08) for value in noise.values())


@pytest.mark.parametrize(
    ("stories", "ratio"), [(1, 1.0), (2, 1.0), (3, 0.53), (4, 0.36), (5, 0.28), (8, 0.17), (16, 0.09)]
)
def test_noise_gives_the_ratios_measured_on_the_reference(stories: int, ratio: float) -> None:
    assert noise_first_pc(stories, 576) == pytest.approx(ratio, abs=0.006)


@pytest.mark.parametrize(("stories", "hidden"), [(3, 8), (6, 40), (12, 5), (30, 100)])
def test_noise_ratio_equals_simulated_stories(stories: int, hidden: int) -> None:
    points = np.random.default_rng(0).standard_normal((400, stories, hidden))
    variances = np.linalg.svd(points - points.mean(axis=1, keepdims=True), compute_uv=False) ** 2
    simulated = (variances[:, 0] / variances.sum(axis=1)).mean()
    assert noise_first_pc(stories, hidden) == pytest.approx(simulated, rel=0.03)


def test_chance_is_what_random_groups_reach() -> None:
    acts = random_activations(corpus_rows({f"c{i}": [f"{i} {j}" for j in range(4)] for i in range(8)}, ["n1", "n2"]))
    layer, points = layer_of(acts), acts.residual[LAYER].astype(np.float64)
    rng, values = np.random.default_rng(3), []
    for _ in range(2000):
        group = rng.choice(layer.grouping.stories, 4, replace=False)
        rest = points[[i for i in range(len(points)) if i not in group]].mean(axis=0)
        values.append(agreement_of(points[group] - rest))
    found = chance_agreement(layer, frozenset({4}))[4]
    assert found == pytest.approx(np.percentile(np.array(values, dtype=float), 95), abs=0.03)


def test_chance_of_a_group_as_large_as_the_corpus_is_unknown() -> None:
    layer = layer_of(random_activations(corpus_rows({"joy": ["a", "b", "c"]}, ["n"])))
    assert chance_agreement(layer, frozenset({1, 2, 3})) == {1: None, 2: pytest.approx(0, abs=2), 3: None}
