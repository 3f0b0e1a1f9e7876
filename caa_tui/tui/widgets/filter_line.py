"""The line a `/` opens: rows that do not contain its text are hidden; it stays in view while it is in force."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input


class FilterLine(Input):
    """Escape clears and closes it, Enter keeps it and gives the focus back."""

    DEFAULT_CSS = """
    FilterLine { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
    FilterLine:focus { border: none; background: $boost; }
    FilterLine.-open { display: block; }
    """
    BINDINGS = [Binding("escape", "clear_filter", "Show all rows", show=False)]

    @dataclass
    class Filtered(Message):
        """The text to look for changed."""

        text: str

    def __init__(self) -> None:
        super().__init__(placeholder="filter: type a part of a name, Enter keeps it, Esc shows all", compact=True)
        self._came_from: Widget | None = None

    def open(self) -> None:
        """Show the line and type into it."""
        self._came_from = self.screen.focused
        self.add_class("-open")
        self.focus()

    def action_clear_filter(self) -> None:
        self.value = ""
        self._leave(close=True)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Filtered(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave(close=not event.value)

    def _leave(self, *, close: bool) -> None:
        self.set_class(not close, "-open")
        if self._came_from is not None:
            self._came_from.focus()
