"""Each story against all concepts, against loops that leave it out."""

from __future__ import annotations

import numpy as np
import pytest
from generated import LAYER, generate
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from vector_data import corpora, random_activations

from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.story_scores import HeldOut


@given(corpora(shared_texts=True), st.integers(0, 99))
def test_leans_equal_those_of_the_flags(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed)
    layer = LayerStories.at(acts, group_rows(rows), 7)
    held_out = HeldOut(layer, rows)
    expected = [layer.lean(held_out.members[0], concept) for concept in layer.groups]
    np.testing.assert_allclose(held_out.leans, np.array(expected).T, atol=1e-6)


@given(corpora(), st.integers(0, 99))
def test_scores_tables_and_pairs_count_the_same_leans(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed)
    layer = LayerStories.at(acts, group_rows(rows), 7)
    held_out, names = HeldOut(layer, rows), list(layer.groups)
    confusion = np.zeros((len(names), len(names)), dtype=int)
    for number, concept in enumerate(names):
        for score in held_out.scores(concept):
            leans = {name: float(layer.lean(np.array([score.row]), name)[0]) for name in names}
            if score.own is None or len(names) == 1:
                continue
            assert score.own == pytest.approx(leans[concept], abs=1e-6)
            ranked = sorted(names, key=lambda name, leans=leans: -np.nan_to_num(leans[name], nan=-9))  # type: ignore[misc]
            confusion[number, names.index(ranked[0])] += 1
            if score.rank is not None and score.looks_like is not None and score.margin is not None:
                assert ranked.index(concept) + 1 == score.rank
                assert next(name for name in ranked if name != concept) == score.looks_like
                assert score.margin == pytest.approx(leans[concept] - leans[score.looks_like], abs=1e-6)
    if len(names) > 1:
        np.testing.assert_array_equal(held_out.confusion, confusion)


def test_told_apart_is_the_share_of_both_concepts() -> None:
    corpus = generate(2, 5)
    layer = LayerStories.at(corpus.acts, group_rows(corpus.acts.rows), LAYER)
    held_out = HeldOut(layer, corpus.acts.rows)
    names = held_out.concepts
    for first, second in (("joy00", "joy01"), ("duplicate0", "duplicate1"), ("noise0", "camps0")):
        wins = []
        for own, other in ((first, second), (second, first)):
            stories = layer.groups[own].unique
            wins += list(layer.lean(stories, own) > layer.lean(stories, other))
        found = held_out.told_apart[names.index(first), names.index(second)]
        assert found == pytest.approx(np.mean(wins))
    assert dict(held_out.nearest("duplicate0", 1)).keys() == {"duplicate1"}


def test_p_value_is_the_studentised_deviation_from_the_siblings() -> None:
    corpus = generate(3, 4, ordinary=4)
    rows = corpus.acts.rows
    layer = LayerStories.at(corpus.acts, group_rows(rows), LAYER)
    held_out = HeldOut(layer, rows)
    points = layer.values - layer.values.mean(axis=0)

    def along(story: int, other: str) -> float:
        kept = [i for i in layer.groups[other].unique if rows[i].scenario != rows[story].scenario]
        return float(points[story] @ points[kept].mean(axis=0))

    for score in held_out.scores("joy02"):
        other = score.looks_like
        assert other is not None
        squares, freedom = 0.0, 0
        for third, group in layer.groups.items():
            if third not in ("joy02", other):
                values = np.array([along(i, other) for i in group.unique])
                squares += float(((values - values.mean()) ** 2).sum())
                freedom += len(values) - 1
        own = [along(i, other) for i in layer.groups["joy02"].unique]
        siblings = [along(i, other) for i in layer.groups["joy02"].unique if i != score.row]
        deviation = (along(score.row, other) - np.mean(siblings)) / np.sqrt(1 + 1 / len(siblings))
        expected = student.sf(deviation / np.sqrt(squares / freedom), freedom) * (len(held_out.concepts) - 1)
        assert len(own) == 4
        assert score.p == pytest.approx(min(1.0, expected), rel=1e-6)


def test_odd_story_comes_first_with_what_it_looks_like() -> None:
    corpus = generate(5, 12, low=0.4)
    layer = LayerStories.at(corpus.acts, group_rows(corpus.acts.rows), LAYER)
    held_out = HeldOut(layer, corpus.acts.rows)
    for concept, (path, looks_like) in corpus.odd.items():
        first = held_out.scores(concept)[0]
        assert (corpus.acts.rows[first.row].path, first.looks_like) == (path, looks_like)
