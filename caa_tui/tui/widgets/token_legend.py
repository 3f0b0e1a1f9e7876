"""The line above the tokens: which concept they are coloured by, and how far from the middle each sign is."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from caa_tui.text_safety import printable
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.tui.token_rows import STEEPEST


class TokenLegend(Static):
    """One line; what does not fit is cut, the concept comes first."""

    DEFAULT_CSS = """
    TokenLegend { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; background: $panel; }
    """

    def show(self, concept: str, measure: str, step: float, glyphs: Glyphs, *, sinks: bool) -> None:
        """`measure`: what the numbers are; `step`: how much one level is."""
        parts = [Content.styled(printable(concept), "bold $accent"), Content.styled(f" {measure}", "$foreground 70%")]
        for level in range(-STEEPEST, STEEPEST + 1):
            sign = glyphs.levels[STEEPEST + level]
            word = f" {decimal(level * step, glyphs, 0)}" if level else " between"
            parts.append(Content(f"  {sign}{word}"))
        if sinks:
            parts.append(Content(f"  {glyphs.sink} attention sink"))
        self.update(Content("").join(parts), layout=False)
