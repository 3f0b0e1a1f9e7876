"""Fuzzy matching: words in any order, better fits first, and never slow on a name that repeats itself."""

from __future__ import annotations

import time

import pytest

from caa_tui.tui.fuzzy import Fit, Query


@pytest.mark.parametrize(
    ("typed", "name", "fit"),
    [
        ("tender", "paired/doorway/tender", Fit.WHOLE_WORD),
        ("ten", "paired/doorway/tender", Fit.WORD_START),
        ("3am", "paired/kitchen_at_3am/tender", Fit.WHOLE_WORD),
        ("end", "paired/doorway/tender", Fit.INSIDE),
        ("tdr", "paired/doorway/tender", Fit.SCATTERED),
        ("tender door", "paired/doorway/tender", Fit.WORD_START),
        ("tender dwy", "paired/doorway/tender", Fit.SCATTERED),
    ],
)
def test_the_weakest_word_decides(typed: str, name: str, fit: Fit) -> None:
    match = Query(typed).match(name)
    assert match is not None
    assert match.fit is fit


@pytest.mark.parametrize("typed", ["x", "tenderer", "rwrw", "tender kitchen", "", "   "])
def test_what_does_not_fit(typed: str) -> None:
    assert Query(typed).match("paired/doorway/tender") is None


def test_upper_case_and_special_characters_are_only_letters() -> None:
    assert Query("TENDER").match("tender") is not None
    assert Query("a.b").match("axb") is None
    assert Query("[").match("a[b") is not None


def test_the_best_place_is_marked() -> None:
    match = Query("en").match("tender/enough")
    assert match is not None
    assert match.spans == ((7, 9),)
    scattered = Query("tdr").match("tender")
    assert scattered is not None
    assert scattered.spans == ((0, 1), (3, 4), (5, 6))


def test_of_two_names_the_shorter_is_closer() -> None:
    near, far = Query("ten").match("tender"), Query("ten").match("tenderly_told")
    assert near is not None
    assert far is not None
    assert near.closeness > far.closeness


def test_a_name_of_one_letter_costs_nothing() -> None:
    before = time.perf_counter()
    assert Query("aaaaaaaaaab").match("a" * 200) is None
    assert Query("a a a a a").match("ba" * 100) is not None
    assert time.perf_counter() - before < 1
