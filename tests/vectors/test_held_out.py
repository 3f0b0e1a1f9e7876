"""Leave-one-scenario-out and split-half against loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from generated import LAYER, generate
from hypothesis import given
from hypothesis import strategies as st
from vector_data import corpora, corpus_rows, random_activations

from caa_tui.vectors.chance import held_out_scores
from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.held_out import scenario_out_scores, split_half
from caa_tui.vectors.stories import LayerStories


def naive_scenario_out(layer: LayerStories, rows: tuple[StoryRow, ...], concept: str) -> float | None:
    points, group, wins = layer.values, layer.groups[concept], []
    for story, negative in itertools.product(group.unique, group.negatives):
        gone = {rows[story].scenario, rows[negative].scenario}
        own = [i for i in group.unique if rows[i].scenario not in gone]
        rest = [i for i in group.negatives if rows[i].scenario not in gone]
        if own and rest:
            margin = (points[story] - points[negative]) @ (points[own].mean(axis=0) - points[rest].mean(axis=0))
            wins.append(margin > 0)
    return float(np.mean(wins)) if wins else None


@given(corpora(), st.integers(0, 99))
def test_scenarios_of_both_are_left_out(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed)
    layer = LayerStories.at(acts, group_rows(rows), 7)
    for concept, found in scenario_out_scores(layer, rows).items():
        expected = naive_scenario_out(layer, rows, concept)
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-9))


def test_a_concept_that_is_its_setting_falls() -> None:
    """Three stories in each of two rooms; the concept's stories share the room's direction and nothing else."""
    rows = tuple(
        StoryRow(f"paired/r{place}/{name}{i}.txt", name, f"r{place}", f"{name} {place} {i}", "")
        for name, places in (("joy", (0, 1)), ("sad", (2, 3)), ("awe", (4, 5)))
        for place in places
        for i in range(3)
    )
    alone, whole = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rooms = 3 * rng.standard_normal((6, 200))
        points = np.array([rooms[int(str(row.scenario)[1])] for row in rows]) + rng.standard_normal((len(rows), 200))
        layer = LayerStories.at(Activations(rows, (0,), {0: points.astype(np.float32)}), group_rows(rows), 0)
        alone += [score for score in scenario_out_scores(layer, rows).values() if score is not None]
        whole += [score for score in held_out_scores(layer).values() if score is not None]
    assert np.mean(whole) > 0.95
    assert np.mean(alone) == pytest.approx(0.5, abs=0.1)


def test_split_half_is_the_cosine_of_two_halves() -> None:
    corpus = generate(2, 4)
    layer = LayerStories.at(corpus.acts, group_rows(corpus.acts.rows), LAYER)
    own = layer.groups["joy00"].unique
    rest = layer.values[layer.groups["joy00"].negatives].mean(axis=0)
    cosines = []
    for half in itertools.combinations(own, 2):
        left = layer.values[list(half)].mean(axis=0) - rest
        right = layer.values[[i for i in own if i not in half]].mean(axis=0) - rest
        cosines.append(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))
    found = split_half(layer, "joy00")
    assert found is not None
    assert found.halves == pytest.approx(np.mean(cosines), abs=0.05)
    assert found.full == pytest.approx(2 * found.halves / (1 + found.halves))


def test_an_odd_story_sits_out_and_is_counted_in_the_whole() -> None:
    corpus = generate(2, 5)
    layer = LayerStories.at(corpus.acts, group_rows(corpus.acts.rows), LAYER)
    for concept in layer.groups:
        found = split_half(layer, concept)
        assert found is not None
        expected = 2.5 * found.halves / (1 + 1.5 * found.halves) if found.halves > 0 else found.halves
        assert found.full == pytest.approx(expected)
        assert -1 <= found.full <= 1


def test_one_text_has_no_halves() -> None:
    acts = random_activations(corpus_rows({"joy": ["a"], "sad": ["b", "c"]}, ["n"]), layers=(7,))
    assert split_half(LayerStories.at(acts, group_rows(acts.rows), 7), "joy") is None
