"""Line endings survive an edit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caa_tui.corpus.newlines import common_ending, restore_endings
from caa_tui.corpus.text import normalise_newlines

_raw = st.text(alphabet="ab \r\n", max_size=40)


@pytest.mark.parametrize(
    ("raw", "edited", "expected"),
    [
        ("one\r\ntwo\r\n", "one\n2\nthree\n", "one\r\n2\r\nthree\r\n"),
        ("one\rtwo", "one\ntwo\nthree", "one\rtwo\rthree"),
        ("one", "one\ntwo", "one\ntwo"),
        ("", "a\nb", "a\nb"),
        # Mixed: what is left keeps its own, what is new gets the common one.
        ("a\r\nb\nc\r\nd\n\re\r\n", "a\nb\nX\nc\nd\n\ne\n", "a\r\nb\nX\r\nc\r\nd\n\re\r\n"),
        ("a\r\nb\nc\r\n", "b\nc\n", "b\nc\r\n"),
        ("a\r\nb\nc\r\n", "a\nb changed\nc\n", "a\r\nb changed\nc\r\n"),
        ("a\r\nb\nc", "a\nb", "a\r\nb"),
        ("a\rb\nc", "a\n\nc", "a\r\rc"),
    ],
)
def test_restored(raw: str, edited: str, expected: str) -> None:
    assert restore_endings(raw, edited) == expected


@given(raw=_raw)
def test_untouched_text_comes_back_exactly(raw: str) -> None:
    assert restore_endings(raw, normalise_newlines(raw)) == raw


@settings(max_examples=2000)
@given(raw=_raw, edited=st.text(alphabet="abc \n", max_size=40))
def test_reads_back_as_edited(raw: str, edited: str) -> None:
    assert normalise_newlines(restore_endings(raw, edited)) == edited


@given(raw=_raw, line=st.text(alphabet="xyz", min_size=1, max_size=3))
def test_a_line_added_at_the_end_changes_nothing_above(raw: str, line: str) -> None:
    saved = restore_endings(raw, f"{normalise_newlines(raw)}\n{line}")
    assert saved.startswith(raw)
    assert saved.removeprefix(raw) in {f"{ending}{line}" for ending in ("\n", "\r", "\r\n")}


def test_common_ending() -> None:
    assert common_ending("a\r\nb\r\nc\n") == "\r\n"
    assert common_ending("no ending") == "\n"


def test_a_huge_mixed_file_is_quick() -> None:
    raw = "same\r\n" * 50_000 + "odd\n" + "same\r\n" * 50_000
    edited = normalise_newlines(raw)
    assert restore_endings(raw, "first\n" + edited) == "first\r\n" + raw
