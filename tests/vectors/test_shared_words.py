"""Shared endings, starts and names: found where a concept has them, not where any story may."""

from __future__ import annotations

import itertools
from math import comb

import pytest
from sample_texts import concepts, edited, sample_rows

from caa_tui.corpus.findings.naming import texts_naming
from caa_tui.vectors.causes import Cause
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.shared_words import needed, shared_causes, upper_tail


def causes(rows: list[StoryRow]) -> list[Cause]:
    return list(shared_causes(rows, group_rows(rows)))


def files(cause: Cause, rows: list[StoryRow]) -> set[str]:
    return {rows[sign.row].path for sign in cause.signs}


@pytest.mark.parametrize(("found", "own", "having", "texts"), [(2, 3, 4, 9), (1, 2, 2, 6), (3, 3, 3, 8)])
def test_the_tail_is_that_of_every_way_to_draw(found: int, own: int, having: int, texts: int) -> None:
    draws = [sum(text < having for text in drawn) for drawn in itertools.combinations(range(texts), own)]
    assert len(draws) == comb(texts, own)
    assert upper_tail(found, own, having, texts) == pytest.approx(sum(one >= found for one in draws) / len(draws))


def test_half_of_the_texts_and_three_or_both() -> None:
    assert [needed(texts) for texts in range(2, 9)] == [2, 3, 3, 3, 3, 4, 4]


def test_a_fixed_last_sentence_is_found_every_time_with_all_its_files() -> None:
    for concept in concepts(sample_rows()):
        rows = edited(sample_rows(), concept, lambda one: f"{one.text} And the light was gone.")
        (cause,) = causes(rows)
        assert (cause.kind, cause.concept) == ("ending", concept)
        assert "“and the light was gone”" in cause.finding
        assert files(cause, rows) == {one.path for one in rows if one.concept == concept}


def test_the_same_first_words_and_the_same_syntax_are_found() -> None:
    for concept in concepts(sample_rows())[::4]:
        rows = edited(sample_rows(), concept, lambda one: f"Late that night, {one.text}")
        assert [(one.kind, one.concept) for one in causes(rows)] == [("start", concept)]
    nouns = itertools.cycle(["cup", "coat", "lamp", "bench", "kettle", "fence", "drawer"])
    rows = edited(sample_rows(), "awed", lambda one: f"The {next(nouns)} was in the {next(nouns)} and {one.text}")
    (cause,) = causes(rows)
    assert (cause.kind, cause.concept) == ("start", "awed")
    assert "“the … was in the … and”" in cause.finding


def test_a_concept_that_is_named_is_found_and_its_parts_are_not() -> None:
    def named(one: StoryRow) -> str:
        return one.text.replace(". ", f" {str(one.concept).replace('_', ' ')}. ", 1)

    for concept in concepts(sample_rows()):
        rows = edited(sample_rows(), concept, named)
        assert [(one.kind, one.concept) for one in causes(rows)] == [("name", concept)]
    assert not texts_naming(["she was seen by all", "the feeling of it"], ["feeling_seen"])["feeling_seen"].any()
    assert texts_naming(["a feeling seen at once", "angrily"], ["feeling_seen", "anger"])["anger"].tolist() == [
        False,
        True,
    ]


def test_one_common_last_word_does_not_alarm() -> None:
    ends = {one.path for one in sample_rows() if one.concept == "proud"}
    three = sorted(ends)[:3]
    rows = [
        StoryRow(one.path, one.concept, one.scenario, f"{one.text} it.", "") if one.path in three else one
        for one in sample_rows()
    ]
    assert causes(rows) == []


def test_two_stories_count_only_where_both_end_the_same() -> None:
    rows = [*sample_rows(), StoryRow("stories/shy.txt", "shy", None, "He went. And nobody ever saw him there.", "")]
    again = StoryRow("paired/night_bus/shy.txt", "shy", "night_bus", "She came. And nobody ever saw him there.", "")
    assert causes(rows) == []
    (cause,) = causes([*rows, again])
    assert (cause.concept, len(cause.signs)) == ("shy", 2)
    other = StoryRow("paired/night_bus/shy.txt", "shy", "night_bus", "She came. And all of them ever saw him here.", "")
    assert causes([*rows, other]) == []


def test_with_mean_pooling_the_ending_weighs_less() -> None:
    rows = edited(sample_rows(), "sad", lambda one: f"{one.text} And the light was gone.")
    (cause,) = shared_causes(rows, group_rows(rows), mean_pooling=True)
    assert "mean pooling" in cause.advice


def test_a_copy_of_a_text_is_evidence_but_not_a_second_text() -> None:
    rows = [StoryRow(f"stories/joy{i}.txt", "joy", None, "The very same words stand here.", "") for i in range(4)]
    assert causes([*rows, *sample_rows()]) == []
