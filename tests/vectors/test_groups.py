"""Positives and negatives: the reference's sets, minus its mistakes with equal texts."""

from __future__ import annotations

import naive_reference
import numpy as np
from hypothesis import given
from vector_data import corpora, corpus_rows

from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import group_rows


@given(corpora(shared_texts=True))
def test_groups_are_those_of_the_naive_loop(rows: tuple[StoryRow, ...]) -> None:
    grouping = group_rows(rows)
    assert [group.concept for group in grouping.groups] == sorted({row.concept for row in rows if row.concept})
    for group in grouping.groups:
        positives, negatives = naive_reference.rows_of(rows, group.concept)
        assert group.positives.tolist() == positives
        # A text under two concepts may be represented by either of its rows.
        assert sorted(rows[i].text for i in group.negatives) == sorted(rows[i].text for i in negatives)


def test_a_shared_text_is_never_a_negative_of_its_own_concepts() -> None:
    rows = corpus_rows({"awe": ["shared", "a"], "joy": ["shared", "j"], "calm": ["c"]}, ["n"])
    negatives = {g.concept: sorted(rows[i].text for i in g.negatives) for g in group_rows(rows).groups}
    assert negatives == {"awe": ["c", "j", "n"], "joy": ["a", "c", "n"], "calm": ["a", "j", "n", "shared"]}


def test_a_baseline_equal_to_a_story_is_a_negative_of_the_others_only() -> None:
    rows = corpus_rows({"awe": ["same"], "joy": ["j"]}, ["same"])
    negatives = {g.concept: sorted(rows[i].text for i in g.negatives) for g in group_rows(rows).groups}
    assert negatives == {"awe": ["j"], "joy": ["same", "same"]}


def test_baselines_with_the_same_text_each_count() -> None:
    rows = corpus_rows({"awe": ["a"]}, ["n", "n"])
    assert len(group_rows(rows).groups[0].negatives) == 2


def test_concepts_with_few_stories_get_no_group_but_stay_negatives() -> None:
    rows = corpus_rows({"zeal": ["z"], "awe": ["a", "b"], "calm": ["c", "d"]})
    grouping = group_rows(rows, min_positives=2)
    assert [group.concept for group in grouping.groups] == ["awe", "calm"]
    assert sorted(rows[i].text for i in grouping.groups[0].negatives) == ["c", "d", "z"]


@given(corpora())
def test_weights_are_means(rows: tuple[StoryRow, ...]) -> None:
    grouping = group_rows(rows)
    np.testing.assert_allclose(grouping.positive_weights().sum(axis=1), 1.0)
    np.testing.assert_allclose(grouping.negative_weights().sum(axis=1), 1.0)
