"""Every number predicted without some stories equals the number after really training without their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from vector_data import corpora, corpus_rows, random_activations

from caa_tui.errors import UserError
from caa_tui.vectors.data import Activations, ConceptVectors, StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.influence import Influence
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.quality_data import ConceptQuality, read_quality
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.train import train_vectors

LAYER = 7
SHARED = corpus_rows(
    {"awe": ["a1", "a1", "a2", "both"], "joy": ["both", "j1", "j2"], "calm": ["c1", "c2"], "dread": ["d1"]},
    ["n1", "a1", "a2", "n1", "j1"],
)
"""A text in two files, under two concepts, equal to baselines, a baseline twice, concepts of one to four stories."""


def some_activations(rows: Sequence[StoryRow], seed: int = 0) -> Activations:
    return random_activations(rows, seed=seed, layers=(LAYER,), hidden=24)


def influence_of(acts: Activations, vectors: ConceptVectors, min_positives: int = 1) -> Influence:
    grouping = group_rows(acts.rows, concepts=vectors.concepts)
    return Influence(acts.rows, LayerStories.at(acts, grouping, LAYER), min_positives)


class Retrained:
    """Training and the quality report on the rows that are left."""

    def __init__(self, acts: Activations, taken: Sequence[int], min_positives: int) -> None:
        left = [index for index in range(len(acts.rows)) if index not in taken]
        reduced = replace(
            acts,
            rows=tuple(acts.rows[index] for index in left),
            residual={LAYER: acts.residual[LAYER][left]},
            attention={},
            down={},
        )
        self.quality: dict[str, ConceptQuality] = {}
        try:
            vectors = train_vectors(reduced, min_positives)
        except UserError:
            return
        self.quality = read_quality(quality_report(reduced, vectors))
        self._vectors = dict(zip(vectors.concepts, vectors.matrix[LAYER], strict=True))

    def cosine(self, concept: str, neighbour: str) -> float | None:
        known = concept in self.quality and neighbour in self.quality
        return float(self._vectors[concept] @ self._vectors[neighbour]) if known else None

    def numbers(self, concept: str) -> tuple[float | None, float | None, float | None]:
        """R², agreement and first-PC ratio."""
        found = self.quality.get(concept)
        if found is None:
            return None, None, None
        key = str(LAYER)
        ratio = found.per_layer[key].first_pc_variance_ratio
        return found.linear_combination[key].r_squared, found.agreement[key], ratio


def same(predicted: NDArray[np.float64], retrained: float | None) -> bool:
    value = float(predicted[0])
    return bool(np.isnan(value)) if retrained is None else value == pytest.approx(retrained, abs=1e-6)


def check(acts: Activations, sets: Sequence[tuple[int, ...]], min_positives: int = 1) -> None:
    """Compare all numbers of all concepts for every set."""
    influence = influence_of(acts, train_vectors(acts, min_positives), min_positives)
    concepts = [group.concept for group in influence.layer.grouping.groups]
    for taken in sets:
        rows, truth = np.array([taken]), Retrained(acts, taken, min_positives)
        for concept in concepts:
            r_squared, agreement, ratio = truth.numbers(concept)
            assert same(influence.r_squared(concept, rows), r_squared)
            assert same(influence.agreement(concept, rows), agreement)
            assert same(influence.first_pc(concept, rows), ratio)
        for concept, neighbour in combinations(concepts, 2):
            assert same(influence.cosine(concept, neighbour, rows), truth.cosine(concept, neighbour))


def stories_of(rows: Sequence[StoryRow]) -> list[int]:
    return [index for index, row in enumerate(rows) if row.concept is not None]


@settings(max_examples=100, deadline=None)
@given(corpora(shared_texts=True), st.integers(0, 99), st.data())
def test_any_story_of_any_corpus(rows: tuple[StoryRow, ...], seed: int, data: st.DataObject) -> None:
    story = st.sampled_from(stories_of(rows))
    try:
        check(some_activations(rows, seed), [(data.draw(story),) for _ in range(3)])
    except UserError:
        assert len({row.concept for row in rows}) <= 2


@settings(max_examples=100, deadline=None)
@given(corpora(shared_texts=True), st.integers(0, 99), st.integers(1, 2), st.data())
def test_any_set_of_any_corpus(rows: tuple[StoryRow, ...], seed: int, min_positives: int, data: st.DataObject) -> None:
    stories = stories_of(rows)
    sets = st.lists(st.sampled_from(stories), min_size=1, max_size=3, unique=True)
    try:
        check(some_activations(rows, seed), [tuple(data.draw(sets))], min_positives)
    except UserError:
        assert min_positives == 2 or len({row.concept for row in rows}) <= 2


@pytest.mark.parametrize("min_positives", [1, 2])
def test_every_story_where_texts_are_shared(min_positives: int) -> None:
    check(some_activations(SHARED), [(index,) for index in stories_of(SHARED)], min_positives)


def test_every_pair_where_texts_are_shared() -> None:
    check(some_activations(SHARED, seed=1), list(combinations(stories_of(SHARED), 2)))


def test_without_baselines() -> None:
    rows = corpus_rows({"awe": ["a1", "a2", "a3"], "joy": ["j1", "j2"], "calm": ["c1"]})
    check(some_activations(rows), [*((i,) for i in stories_of(rows)), *combinations(stories_of(rows), 3)])


def test_one_concept_against_the_other_loses_its_last_story() -> None:
    rows = corpus_rows({"awe": ["a1", "a2"], "joy": ["j1"]})
    check(some_activations(rows), [(index,) for index in stories_of(rows)])


def test_a_batch_of_sets_is_each_set() -> None:
    acts = some_activations(SHARED)
    influence = influence_of(acts, train_vectors(acts))
    sets = np.array(list(combinations(stories_of(SHARED), 2)))
    for ask in (influence.agreement, influence.first_pc, influence.r_squared):
        np.testing.assert_allclose(ask("awe", sets), np.concatenate([ask("awe", sets[[i]]) for i in range(len(sets))]))
    assert influence.r_squared("awe", sets[:0]).shape == (0,)


def test_activations_far_from_the_origin_lose_no_digits() -> None:
    """Real residual streams share an offset hundreds of times as long as what tells two stories apart."""
    acts = some_activations(SHARED)
    far = replace(acts, residual={LAYER: (acts.residual[LAYER] + 300.0).astype(np.float32)})
    check(far, [(index,) for index in stories_of(SHARED)])


def test_copies_of_one_text_have_no_spread() -> None:
    """Not the rounding of large activations either."""
    rows = corpus_rows({"awe": ["a1", "a1", "a1", "a2"], "joy": ["j1", "j2"], "calm": ["c1"]}, ["n1", "n2"])
    acts = some_activations(rows)
    large = replace(acts, residual={LAYER: 1000 * acts.residual[LAYER]})
    check(large, [(index,) for index in stories_of(rows)])


def test_many_concepts() -> None:
    """More than are solved at once."""
    rows = corpus_rows({f"concept {i}": [f"{i} a", f"{i} b"] for i in range(70)}, ["n1", "n2"])
    acts = some_activations(rows)
    influence = influence_of(acts, train_vectors(acts))
    for taken in [(0,), (3, 100)]:
        truth = Retrained(acts, taken, 1)
        for concept in ("concept 0", "concept 69"):
            assert same(influence.r_squared(concept, np.array([taken])), truth.numbers(concept)[0])


def test_a_story_that_reads_like_the_mean_of_all_others_agrees_with_none() -> None:
    rows = corpus_rows({"awe": ["a1", "a2", "a3"], "joy": ["j1", "j2"]})
    acts = some_activations(rows)
    values = np.round(acts.residual[LAYER])
    negatives = [index for index, row in enumerate(rows) if row.concept == "joy"]
    values[[row.text for row in rows].index("a1")] = values[negatives].mean(axis=0)
    acts = replace(acts, residual={LAYER: values})
    taken = ([row.text for row in rows].index("a3"),)
    influence = influence_of(acts, train_vectors(acts))
    assert same(influence.agreement("awe", np.array([taken])), Retrained(acts, taken, 1).numbers("awe")[1])
