"""Each story against all concepts, against loops that leave it out; and how often a story is named wrongly."""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
import pytest
from generated import generate
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from vector_data import corpora, random_activations

from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.story_scores import FEWEST_TEXTS, NAMED, StoryScores, Suspicion
from caa_tui.vectors.story_space import story_stories


def scores_of(acts: Activations) -> StoryScores:
    return StoryScores(story_stories(acts, group_rows(acts.rows)), acts.rows)


def naive_closeness(scores: StoryScores, row: int, concept: str) -> float:
    own = scores.rows[row]
    products = [
        scores.layer.gram[row, other]
        for other in scores.layer.groups[concept].unique
        if scores.rows[other].text != own.text and (own.scenario is None or scores.rows[other].scenario != own.scenario)
    ]
    return float(np.mean(products)) if products else np.nan


@given(corpora(shared_texts=True), st.integers(0, 99))
def test_closeness_is_the_mean_product_without_its_own_text_and_scene(rows: tuple[StoryRow, ...], seed: int) -> None:
    scores = scores_of(random_activations(rows, seed=seed))
    expected = [[naive_closeness(scores, row, name) for name in scores.concepts] for row in scores.members[0]]
    np.testing.assert_allclose(scores.closeness, np.array(expected).reshape(scores.closeness.shape), atol=1e-9)


@given(corpora(shared_texts=True), st.integers(0, 99))
def test_the_confusion_matrix_counts_the_closest_concepts(rows: tuple[StoryRow, ...], seed: int) -> None:
    scores = scores_of(random_activations(rows, seed=seed))
    table = np.zeros((len(scores.concepts), len(scores.concepts)), dtype=int)
    for row, owner in zip(*scores.members, strict=True):
        lying = [naive_closeness(scores, row, name) for name in scores.concepts]
        if not np.isnan(lying[owner]):
            table[owner, int(np.nanargmax(lying))] += 1
    np.testing.assert_array_equal(scores.confusion, table)


@given(corpora(), st.integers(0, 99))
def test_every_suspicion_is_closer_to_another_concept(rows: tuple[StoryRow, ...], seed: int) -> None:
    scores = scores_of(random_activations(rows, seed=seed))
    found = scores.suspicions()
    assert len({one.row for one in found}) == len(found)
    for one in found:
        own = scores.rows[one.row].concept
        assert own is not None
        assert own != one.looks_like
        assert len(scores.layer.groups[own].unique) >= FEWEST_TEXTS
        toward = naive_closeness(scores, one.row, one.looks_like)
        assert one.margin == pytest.approx(toward - naive_closeness(scores, one.row, own), abs=1e-9)
        if one.partner is None:
            assert one.margin > 0
        else:
            assert scores.rows[one.partner].scenario == scores.rows[one.row].scenario
            assert scores.rows[one.partner].concept == one.looks_like


def naive_p(scores: StoryScores, row: int, concept: str) -> float:
    """The externally studentised deviation of the story from its siblings, by loops over the stories of third ones."""
    own = scores.rows[row].concept
    assert own is not None

    def toward(one: int) -> float:
        return float(np.nan_to_num(naive_closeness(scores, one, concept)))

    groups = {name: list(scores.layer.groups[name].unique) for name in scores.concepts}
    siblings = [toward(one) for one in groups[own]]
    deviation = (toward(row) - np.mean(siblings)) * np.sqrt(len(siblings) / (len(siblings) - 1))
    squares, freedom = 0.0, 0
    for name in set(groups) - {own, concept}:
        values = np.array([toward(one) for one in groups[name]])
        squares += float(((values - values.mean()) ** 2).sum())
        freedom += len(values) - 1
    return float(student.sf(deviation / np.sqrt(squares / freedom), freedom))


@lru_cache
def named(stories: int, seed: int) -> tuple[frozenset[str], frozenset[str]]:
    """Paths that are named in a generated corpus, and those that are mislabelled; stories of two camps are neither."""
    corpus = generate(seed, stories)
    rows = corpus.acts.rows
    found = {rows[one.row].path for one in scores_of(corpus.acts).suspicions() if one.expected <= NAMED}
    split = {path for camps in corpus.camps.values() for camp in camps for path in camp}
    return frozenset(found - split), frozenset(path for path, _ in corpus.odd.values())


def test_what_is_expected_is_the_p_value_for_all_questions() -> None:
    scores = scores_of(generate(7, 6).acts)
    single = [one for one in scores.suspicions() if one.partner is None and one.expected < 1][:4]
    assert single
    questions = len(scores.members[0]) * (len(scores.concepts) - 1)
    for one in single:
        assert one.expected == pytest.approx(questions * naive_p(scores, one.row, one.looks_like), rel=1e-6)


def test_in_nearly_all_corpora_no_story_is_named_wrongly() -> None:
    corpora_seen = [(stories, seed) for stories in (3, 5, 8, 20) for seed in range(3000, 3015)]
    wrong = sum(bool(found - odd) for found, odd in itertools.starmap(named, corpora_seen))
    assert wrong <= 0.05 * len(corpora_seen) + 2


@pytest.mark.parametrize(("stories", "least"), [(5, 0.3), (8, 0.6), (20, 0.85)])
def test_a_mislabelled_story_is_named_more_often_the_more_siblings_it_has(stories: int, least: float) -> None:
    pairs = [named(stories, seed) for seed in range(3000, 3015)]
    assert sum(len(found & odd) for found, odd in pairs) >= least * sum(len(odd) for _, odd in pairs)


def exchanged() -> tuple[Activations, tuple[int, int]]:
    """Two tellings of one scenario whose names are exchanged."""
    acts = generate(11, 6, low=0.5, high=0.6).acts
    places = {row.path: index for index, row in enumerate(acts.rows)}
    pair = places["paired/s02/joy04.txt"], places["paired/s02/joy09.txt"]
    residual = acts.residual[acts.layers[0]].copy()
    residual[list(pair)] = residual[list(reversed(pair))]
    return Activations(acts.rows, acts.layers, {acts.layers[0]: residual}), pair


def test_two_tellings_that_are_exchanged_name_each_other() -> None:
    acts, pair = exchanged()
    found: dict[int, Suspicion] = {one.row: one for one in scores_of(acts).suspicions()}
    assert {found[row].looks_like for row in pair} == {"joy04", "joy09"}
    assert all(found[row].expected <= NAMED for row in pair)
    assert set(list(found)[:2]) == set(pair), "first in the order to read them"


def test_two_texts_cannot_say_which_is_the_odd_one() -> None:
    assert scores_of(generate(4, 2).acts).suspicions() == ()
