"""Concepts × layers: how well the direction of a concept at a layer tells stories apart that it was not made from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.layer_lines import (
    FROZEN,
    HEADER,
    LayerLines,
    LayerOrder,
    LayerStyles,
    LayerTable,
    LayerWindow,
    title_at,
)


class LayerMap(ScrollView, can_focus=True):
    """Line API like the coverage; names and layer numbers stay in view. It is hidden while there is no table."""

    COMPONENT_CLASSES = {"layers--dim", "layers--accent", "layers--cursor", "layers--title"}
    DEFAULT_CSS = """
    LayerMap { background: $surface; height: 1fr; scrollbar-size: 1 1; }
    LayerMap > .layers--dim { text-style: dim; }
    LayerMap > .layers--accent { color: $accent; }
    LayerMap > .layers--title { text-style: bold; }
    LayerMap > .layers--cursor { background: $block-cursor-blurred-background; text-style: bold; }
    LayerMap:focus > .layers--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    """
    HELP_TITLE = "Scores by layer"
    HELP = (
        "A row is a concept, a column a layer; the higher the mark, the better the concept's direction at that layer "
        "tells stories apart that it was not made from. {sort_layers}, or a click on a title, sorts the concepts."
    )
    BINDINGS = [
        Binding("up,k", "move(-1, 0)", "Up", show=False),
        Binding("down,j", "move(1, 0)", "Down", show=False),
        Binding("left,h", "move(0, -1)", "Left", show=False),
        Binding("right,l", "move(0, 1)", "Right", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False),
        Binding("home", "move(0, -9999)", "First layer", show=False),
        Binding("end", "move(0, 9999)", "Last layer", show=False),
        Binding("g", "move(-9999, 0)", "First concept", show=False),
        Binding("G", "move(9999, 0)", "Last concept", show=False),
    ]

    row: var[int] = var(0)
    column: var[int] = var(0)

    @dataclass
    class Pointed(Message):
        """The cursor came to a cell."""

        concept: str
        layer: int

    @dataclass
    class TitleClicked(Message):
        """The concepts are to be sorted by this."""

        by: LayerOrder

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: LayerLines | None = None
        self._restyled = False
        """Whether colours changed since the lines were made."""

    @property
    def table(self) -> LayerTable | None:
        """What is drawn; None before the first `show`."""
        return self._lines.table if self._lines else None

    @property
    def cell(self) -> tuple[str, int] | None:
        """(concept, layer) under the cursor."""
        table = self.table
        if table is None or not table.concepts:
            return None
        return table.concepts[min(self.row, len(table.concepts) - 1)], table.scores.layers[self.column]

    def show(self, table: LayerTable, glyphs: Glyphs) -> None:
        """Draw a table; the cursor stays on its concept and layer, at first on the best layer."""
        before, layers = self.cell, table.scores.layers
        first = self._lines is None
        self._lines = LayerLines(table, glyphs, self._styles())
        self.virtual_size = Size(FROZEN + self._lines.cell * len(layers), HEADER + len(table.concepts))
        concept, layer = before or (None, table.choice.best if first else None)
        row = table.concepts.index(concept) if concept in table.concepts else self.row
        self.row = max(0, min(row, len(table.concepts) - 1))
        self.column = layers.index(layer) if layer in layers else min(self.column, len(layers) - 1)
        self._cursor_moved()
        self.refresh()

    def action_move(self, rows: int, columns: int) -> None:
        if self.table is not None:
            self.row = max(0, min(len(self.table.concepts) - 1, self.row + rows))
            self.column = max(0, min(len(self.table.scores.layers) - 1, self.column + columns))

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self._inside.height - HEADER - 1), 0)

    def watch_row(self) -> None:
        self._cursor_moved()

    def watch_column(self) -> None:
        self._cursor_moved()

    def _cursor_moved(self) -> None:
        self._keep_in_view()
        self.refresh()
        if self.cell is not None and self.is_mounted:
            self.post_message(self.Pointed(*self.cell))

    def _keep_in_view(self) -> None:
        if self._lines is None:
            return
        first, height = -(-int(self.scroll_x) // self._lines.cell), max(1, self._inside.height - HEADER)
        column = min(max(first, self.column + 1 - self._room), self.column)
        y = min(max(int(self.scroll_y), self.row + 1 - height), self.row)
        self.scroll_to(column * self._lines.cell, y, animate=False)

    def on_resize(self) -> None:
        self._keep_in_view()

    def on_click(self, event: events.Click) -> None:
        if self._lines is None or self.table is None:
            return
        row, by = event.y - HEADER + int(self.scroll_y), title_at(event.x)
        if event.y < HEADER and event.x < FROZEN:
            if by is not None:
                self.post_message(self.TitleClicked(by))
            return
        columns = self._columns_in_view()
        if event.x >= FROZEN and columns:
            self.column = min(columns[-1], columns.start + (event.x - FROZEN) // self._lines.cell)
        if event.y >= HEADER and row < len(self.table.concepts):
            self.row = row

    def render_line(self, y: int) -> Strip:
        lines, width = self._current_lines(), self._inside.width
        if lines is None:
            return Strip.blank(width, self.rich_style)
        index = y - HEADER + int(self.scroll_y)
        if index >= len(lines.table.concepts):
            return Strip.blank(width, lines.styles.base)
        window = LayerWindow(self._columns_in_view(), self.row, self.column)
        segments = lines.header(y, window) if y < HEADER else lines.concept(index, window)
        drawn = FROZEN + lines.cell * len(window.columns)
        strip = Strip([*segments, Segment(" " * (width - drawn), lines.styles.base)], max(width, drawn))
        return strip if drawn <= width else strip.crop(0, width)

    def _current_lines(self) -> LayerLines | None:
        if self._restyled and self._lines is not None:
            self._lines, self._restyled = replace(self._lines, styles=self._styles()), False
        return self._lines

    def _columns_in_view(self) -> range:
        """Whole columns only: half a number could be taken for another one."""
        if self._lines is None:
            return range(0)
        first = -(-int(self.scroll_x) // self._lines.cell)
        return range(first, min(len(self._lines.table.scores.layers), first + self._room))

    @property
    def _inside(self) -> Size:
        """What is drawn on: a scroll view's own size has its scrollbars in it."""
        return self.size - (self.scrollbar_size_vertical, self.scrollbar_size_horizontal)

    @property
    def _room(self) -> int:
        """Columns that fit beside the names."""
        return max(1, (self._inside.width - FROZEN) // (self._lines.cell if self._lines else 1))

    def notify_style_update(self) -> None:
        """Component styles still are the old ones here; they are looked up when a line is drawn."""
        super().notify_style_update()
        self._restyled = True

    def _styles(self) -> LayerStyles:
        base = self.rich_style

        def part(name: str) -> Style:
            return base + self.get_component_rich_style(f"layers--{name}", partial=True)

        title, accent = part("title"), part("accent")
        return LayerStyles(base, part("dim"), accent, title, title + accent, part("cursor"))
