"""Held-out scores of every estimator against really training without each pair."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_estimators import naive_difference, told_once, unpaired
from vector_data import corpora, corpus_rows, random_activations, row

from caa_tui.choices import ESTIMATORS, Estimator
from caa_tui.vectors.chance import held_out_scores
from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.estimator_scores import EstimatorScores
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.train import train_vectors

PLACES = st.frozensets(st.sampled_from(["s0", "s1", "s2", "s3"]), max_size=2)
MIXED = (
    *corpus_rows({"joy": ["j0", "j1", "j2"], "sad": ["s0", "s1", "j0"], "awe": ["a0", "a1"]}, ["b0", "b1", "b2", "b0"]),
    row("stories/joy.txt", "j3"),
    row("stories/awe.txt", "a2"),
    row("paired/alone/sad.txt", "s2"),
    row("paired/two/joy.txt", "j4"),
    row("paired/two/baseline.txt", "b3"),
    row("paired/also/baseline.txt", "a1"),
)
"""A text under two concepts, one that is also a baseline, equal baselines, scenarios of one, two and more names."""


def scores(acts: Activations, layer: int) -> EstimatorScores:
    return EstimatorScores.of(LayerStories.at(acts.plain, group_rows(acts.rows), layer), acts.rows)


@settings(max_examples=60, deadline=None)
@given(corpora(shared_texts=True), PLACES, st.integers(0, 99))
def test_every_pair_is_left_out_of_everything(rows: tuple[StoryRow, ...], places: frozenset[str], seed: int) -> None:
    """By the definitions, text by text."""
    files = told_once(unpaired(rows, places))
    acts = random_activations(files, seed=seed, layers=(2,), hidden=8)
    points = {one.text: acts.residual[2][i].astype(np.float64) for i, one in enumerate(files)}
    compared = scores(acts, 2)
    group = group_rows(files).groups[seed % len(group_rows(files).groups)]
    for estimator in ESTIMATORS:
        found = compared.by(estimator)[group.concept]
        if found.every is None:
            assert len(group.unique) < 2 or len({files[j].text for j in group.negatives}) < 2
            continue
        wins = []
        for i, j in itertools.product(group.unique, group.negatives):
            gone = frozenset({files[i].text, files[j].text})
            direction = naive_difference(files, points, group.concept, estimator, gone=gone)
            wins.append((points[files[i].text] - points[files[j].text]) @ direction)
        # A direction that is nothing but rounding may fall on either side.
        assert np.mean(np.array(wins) > 1e-9) - 1e-9 <= found.every <= np.mean(np.array(wins) > -1e-9) + 1e-9


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_same_as_training_without_each_pair(estimator: Estimator) -> None:
    """Every pair of a corpus with all that can be odd about texts: trained again without the files of both."""
    acts = replace(random_activations(MIXED, seed=3, layers=(4,), hidden=12), estimator=estimator)
    values, found = acts.residual[4].astype(np.float64), scores(acts, 4).by(estimator)
    homes = {one.text: one.scenario for one in reversed(MIXED)}
    for group in group_rows(MIXED).groups:
        wins, same = [], []
        for i, j in itertools.product(group.unique, group.negatives):
            kept = [k for k, one in enumerate(MIXED) if one.text not in {MIXED[i].text, MIXED[j].text}]
            smaller = replace(acts, rows=tuple(MIXED[k] for k in kept), residual={4: acts.residual[4][kept]})
            vectors = train_vectors(smaller)
            wins.append((values[i] - values[j]) @ vectors.matrix[4][vectors.concepts.index(group.concept)] > 0)
            if homes[MIXED[i].text] is not None and homes[MIXED[i].text] == homes[MIXED[j].text]:
                same.append(wins[-1])
        assert found[group.concept].every == pytest.approx(np.mean(wins), abs=1e-9)
        assert found[group.concept].same_scene == (pytest.approx(np.mean(same), abs=1e-9) if same else None)


@given(corpora(shared_texts=True), st.integers(0, 99))
def test_the_difference_of_means_has_the_score_it_had(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed)
    known = held_out_scores(LayerStories.at(acts, group_rows(rows), 7))
    found = scores(acts, 7).by("difference-of-means")
    assert {concept: one.every for concept, one in found.items()} == pytest.approx(known, abs=1e-9)
