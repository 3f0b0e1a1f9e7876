"""A table of rows with one cursor, drawn line by line: titles stay in view, columns give way on a narrow screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

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
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.rows import Cell, Column, Parting, Row, Sort, goes_down, sorted_rows

if TYPE_CHECKING:
    from caa_tui.tui.app import CaaApp

__all__ = ["Cell", "Column", "Row", "RowTable", "Sort"]

_Item = TypeVar("_Item")

GAP = 2
"""Blanks between two columns."""
MOST_SPARE = 14
"""Columns of free room that the first column takes."""


class RowTable(ScrollView, can_focus=True):
    """Arrows or j k move; Enter, or a click on the row under the cursor, chooses; a click on a title sorts."""

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
    HELP_TITLE = "Table"
    HELP = (
        "One thing a row; what stands beside the table is about the row under the cursor. {filter} shows "
        "only rows with a text in them."
    )
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

    @dataclass
    class Sorted(Message):
        """The title of a column was clicked; a screen that sorts shows the rows again with another `Sort`."""

        title: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns: tuple[Column, ...] = ()
        self._rows: tuple[Row, ...] = ()
        self._sort = Sort()
        self._parting: Parting | None = None

    def show(
        self,
        columns: Sequence[Column],
        rows: Sequence[Row],
        key: str | None = None,
        sort: Sort | None = None,
        parting: Parting | None = None,
    ) -> None:
        """Draw these rows, sorted; the cursor goes to the row named `key`, or stays on its row, or near it.

        `parting`: drawn as long as the rows are in the order given.
        """
        wanted = key if key is not None else self.key
        self._sort = sort or Sort()
        self._columns, self._rows = tuple(columns), sorted_rows(columns, rows, self._sort)
        self._parting = None if self._sort.title else parting
        self.virtual_size = Size(self.size.width, 1 + len(self._rows) + (self._parting is not None))
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
        top, height, line = int(self.scroll_y), max(1, self.size.height - 1), self._line_of(self.cursor)
        highest = 0 if self.cursor == 0 else line
        self.scroll_to(y=min(max(top, line - height + 1), highest), animate=False)

    def _line_of(self, row: int) -> int:
        """Where a row is drawn, counted from the line below the titles."""
        return row + (self._parting is not None and row >= self._parting.before)

    def _row_at(self, line: int) -> int:
        """The row that is drawn there, or would be; -1 for the parting."""
        if self._parting is None or line < self._parting.before:
            return line
        return -1 if line == self._parting.before else line - 1

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            self._click_title(event.x)
            return
        index = self._row_at(event.y - 1 + int(self.scroll_y))
        if not 0 <= index < len(self._rows):
            return
        again = index == self.cursor
        self.cursor = index
        if again:
            self.post_message(self.Chosen(self._rows[index].key))

    def _click_title(self, x: int) -> None:
        end = 1
        for column in self._visible(self._columns):
            end += self._width(column) + GAP
            if x < end:
                self.post_message(self.Sorted(column.title))
                return

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        index = self._row_at(y - 1 + int(self.scroll_y))
        if y == 0:
            title = self._style("rows--title")
            segments = [Segment(text, title) for text in self._titles()]
        elif index < 0 and self._parting is not None:
            segments = [Segment(f"── {self._parting.words} ".ljust(width - 1, "─"), self._style("rows--dim"))]
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
        texts, ellipsis = [], self._glyphs.ellipsis
        for column, cell in zip(self._visible(self._columns), self._visible(cells), strict=True):
            width = self._width(column)
            text = fit(cell.text, width, ellipsis)
            texts.append((text.strip().rjust(width) if column.right else text) + " " * GAP)
        return texts

    @property
    def _glyphs(self) -> Glyphs:
        return cast("CaaApp", self.app).glyphs

    def _titles(self) -> list[str]:
        """The titles, an arrow in the gap after the one that rows are sorted by."""
        down = goes_down(self._columns, self._rows, self._sort)
        arrow = self._glyphs.falling if down else self._glyphs.rising
        texts = self._line([Cell(column.title) for column in self._columns])
        return [
            (text.rstrip() + arrow).ljust(len(text)) if column.title == self._sort.title else text
            for column, text in zip(self._visible(self._columns), texts, strict=True)
        ]

    def _width(self, column: Column) -> int:
        """With the room that is left, which is all for a column that stretches and some for the first otherwise."""
        stretched = next((one for one in self._columns if one.stretch), None)
        spare = max(0, self.size.width - self._needed(self._hidden()))
        if stretched is not None:
            return column.width + (spare if column is stretched else 0)
        return column.width + (min(MOST_SPARE, spare) if column is self._columns[0] else 0)

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
