"""What changed between two runs, as a list to walk through: its stories can be opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from caa_tui.tui.widgets.change_lines import ChangeLine


class ChangesList(OptionList):
    """The cursor goes from story to story; where there is none, the same keys scroll."""

    HELP = "What differs between the two runs; Enter opens the story under the cursor."
    DEFAULT_CSS = """
    ChangesList { height: 1fr; border: none; background: $surface; scrollbar-size-vertical: 1; padding: 0; }
    ChangesList:focus { border: none; background-tint: $surface 0%; }
    ChangesList > .option-list--option { padding: 0 1; }
    ChangesList > .option-list--option-disabled { color: $foreground; }
    ChangesList > .option-list--option-highlighted { background: $block-cursor-blurred-background; color: $foreground; }
    ChangesList:focus > .option-list--option-highlighted { background: $accent 30%; color: $foreground; }
    """
    BINDINGS = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "first", "First", show=False),
        Binding("G", "last", "Last", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """A story was chosen with Enter or a click."""

        path: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._shown: list[ChangeLine] = []

    def show(self, lines: Sequence[ChangeLine]) -> None:
        """Draw these lines; the cursor stays on its story."""
        if list(lines) == self._shown:
            return
        path = self.path
        self._shown = list(lines)
        self.clear_options()
        self.add_options([Option(line.content, disabled=line.path is None) for line in self._shown])
        self.scroll_home(animate=False)
        if path is not None and path in self.paths:
            self.highlighted = [line.path for line in self._shown].index(path)

    @property
    def text(self) -> str:
        """Everything it shows, line by line."""
        return "\n".join(line.content.plain for line in self._shown)

    @property
    def paths(self) -> list[str]:
        """The stories that can be opened, as listed."""
        return [line.path for line in self._shown if line.path is not None]

    @property
    def path(self) -> str | None:
        """The story under the cursor."""
        cursor = self.highlighted
        return self._shown[cursor].path if cursor is not None and cursor < len(self._shown) else None

    def action_cursor_down(self) -> None:
        # Below the last story stand the flags.
        if self.paths and self.path != self.paths[-1]:
            super().action_cursor_down()
        else:
            self.scroll_down(animate=False)

    def action_cursor_up(self) -> None:
        # Above the first story stand the settings.
        if self.paths and self.path not in (None, self.paths[0]):
            super().action_cursor_up()
        else:
            self.scroll_up(animate=False)

    def action_page_down(self) -> None:
        if self.paths:
            super().action_page_down()  # type: ignore[no-untyped-call]
        else:
            self.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        if self.paths:
            super().action_page_up()  # type: ignore[no-untyped-call]
        else:
            self.scroll_page_up(animate=False)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        path = self._shown[event.option_index].path
        if path is not None:
            self.post_message(self.Chosen(path))
