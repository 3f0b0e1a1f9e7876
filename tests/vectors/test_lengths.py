"""Length as a confound: found where it is one, and hardly ever where it is not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sample_texts import concepts, edited, sample_rows

from caa_tui.vectors.causes import LEVEL
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.lengths import Stratum, _exact_p, _normal_p, _scores, length_causes, rank_test, strata_of


def rows_of(lengths: dict[str | None, list[int]], scenario: str | None = None) -> list[StoryRow]:
    """Stories of so many words, no two alike."""
    number = itertools.count()
    texts = [(concept, f"n{next(number)} " + "w " * (length - 1)) for concept, own in lengths.items() for length in own]
    return [StoryRow(f"{concept}/{i}.txt", concept, scenario, text, text) for i, (concept, text) in enumerate(texts)]


def test_a_concept_that_is_told_longer_is_named_with_its_lengths_the_longest_first() -> None:
    others = list(range(100, 130))
    rows = rows_of({"long": list(range(180, 190)), "same": others[::3], "rest": others, None: others})
    (cause,) = [one for one in length_causes(rows, group_rows(rows)) if one.concept == "long"]
    assert cause.share == 1.0
    assert "longer" in cause.finding
    assert "(184 words against 114" in cause.finding or "(184 words against 115" in cause.finding
    assert [sign.row for sign in cause.signs] == list(range(9, -1, -1))
    assert cause.signs[0].score == pytest.approx(189 / np.median([*others, *others[::3]]))


def test_a_shorter_one_starts_with_its_shortest() -> None:
    others = list(range(100, 130))
    rows = rows_of({"short": [50, 40, 45, 47, 52, 49], "rest": others})
    cause = next(iter(length_causes(rows, group_rows(rows))))
    assert cause.concept == "short" or "longer" in cause.finding
    short = next(one for one in length_causes(rows, group_rows(rows)) if one.concept == "short")
    assert rows[short.signs[0].row].text.count("w") == 39
    assert "shorter" in short.finding


def test_the_p_value_is_that_of_every_way_to_deal_the_lengths() -> None:
    """Two strata with ties: every assignment of the texts of a stratum to the concept."""
    values = np.array([3.0, 5.0, 5.0, 8.0, 9.0, 9.0, 2.0, 4.0, 4.0, 7.0])
    strata = [Stratum(np.array([3, 5]), np.array([0, 1, 2, 4])), Stratum(np.array([9]), np.array([6, 7, 8]))]
    scores = [_scores(values[np.concatenate([one.own, one.others])]) for one in strata]
    sums = [
        int(scores[0][list(first)].sum() + scores[1][second])
        for first in itertools.combinations(range(6), 2)
        for second in range(4)
    ]
    total = int(scores[0][:2].sum() + scores[1][0])
    tails = np.mean([value >= total for value in sums]), np.mean([value <= total for value in sums])
    share, p = rank_test(values, strata)
    assert p == pytest.approx(min(1.0, 2 * min(tails)))
    assert share == pytest.approx(np.mean([3 / 4, (3 + 1 / 2 + 1 / 2) / 4, 1.0]), abs=0.13)


def test_the_normal_law_is_close_to_the_exact_one() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        scores = [_scores(rng.integers(80, 200, 30).astype(float)) for _ in range(3)]
        total = int(sum(int(part[:4].sum()) for part in scores))
        exact, normal = (law(scores, [4, 4, 4], total) for law in (_exact_p, _normal_p))
        assert normal == pytest.approx(exact, abs=0.02)


def test_stories_are_compared_within_their_scenario_and_baselines_left_out() -> None:
    rows = [
        StoryRow("paired/s/joy.txt", "joy", "s", "a", ""),
        StoryRow("paired/s/sad.txt", "sad", "s", "b", ""),
        StoryRow("paired/s/baseline.txt", None, "s", "c", ""),
        StoryRow("stories/joy.txt", "joy", None, "d", ""),
        StoryRow("stories/awe.txt", "awe", None, "e", ""),
        StoryRow("paired/t/joy.txt", "joy", "t", "f", ""),
    ]
    grouping = group_rows(rows)
    joy = next(group for group in grouping.groups if group.concept == "joy")
    first, left = strata_of(rows, grouping, joy)
    assert (first.own.tolist(), first.others.tolist()) == ([0], [1])
    assert (left.own.tolist(), left.others.tolist()) == ([3, 5], [4])


def test_with_one_concept_the_baselines_are_compared() -> None:
    rows = rows_of({"joy": list(range(200, 208)), None: list(range(100, 108))})
    assert [one.concept for one in length_causes(rows, group_rows(rows))] == ["joy"]


def test_equal_lengths_and_small_differences_say_nothing() -> None:
    rows = rows_of({"a": [7] * 5, "b": [7] * 5})
    assert list(length_causes(rows, group_rows(rows))) == []
    rows = rows_of({"a": list(range(125, 133)), "b": list(range(97, 105))})
    assert len(list(length_causes(rows, group_rows(rows)))) == 2
    rows = rows_of({"a": list(range(105, 113)), "b": list(range(97, 105))})
    assert list(length_causes(rows, group_rows(rows))) == []


def test_a_concept_told_at_twice_the_length_is_found_every_time() -> None:
    for concept in concepts(sample_rows()):
        rows = edited(sample_rows(), concept, lambda one: f"{one.text} {one.text}")
        found = list(length_causes(rows, group_rows(rows)))
        assert [one.concept for one in found] == [concept]
        assert {rows[sign.row].path for sign in found[0].signs} == {one.path for one in rows if one.concept == concept}


def test_false_alarms_are_rare_over_whole_corpora() -> None:
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(200):
        lengths: dict[str | None, list[int]] = {
            f"c{i}": list(rng.integers(80, 200, rng.integers(2, 12))) for i in range(8)
        }
        rows = rows_of(lengths | {None: list(rng.integers(80, 200, 6))})
        alarms += any(True for _ in length_causes(rows, group_rows(rows)))
    assert alarms <= 200 * LEVEL * 3
