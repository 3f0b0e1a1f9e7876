"""What two tellings share, word by word."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caa_tui.corpus.word_diff import MOST_WORDS, PHRASE_WORDS, Spans, word_diff


def passages(text: str, spans: Spans) -> list[str]:
    return [text[start:end] for start, end in spans]


def test_differing_words_are_found_on_both_sides() -> None:
    left, right = "He closed the door, slowly.", "He shut the door slowly and left."
    diff = word_diff(left, right)
    assert diff is not None
    assert passages(left, diff.only_left) == ["closed"]
    assert passages(right, diff.only_right) == ["shut", "and left"]
    assert passages(left, diff.shared_left) == ["the door, slowly"]
    assert passages(right, diff.shared_right) == ["the door slowly"]
    assert diff.alike == 2 * 4 / (5 + 7)


def test_capitals_and_punctuation_do_not_count() -> None:
    diff = word_diff("“Don’t,” she SAID.", "don’t she said")
    assert diff is not None
    assert (diff.alike, diff.only_left, diff.only_right) == (1, (), ())


def test_scripts_without_spaces_are_compared_by_character() -> None:
    left, right = "喜びの朝", "喜びの夜"
    diff = word_diff(left, right)
    assert diff is not None
    assert (passages(left, diff.only_left), passages(right, diff.only_right)) == (["朝"], ["夜"])


def test_nothing_is_said_of_empty_and_of_endless_texts() -> None:
    assert word_diff("", "a") is None
    assert word_diff("a", "—") is None
    assert word_diff("a " * (MOST_WORDS + 1), "a") is None


@pytest.mark.parametrize(("left", "right"), [("a ", "a b "), ("a b c ", "c b a ")])
def test_texts_of_few_different_words_do_not_hold_the_screen(left: str, right: str) -> None:
    started = time.process_time()
    word_diff(left * (MOST_WORDS // len(left.split())), right * (MOST_WORDS // len(right.split())))
    assert time.process_time() - started < 5  # a minute or two when every pair of equal words is tried


WORD = st.sampled_from(["a", "b", "c", "d"])


@given(st.lists(WORD, min_size=1), st.lists(WORD, min_size=1))
def test_spans_ascend_inside_the_texts_and_shared_ones_are_equal(one: list[str], other: list[str]) -> None:
    left, right = " ".join(one), ", ".join(other)
    diff = word_diff(left, right)
    assert diff is not None
    for text, spans in ((left, diff.only_left), (right, diff.only_right)):
        offsets = [offset for span in spans for offset in span]
        assert offsets == sorted(offsets)
        assert all(passages(text, spans))
    shared = [phrase.replace(",", "") for phrase in passages(right, diff.shared_right)]
    assert passages(left, diff.shared_left) == shared
    assert all(len(phrase.split()) >= PHRASE_WORDS for phrase in shared)
