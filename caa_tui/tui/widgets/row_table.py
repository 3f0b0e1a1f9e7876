"""A table of rows with one cursor, drawn line by line: titles stay in view, columns give way on a narrow screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from caa_tui.tui.content import fit

_Item = TypeVar("_Item")

GAP = 2
"""Blanks between two columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; the first takes the room that is left."""

    title: str
    width: int
    right: bool = False
    """Numbers stand on the right."""
    drop: int = 0
    """0: always shown; otherwise the column with the highest number goes first when there is no room."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text of one cell, already in the house's precision."""

    text: str
    tone: Literal["", "dim", "accent", "warning"] = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in one line, and what it stands for."""

    key: str
    cells: tuple[Cell, ...]


class RowTable(ScrollView, can_focus=True):
    """Arrows or h j k l move; Enter, or a click on the row under the cursor, chooses."""

    COMPONENT_CLASSES = {"rows--title", "rows--dim", "rows--accent", "rows--warning", "rows--cursor"}
    DEFAULT_CSS = """
    RowTable { background: $surface; height: 1fr; scrollbar-size: 1 1; overflow-x: hidden; }
    RowTable > .rows--title { text-style: bold dim; }
    RowTable > .rows--dim { text-style: dim; }
    RowTable > .rows--accent { color: $accent; }
    RowTable > .rows--warning { color: $error; }
    RowTable > .rows--cursor { background: $block-cursor-blurred-background; text-style: bold; }
    RowTable:focus > .rows--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    """
    BINDINGS = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+u", "move(-15)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "move(15)", "Page down", show=False),
        Binding("home,g", "move(-9999)", "First", show=False),
        Binding("end,G", "move(9999)", "Last", show=False),
    ]

    cursor: reactive[int] = reactive(0)

    @dataclass
    class Pointed(Message):
        """The cursor came to a row."""

        key: str

    @dataclass
    class Chosen(Message):
        """The row under the cursor was clicked; Enter is the screen's command."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns: tuple[Column, ...] = ()
        self._rows: tuple[Row, ...] = ()

    def show(self, columns: Sequence[Column], rows: Sequence[Row], key: str | None = None) -> None:
        """Draw these rows; the cursor goes to the row named `key`, or stays on its row, or as near as can be."""
        wanted = key if key is not None else self.key
        self._columns, self._rows = tuple(columns), tuple(rows)
        self.virtual_size = Size(self.size.width, 1 + len(self._rows))
        keys = [row.key for row in self._rows]
        self.cursor = keys.index(wanted) if wanted in keys else max(0, min(self.cursor, len(keys) - 1))
        self._keep_in_view()
        self.refresh()

    @property
    def key(self) -> str | None:
        """The row under the cursor."""
        return self._rows[self.cursor].key if 0 <= self.cursor < len(self._rows) else None

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._rows

    def action_move(self, by: int) -> None:
        self.cursor = max(0, min(len(self._rows) - 1, self.cursor + by))

    def watch_cursor(self) -> None:
        self._keep_in_view()
        self.refresh()
        if self.key is not None and self.is_mounted:
            self.post_message(self.Pointed(self.key))

    def _keep_in_view(self) -> None:
        top, height = int(self.scroll_y), max(1, self.size.height - 1)
        self.scroll_to(y=min(max(top, self.cursor - height + 1), self.cursor), animate=False)

    def on_click(self, event: events.Click) -> None:
        index = event.y - 1 + int(self.scroll_y)
        if event.y < 1 or not 0 <= index < len(self._rows):
            return
        again = index == self.cursor
        self.cursor = index
        if again:
            self.post_message(self.Chosen(self._rows[index].key))

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        index = y - 1 + int(self.scroll_y)
        if y == 0:
            title = self._style("rows--title")
            segments = [Segment(text, title) for text in self._line([Cell(column.title) for column in self._columns])]
        elif index < len(self._rows):
            cells = self._rows[index].cells
            styles = [self._cell_style(cell, index) for cell in self._visible(cells)]
            segments = [Segment(text, style) for text, style in zip(self._line(cells), styles, strict=True)]
        else:
            return Strip.blank(width, base)
        strip = Strip([Segment(" ", segments[0].style if segments else None), *segments])
        if y and index == self.cursor:
            return strip.crop_extend(0, width, base + self._style("rows--cursor")).apply_style(base)
        return strip.crop_extend(0, width, base).apply_style(base)

    def _cell_style(self, cell: Cell, index: int) -> Style:
        if index == self.cursor:
            return self._style("rows--cursor")
        return self._style(f"rows--{cell.tone}") if cell.tone else Style.null()

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def _line(self, cells: Sequence[Cell]) -> list[str]:
        """The text of the visible cells, each as wide as its column and the gap after it."""
        texts = []
        for column, cell in zip(self._visible(self._columns), self._visible(cells), strict=True):
            width = column.width + (self._spare() if column is self._columns[0] else 0)
            text = fit(cell.text, width)
            texts.append((text.strip().rjust(width) if column.right else text) + " " * GAP)
        return texts

    def _visible(self, items: Sequence[_Item]) -> list[_Item]:
        hidden = self._hidden()
        return [item for place, item in enumerate(items) if place not in hidden]

    def _hidden(self) -> set[int]:
        """Places of the columns there is no room for."""
        hidden: set[int] = set()
        order = sorted(range(len(self._columns)), key=lambda place: -self._columns[place].drop)
        for place in order:
            if self._needed(hidden) <= self.size.width or not self._columns[place].drop:
                break
            hidden.add(place)
        return hidden

    def _needed(self, hidden: set[int]) -> int:
        return 1 + sum(column.width + GAP for place, column in enumerate(self._columns) if place not in hidden)

    def _spare(self) -> int:
        return max(0, min(14, self.size.width - self._needed(self._hidden())))
