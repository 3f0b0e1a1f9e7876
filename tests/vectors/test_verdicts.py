"""The rules: an answer only when the others are excluded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caa_tui.vectors.agreement import Agreement, Split
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.pairs import Mix, Pair
from caa_tui.vectors.verdicts import cohesion, redundancy, twin

ROWS = tuple(StoryRow(f"stories/{i}.txt", "joy", None, str(i), "") for i in range(6))
ONE = Split(0.1, 0.3, ((0, 1, 2), (3, 4, 5)), random_p=0.6, coherent_p=0.7, camps_p=0.01)
TWO = Split(0.6, 0.0, ((0, 1, 2), (3, 4, 5)), random_p=0.005, coherent_p=0.01, camps_p=0.8)
STRONG = Agreement("joy", 6, 0.35, p=0.001, absent_p=0.99, low=0.2, high=0.5, split=ONE)


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        (STRONG, "coherent"),
        (replace(STRONG, p=0.045), "cannot tell"),
        (replace(STRONG, value=0.09), "cannot tell"),
        (replace(STRONG, split=replace(ONE, camps_p=0.06)), "cannot tell"),
        (replace(STRONG, split=replace(ONE, coherent_p=0.05)), "cannot tell"),
        (replace(STRONG, split=TWO), "two camps"),
        (replace(STRONG, split=replace(TWO, random_p=0.02)), "cannot tell"),
        (replace(STRONG, split=replace(TWO, camps_p=0.04)), "cannot tell"),
        (replace(STRONG, split=replace(TWO, coherent_p=None)), "cannot tell"),
        (replace(STRONG, texts=3, split=TWO), "cannot tell"),
        (replace(STRONG, texts=2, split=None), "coherent"),
        (replace(STRONG, value=0.01, p=0.4, absent_p=0.03), "no agreement"),
        (replace(STRONG, value=0.03, p=0.01, absent_p=0.03), "no agreement"),
        (replace(STRONG, value=0.01, p=0.4, absent_p=0.06), "cannot tell"),
        (Agreement("joy", 1, None), "cannot tell"),
    ],
)
def test_cohesion(found: Agreement, answer: str) -> None:
    verdict = cohesion(found, ROWS)
    assert verdict.answer == answer
    assert verdict.reason.endswith(".")


def test_camps_come_with_their_files() -> None:
    verdict = cohesion(replace(STRONG, split=TWO), ROWS)
    assert verdict.camps == (tuple(f"stories/{i}.txt" for i in range(3)), tuple(f"stories/{i}.txt" for i in (3, 4, 5)))
    assert verdict.reason == "The stories fall into camps of 3 and 3: .60 more alike within than across."


@pytest.mark.parametrize(
    ("one_p", "distinct_p", "value", "answer"),
    [
        (0.4, 0.01, 0.3, "one concept"),
        (0.01, 0.4, 0.3, "told apart"),
        (0.01, 0.01, 0.3, "told apart"),
        (0.4, 0.4, 0.3, "cannot tell"),
        (0.4, 0.01, 0.02, "cannot tell"),
    ],
)
def test_twin(one_p: float, distinct_p: float, value: float, answer: str) -> None:
    verdict = twin(Pair("joy", "awe", 0.95, one_p, distinct_p), replace(STRONG, value=value), STRONG)
    assert verdict.answer == answer


@pytest.mark.parametrize(
    ("own_p", "mixed_p", "p", "answer"),
    [
        (0.01, 0.4, 0.001, "a mix"),
        (0.4, 0.01, 0.001, "of its own"),
        (0.4, 0.4, 0.001, "cannot tell"),
        (0.01, 0.4, 0.2, "cannot tell"),
    ],
)
def test_redundancy(own_p: float, mixed_p: float, p: float, answer: str) -> None:
    mix = Mix("joy", (("awe", 0.5), ("calm", 0.6)), 0.03, own_p, mixed_p)
    assert redundancy(mix, replace(STRONG, p=p)).answer == answer
