"""The line a `/` opens: rows that do not contain its text are hidden; it stays in view while it is in force."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from caa_tui.tui.widgets.line_keys import LineKeys
from caa_tui.tui.widgets.text_line import TextLine


class FilterLine(Horizontal):
    """Escape clears and closes it, Enter keeps it and gives the focus back; so do clicks on these words."""

    DEFAULT_CSS = """
    FilterLine { display: none; height: 1; padding: 0 1; background: $boost; }
    FilterLine.-open { display: block; }
    FilterLine #filter-name { width: auto; }
    FilterLine Input, FilterLine Input:focus { width: 1fr; border: none; padding: 0; background: $boost; }
    """
    HELP = "Only rows that contain this text are shown. Enter keeps it and goes back to the list, Esc shows all rows."
    BINDINGS = [Binding("escape", "clear_filter", "Show all rows", show=False)]

    @dataclass
    class Filtered(Message):
        """The text to look for changed."""

        text: str

    def __init__(self) -> None:
        super().__init__()
        self._came_from: Widget | None = None

    def compose(self) -> ComposeResult:
        yield Static("Filter:", id="filter-name")
        yield TextLine(placeholder="a part of a name; enter keeps it, esc shows all rows")
        yield LineKeys({"enter": "keep_filter", "esc": "clear_filter"})

    @property
    def input(self) -> Input:
        return self.query_one(Input)

    @property
    def in_force(self) -> bool:
        """Whether it is in view, typed into or kept."""
        return self.has_class("-open")

    def open(self) -> None:
        """Show the line and type into it."""
        if not self.input.has_focus:
            self._came_from = self.screen.focused
        self.add_class("-open")
        self.input.focus()

    def action_clear_filter(self) -> None:
        self.input.value = ""
        self._leave(close=True)

    async def action_keep_filter(self) -> None:
        await self.input.action_submit()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Filtered(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave(close=not event.value)

    def _leave(self, *, close: bool) -> None:
        typed_into = self.input.has_focus
        self.set_class(not close, "-open")
        if typed_into and self._came_from is not None:
            self._came_from.focus()
