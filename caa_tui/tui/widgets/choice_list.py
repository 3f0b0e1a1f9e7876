"""A list of sentences: the first click points at a row, a click on the row under the cursor or Enter chooses it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

SHOWN_ROWS = 1000
"""Rows that are drawn; ten thousand would hold the screen up at every key of the filter."""


class ChoiceList(OptionList):
    """Long rows wrap; a list that is too long is cut and says so."""

    DEFAULT_CSS = """
    ChoiceList { height: 1fr; border: none; background: $surface; scrollbar-size-vertical: 1; padding: 0 1; }
    ChoiceList:focus { border: none; background-tint: $surface 0%; }
    """
    HELP = "Rows to choose from; what stands beside them is about the row under the cursor."
    BINDINGS = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "first", "First", show=False),
        Binding("G", "last", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)

    def on_click(self, event: events.Click) -> None:
        row = event.style.meta.get("option")
        if row is not None and row != self.highlighted and not self.get_option_at_index(row).disabled:
            event.prevent_default()
            self.highlighted = row

    def fill(self, rows: Sequence[Content], total: int, empty: str) -> None:
        """Draw the rows, the first of `total`; the cursor keeps its place. `empty` is said when there is none."""
        cursor = self.highlighted or 0
        self.clear_options()
        self.add_options([Option(row) for row in rows])
        if total > len(rows):
            rest = f"and {total - len(rows):,} more: filter by a part of a name to see fewer"
            self.add_option(Option(rest, disabled=True))
        if rows:
            self.highlighted = min(cursor, len(rows) - 1)
        else:
            self.add_option(Option(empty, disabled=True))
