"""Foreign text cannot act on a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caa_tui.text_safety import printable

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("joy", "joy"),
        ("naïve 日本 e\u0301 👩\u200d👧", "naïve 日本 e\u0301 👩\u200d👧"),
        ("a\nb\tc\r", "a␊b␉c␍"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x00\x7f", "␀␡"),
        ("\x9b31m", "\ufffd31m"),
        ("\u202etxt.yoj\u202c\u2066\u200f", "\ufffdtxt.yoj\ufffd\ufffd\ufffd"),
        ("\u2028\u2029", "\ufffd\ufffd"),
        ("\udcff", "\ufffd"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(ANY_TEXT)
def test_no_character_that_a_terminal_acts_on_is_left(text: str) -> None:
    shown = printable(text)
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F for char in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    shown.encode()


@given(ANY_TEXT)
def test_length_is_kept_and_a_second_time_changes_nothing(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert printable(shown) == shown
