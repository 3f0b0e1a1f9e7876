"""Nothing that reaches the terminal carries a control or bidi character, whatever the widget."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.segment import ControlType, Segment
from textual.color import Color

from caa_tui.tui.line_filter import PrintableFilter

BLACK = Color(0, 0, 0)


@given(st.lists(st.text()))
def test_no_control_or_bidi_character_passes(texts: list[str]) -> None:
    shown = PrintableFilter().apply([Segment(text) for text in texts], BLACK)
    kept = "\u00ad\u200c\u200d"
    assert len(shown) == len(texts)
    for segment in shown:
        assert all(
            char in kept or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in segment.text
        )


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"])))
def test_ordinary_text_is_untouched(text: str) -> None:
    assert [segment.text for segment in PrintableFilter().apply([Segment(text)], BLACK)] == [text]


def test_control_segments_of_textual_itself_pass() -> None:
    control = Segment("", None, [(ControlType.BELL,)])
    assert PrintableFilter().apply([control], BLACK) == [control]
