"""Tokens as lines, and their numbers as levels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from caa_tui.tui.theme import UNICODE
from caa_tui.tui.token_rows import STEEPEST, laid_out, level_of, middle, step_of, strongest, token_name

TOKENS = st.lists(st.text(st.sampled_from("ab \n.\u754c\u0301"), min_size=1, max_size=9), min_size=1, max_size=30)


@given(TOKENS, st.integers(3, 40))
def test_every_token_is_drawn_once_and_no_line_is_too_wide(tokens: list[str], width: int) -> None:
    lines = laid_out(tokens, width, UNICODE)
    drawn = [piece.token for line in lines for piece in line]
    assert drawn == sorted(drawn)
    assert set(drawn) <= set(range(len(tokens)))
    assert {at for at, token in enumerate(tokens) if cell_len(token.strip())} <= set(drawn)
    for line in lines:
        assert all(piece.end <= width for piece in line)
        assert all(left.end <= right.column for left, right in itertools.pairwise(line))


def test_words_stay_whole_and_newlines_break_the_line() -> None:
    lines = laid_out(["She", " wai", "ted", ".", "\n", "Rain"], 8, UNICODE)
    words = ["".join(piece.text for piece in line) for line in lines]
    assert words[0] == "She"
    assert words[1].startswith("waited.")
    assert words[-1] == "Rain"


@pytest.mark.parametrize(
    ("value", "level"), [(0.0, 0), (0.9, 0), (1.0, 1), (-2.5, -2), (9.0, 3), (-60.0, -3), (np.nan, 0)]
)
def test_levels_count_whole_steps(value: float, level: int) -> None:
    assert level_of(value, 1.0) == level


@pytest.mark.parametrize(
    ("reach", "step"), [(0.0, 1), (2.9, 1), (3.5, 2), (7.0, 5), (16.0, 10), (290.0, 100), (1e6, 500_000)]
)
def test_the_step_is_the_smallest_round_one_that_reaches(reach: float, step: float) -> None:
    values = np.full(40, reach)
    assert step_of(values, ()) == step
    assert STEEPEST * step >= reach


def test_an_attention_sink_is_kept_out_of_the_scale() -> None:
    values = np.array([-60.0, *np.linspace(-2, 2, 20)])
    assert step_of(values, (0,)) == 1
    assert step_of(values, ()) == 1, "nor does one token in twenty stretch it"
    assert middle(values, (0,)) == pytest.approx(0.0)
    assert strongest(values, (0,))[0] == 20
    assert 0 not in strongest(values, (0,))


def test_no_number_at_all() -> None:
    nothing = np.full(3, np.nan)
    assert (middle(nothing, ()), step_of(nothing, ())) == (0.0, 1.0)


def test_a_token_on_its_own_shows_what_it_is() -> None:
    assert token_name(" the", UNICODE) == "“ the”"
    assert token_name("\n", UNICODE) == f"“{UNICODE.newline}”"
    assert "\x1b" not in token_name("\x1b[31m", UNICODE)
    assert len(token_name("a" * 99, UNICODE)) < 30
