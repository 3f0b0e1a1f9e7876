"""Text that comes from files and workers, made safe for widgets: never markup, never control characters."""

from __future__ import annotations

from rich.cells import set_cell_size
from textual.content import Content

from caa_tui.text_safety import printable


def plain(text: str, style: str = "") -> Content:
    """`text` as it reads, line by line, with control and bidi characters as pictures; markup in it stays text."""
    safe = "\n".join(printable(line) for line in text.split("\n"))
    return Content.styled(safe, style) if style else Content(safe)


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in exactly `width` cells: cut with an ellipsis, or filled with blanks."""
    text = printable(text)
    shown = set_cell_size(text, width)
    if len(text) > len(shown.rstrip()) and width > len(ellipsis) and not shown.startswith(text):
        return set_cell_size(text, width - len(ellipsis)) + ellipsis
    return shown
