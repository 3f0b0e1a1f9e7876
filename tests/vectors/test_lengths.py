"""Length as a confound: found where it is one, and hardly ever where it is not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.lengths import _bias, length_biases


def rows_of(lengths: dict[str | None, list[int]]) -> list[StoryRow]:
    """Stories of so many words, no two alike."""
    number = itertools.count()
    texts = [(concept, f"n{next(number)} " + "w " * (length - 1)) for concept, own in lengths.items() for length in own]
    return [StoryRow(f"{concept}/{i}.txt", concept, None, text, text) for i, (concept, text) in enumerate(texts)]


def test_a_concept_that_is_told_longer_is_named_with_its_lengths() -> None:
    others = list(range(100, 130))
    rows = rows_of({"long": list(range(180, 190)), "same": others[::3], "rest": others, None: others})
    (bias,) = [one for one in length_biases(rows, group_rows(rows)) if one.concept == "long"]
    assert (bias.auroc, bias.words) == (1.0, 184.5)
    assert 100 < bias.negative_words < 130


def test_the_score_is_that_of_the_exact_law_of_u_with_ties() -> None:
    """Mean and variance of U over every way to deal the lengths, against the formula."""
    lengths = np.array([3.0, 5.0, 5.0, 5.0, 8.0, 9.0, 9.0, 12.0])
    rows = rows_of({"own": [3, 5, 5], "rest": [5, 8, 9, 9, 12]})
    group = next(one for one in group_rows(rows).groups if one.concept == "own")

    def auroc(own: tuple[int, ...]) -> float:
        rest = [index for index in range(8) if index not in own]
        pairs = [(lengths[i] > lengths[j]) + (lengths[i] == lengths[j]) / 2 for i in own for j in rest]
        return float(np.mean(pairs))

    law = [auroc(own) for own in itertools.combinations(range(8), 3)]
    score, bias = _bias(lengths, group)
    assert bias.auroc == pytest.approx(auroc((0, 1, 2)))
    assert score == pytest.approx((bias.auroc - np.mean(law)) / np.std(law))


def test_equal_lengths_say_nothing() -> None:
    rows = rows_of({"a": [7] * 5, "b": [7] * 5})
    assert length_biases(rows, group_rows(rows)) == ()


def test_false_alarms_are_rare_over_whole_corpora() -> None:
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(200):
        lengths: dict[str | None, list[int]] = {
            f"c{i}": list(rng.integers(80, 200, rng.integers(2, 12))) for i in range(8)
        }
        rows = rows_of(lengths | {None: list(rng.integers(80, 200, 6))})
        alarms += bool(length_biases(rows, group_rows(rows)))
    assert alarms <= 18, "5 % of 200 corpora are 10; more than 18 would be a chance of one in a hundred"
