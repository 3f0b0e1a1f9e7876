"""Concepts × scenarios: what is told where. Line API, because a table widget needs seconds at 200 × 300."""

from __future__ import annotations

from dataclasses import dataclass, replace
from textwrap import wrap

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from caa_tui.text_safety import printable
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.matrix_lines import CELL, FROZEN, HEADER, MatrixLines, MatrixStyles, Window, title_at
from caa_tui.tui.widgets.matrix_model import Matrix, Order, SortKey, build_matrix
from caa_tui.tui.widgets.steady_scroll import Layout, layout_of
from caa_tui.tui.workspace import Workspace


class CoverageMatrix(ScrollView, can_focus=True):
    """A cell is a story that exists, is wanted, or is not wanted; the first column is `stories/`."""

    COMPONENT_CLASSES = {"matrix--dim", "matrix--accent", "matrix--cursor", "matrix--title"}
    DEFAULT_CSS = """
    CoverageMatrix { background: $surface; height: 1fr; scrollbar-size: 1 1; }
    CoverageMatrix > .matrix--dim { text-style: dim; }
    CoverageMatrix > .matrix--accent { color: $accent; }
    CoverageMatrix > .matrix--title { text-style: bold; }
    CoverageMatrix > .matrix--cursor { background: $block-cursor-blurred-background; text-style: bold; }
    CoverageMatrix:focus > .matrix--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    """
    HELP_TITLE = "Coverage"
    HELP = (
        "Which concept is told in which scenario: a row is a concept, a column a scenario. {open_story} "
        "opens the story of a cell, {new_story} writes a missing one."
    )
    BINDINGS = [
        Binding("up,k", "move(-1, 0)", "Up", show=False),
        Binding("down,j", "move(1, 0)", "Down", show=False),
        Binding("left,h", "move(0, -1)", "Left", show=False),
        Binding("right,l", "move(0, 1)", "Right", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False),
        Binding("home", "move(0, -9999)", "First scenario", show=False),
        Binding("end", "move(0, 9999)", "Last scenario", show=False),
        Binding("g", "move(-9999, 0)", "First concept", show=False),
        Binding("G", "move(9999, 0)", "Last concept", show=False),
    ]

    row: var[int] = var(0)
    column: var[int] = var(0)

    @dataclass
    class Pointed(Message):
        """The cursor came to a cell; `scenario` None is `stories/`."""

        concept: str
        scenario: str | None

    @dataclass
    class Chosen(Message):
        """A cell was clicked a second time; Enter is the screen's command."""

        concept: str
        scenario: str | None

    @dataclass
    class TitleClicked(Message):
        """The rows are to be sorted by this, or turned round."""

        by: SortKey

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: MatrixLines | None = None
        self._empty = ""
        self._layout_before: Layout | None = None
        self._restyled = False
        """Whether colours changed since the lines were made."""

    def show(self, workspace: Workspace, glyphs: Glyphs, needle: str = "", *, empty: str = "") -> None:
        """Draw the coverage; the cursor stays on its concept and scenario. `empty` is said when there is no row."""
        before = self.cell
        order = Order.remembered(workspace.memory.corpus_sort)
        matrix = build_matrix(workspace.coverage, workspace.runs.flags_by_concept, needle, order)
        self._lines = MatrixLines(matrix, order, workspace, glyphs, self._styles())
        self._empty = empty
        self.virtual_size = Size(FROZEN + CELL * len(matrix.columns), HEADER + len(matrix.rows))
        if before is not None:
            self.point(*before)
        self.row = max(0, min(self.row, len(matrix.rows) - 1))
        self.column = min(self.column, len(matrix.columns) - 1)
        self._keep_in_view()
        self.refresh()

    @property
    def matrix(self) -> Matrix | None:
        """What is drawn; None before the first `show`."""
        return self._lines.matrix if self._lines else None

    @property
    def cell(self) -> tuple[str, str | None] | None:
        """(concept, scenario) under the cursor."""
        matrix = self.matrix
        if matrix is None or not matrix.rows:
            return None
        return matrix.rows[min(self.row, len(matrix.rows) - 1)].concept, matrix.columns[self.column]

    def point(self, concept: str | None, scenario: str | None) -> None:
        """Move the cursor to a cell, as far as it is shown; `concept` None changes the column only."""
        if self.matrix is not None:
            self.row = self.matrix.row_of.get(concept, self.row) if concept is not None else self.row
            self.column = self.matrix.column_of.get(scenario, self.column)

    def action_move(self, rows: int, columns: int) -> None:
        if self.matrix is not None:
            self.row = max(0, min(len(self.matrix.rows) - 1, self.row + rows))
            self.column = max(0, min(len(self.matrix.columns) - 1, self.column + columns))

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self._inside.height - HEADER - 1), 0)

    def watch_row(self, old: int, new: int) -> None:
        for row in (old, new):
            self._redraw(HEADER + row - int(self.scroll_y))
        self._cursor_moved()

    def watch_column(self) -> None:
        self._redraw(0, HEADER - 1)
        self._redraw(HEADER + self.row - int(self.scroll_y))
        self._cursor_moved()

    def _redraw(self, line: int, lines: int = 1) -> None:
        """Draw lines in view again; `refresh_line` would take what lies beside the matrix along."""
        if 0 <= line < self.size.height:
            self.refresh(Region(0, line, self.size.width, lines))

    def _cursor_moved(self) -> None:
        self._keep_in_view()
        if self.cell is not None and self.is_mounted:
            self.post_message(self.Pointed(*self.cell))

    def _keep_in_view(self) -> None:
        first, height = -(-int(self.scroll_x) // CELL), max(1, self._inside.height - HEADER)
        column = min(max(first, self.column + 1 - self._room), self.column)
        y = min(max(int(self.scroll_y), self.row + 1 - height), self.row)
        self.scroll_to(column * CELL, y, animate=False)

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        if self._layout_before == (now := layout_of(self, size)):
            return False
        self._layout_before = now
        resized = super()._size_updated(size, virtual_size, container_size, layout)
        # Nothing scrolls before its scrollbars are laid out, so a cursor that was moved before is out of view.
        self._keep_in_view()
        return resized

    def on_click(self, event: events.Click) -> None:
        if self.matrix is None:
            return
        row = event.y - HEADER + int(self.scroll_y)
        if event.y < HEADER:
            self._click_header(event.x)
        elif row < len(self.matrix.rows):
            again = row == self.row and event.x >= FROZEN and self._column_at(event.x) == self.column
            self.row = row
            if event.x >= FROZEN:
                self.column = self._column_at(event.x)
            if again and self.cell is not None:
                self.post_message(self.Chosen(*self.cell))

    def _click_header(self, x: int) -> None:
        by = title_at(x)
        if x >= FROZEN:
            self.column = self._column_at(x)
        elif by is not None:
            self.post_message(self.TitleClicked(by))

    def _column_at(self, x: int) -> int:
        last = len(self.matrix.columns) - 1 if self.matrix else 0
        return max(0, min(last, self._columns_in_view().start + (x - FROZEN) // CELL))

    def render_line(self, y: int) -> Strip:
        if self._restyled and self._lines is not None:
            self._lines, self._restyled = replace(self._lines, styles=self._styles()), False
        width, lines = self._inside.width, self._lines
        if lines is None:
            return Strip.blank(width, self.rich_style)
        if not lines.matrix.rows:
            return self._empty_line(y, self.rich_style)
        index = y - HEADER + int(self.scroll_y)
        if index >= len(lines.matrix.rows):
            return Strip.blank(width, lines.styles.base)
        window = Window(self._columns_in_view(), self.row, self.column)
        segments = lines.header(y, window) if y < HEADER else lines.concept(index, window)
        drawn = FROZEN + CELL * len(window.columns)
        strip = Strip([*segments, Segment(" " * (width - drawn), lines.styles.base)], max(width, drawn))
        return strip if drawn <= width else strip.crop(0, width)

    def _columns_in_view(self) -> range:
        """Whole columns only: half a heading could be taken for another one."""
        first = -(-int(self.scroll_x) // CELL)
        return range(first, min(len(self.matrix.columns) if self.matrix else 0, first + self._room))

    @property
    def _inside(self) -> Size:
        """What is drawn on: a scroll view's own size has its scrollbars in it."""
        return self.size - (self.scrollbar_size_vertical, self.scrollbar_size_horizontal)

    @property
    def _room(self) -> int:
        """Columns that fit beside the names."""
        return max(1, (self._inside.width - FROZEN) // CELL)

    def _empty_line(self, y: int, base: Style) -> Strip:
        """A line of what is said when there is no row."""
        width = max(12, self._inside.width - 4)
        paragraphs = self._empty.split("\n")
        text = [line for paragraph in paragraphs for line in wrap(printable(paragraph), width) or [""]]
        words = text[y - 1] if 1 <= y <= len(text) else ""
        return Strip([Segment(f"  {words}", base)]).crop_extend(0, self._inside.width, base)

    def notify_style_update(self) -> None:
        """Component styles still are the old ones here; they are looked up when a line is drawn."""
        super().notify_style_update()
        self._restyled = True

    def _styles(self) -> MatrixStyles:
        base = self.rich_style

        def part(name: str) -> Style:
            return base + self.get_component_rich_style(f"matrix--{name}", partial=True)

        title, accent = part("title"), part("accent")
        return MatrixStyles(base, part("dim"), accent, title, title + accent, part("cursor"))
