"""The last line of defence: nothing that reaches the terminal carries a control or bidi character."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from caa_tui.text_safety import printable


class PrintableFilter(LineFilter):
    """Textual writes ESC and C1 bytes of a text as they are; this replaces them in every rendered line."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [self._safe(segment) for segment in segments]

    def _safe(self, segment: Segment) -> Segment:
        if segment.control or segment.text.isprintable():
            return segment
        return Segment(printable(segment.text), segment.style)
