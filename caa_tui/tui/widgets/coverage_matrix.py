"""Concepts × scenarios: what is told where. Line API, because a table widget needs seconds at 200 × 300."""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from caa_tui.corpus.coverage import CellState, ConceptCoverage
from caa_tui.corpus.model import story_path
from caa_tui.tui.content import fit
from caa_tui.tui.theme import UNICODE, Glyphs
from caa_tui.tui.workspace import Workspace

HEADER = 2
"""Lines of column titles that stay in view."""
CELL = 4
"""Columns of one scenario."""
NAME = 16
"""Columns of a concept's name."""
FROZEN = NAME + 18
"""Columns that stay in view: name, stories, scenarios, flags."""


class CoverageMatrix(ScrollView, can_focus=True):
    """A cell is a story that exists, is wanted, or is not wanted; the first column is `stories/`."""

    DEFAULT_CSS = """
    CoverageMatrix { background: $surface; height: 1fr; scrollbar-size: 1 1; }
    """
    COMPONENT_CLASSES = {"matrix--dim", "matrix--accent", "matrix--warning", "matrix--cursor", "matrix--title"}
    DEFAULT_CSS += """
    CoverageMatrix > .matrix--dim { text-style: dim; }
    CoverageMatrix > .matrix--accent { color: $accent; }
    CoverageMatrix > .matrix--warning { color: $error; }
    CoverageMatrix > .matrix--title { text-style: bold; }
    CoverageMatrix > .matrix--cursor { background: $block-cursor-blurred-background; text-style: bold; }
    CoverageMatrix:focus > .matrix--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    """
    BINDINGS = [
        Binding("up,k", "move(-1, 0)", "Up", show=False),
        Binding("down,j", "move(1, 0)", "Down", show=False),
        Binding("left,h", "move(0, -1)", "Left", show=False),
        Binding("right,l", "move(0, 1)", "Right", show=False),
        Binding("pageup,ctrl+u", "move(-15, 0)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "move(15, 0)", "Page down", show=False),
        Binding("home", "move(0, -9999)", "First scenario", show=False),
        Binding("end", "move(0, 9999)", "Last scenario", show=False),
        Binding("g", "move(-9999, 0)", "First concept", show=False),
        Binding("G", "move(9999, 0)", "Last concept", show=False),
    ]

    row: reactive[int] = reactive(0)
    column: reactive[int] = reactive(0)

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

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._workspace: Workspace | None = None
        self._glyphs: Glyphs = UNICODE
        self._rows: tuple[ConceptCoverage, ...] = ()
        self._columns: tuple[str | None, ...] = (None,)

    def show(self, workspace: Workspace, glyphs: Glyphs, needle: str = "") -> None:
        """Draw the coverage; the cursor stays on its concept and scenario."""
        before = self.cell
        self._workspace, self._glyphs = workspace, glyphs
        self._rows = tuple(row for row in workspace.coverage.concepts if needle.lower() in row.concept.lower())
        self._columns = (None, *(column.scenario for column in workspace.coverage.scenarios))
        self.virtual_size = Size(FROZEN + CELL * len(self._columns) + 1, HEADER + len(self._rows))
        if before is not None:
            self.point(*before)
        self.row = min(self.row, max(0, len(self._rows) - 1))
        self.column = min(self.column, len(self._columns) - 1)
        self.refresh()

    @property
    def cell(self) -> tuple[str, str | None] | None:
        """(concept, scenario) under the cursor."""
        if not self._rows:
            return None
        return self._rows[min(self.row, len(self._rows) - 1)].concept, self._columns[self.column]

    @property
    def cell_state(self) -> CellState | None:
        if self._workspace is None or self.cell is None:
            return None
        return self._workspace.coverage.cell(*self.cell)

    def point(self, concept: str, scenario: str | None) -> None:
        """Move the cursor to a cell, if it is shown."""
        names = [row.concept for row in self._rows]
        if concept in names:
            self.row = names.index(concept)
        if scenario in self._columns:
            self.column = self._columns.index(scenario)

    def action_move(self, rows: int, columns: int) -> None:
        self.row = max(0, min(len(self._rows) - 1, self.row + rows))
        self.column = max(0, min(len(self._columns) - 1, self.column + columns))

    def watch_row(self) -> None:
        self._cursor_moved()

    def watch_column(self) -> None:
        self._cursor_moved()

    def _cursor_moved(self) -> None:
        width, height = self.size
        left = FROZEN + self.column * CELL
        region = Region(left - FROZEN, self.row, CELL, 1)
        visible = Region(int(self.scroll_x), int(self.scroll_y), max(CELL, width - FROZEN), max(1, height - HEADER))
        x = min(max(visible.x, region.right - visible.width), region.x)
        y = min(max(visible.y, region.bottom - visible.height), region.y)
        self.scroll_to(x, y, animate=False)
        self.refresh()
        if self.cell is not None and self.is_mounted:
            self.post_message(self.Pointed(*self.cell))

    def on_click(self, event: events.Click) -> None:
        y = event.y - HEADER + int(self.scroll_y)
        if event.y < HEADER or not 0 <= y < len(self._rows):
            return
        again = y == self.row
        if event.x >= FROZEN:
            column = (event.x - FROZEN + int(self.scroll_x)) // CELL
            again = again and column == self.column
            self.column = max(0, min(len(self._columns) - 1, column))
        self.row = y
        if again and event.x >= FROZEN and self.cell is not None:
            self.post_message(self.Chosen(*self.cell))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        if y < HEADER:
            frozen, cells = self._title_line(y)
        else:
            index = y - HEADER + int(self.scroll_y)
            if index >= len(self._rows):
                return Strip.blank(width, base)
            frozen, cells = self._concept_line(index)
        left = Strip(frozen).adjust_cell_length(FROZEN, base)
        scroll = int(self.scroll_x)
        right = Strip(cells).crop_extend(scroll, scroll + max(0, width - FROZEN), base)
        return Strip.join([left, right]).crop_extend(0, width, base).apply_style(base)

    def _title_line(self, y: int) -> tuple[list[Segment], list[Segment]]:
        title = self.get_component_rich_style("matrix--title", partial=True)
        names = "" if y == 0 else f"{fit('concept', NAME)}   n scen flags"
        frozen = [Segment(fit(names, FROZEN), title)]
        first, last = self._visible_columns()
        cells = [Segment(" " * (first * CELL))]
        for index in range(first, last):
            style = (
                title + self.get_component_rich_style("matrix--accent", partial=True) if index == self.column else title
            )
            cells.append(Segment(_short_name(self._columns[index], y).ljust(CELL), style))
        return frozen, cells

    def _concept_line(self, index: int) -> tuple[list[Segment], list[Segment]]:
        assert self._workspace is not None
        row = self._rows[index]
        dim = self.get_component_rich_style("matrix--dim", partial=True)
        accent = self.get_component_rich_style("matrix--accent", partial=True)
        flags = self._workspace.runs.flags_by_concept.get(row.concept, ())
        glyphs = self._glyphs
        name_style = self.rich_style + accent if index == self.row else self.rich_style
        mark = f"{glyphs.flagged}{len(flags)}" if flags else "wanted" if row.wanted and not row.stories else ""
        mark = f"{mark}{glyphs.finding if row.findings else ''}"
        frozen = [
            Segment(fit(row.concept, NAME, glyphs.ellipsis), name_style),
            Segment(f"{row.stories:>4}", self.rich_style if row.stories else dim),
            Segment(f"{row.scenarios:>5} ", self.rich_style if row.scenarios else dim),
            Segment(mark.ljust(8), accent),
        ]
        first, last = self._visible_columns()
        cells = [Segment(" " * (first * CELL))]
        cells += [self._cell_segment(index, column, row.concept) for column in range(first, last)]
        return frozen, cells

    def _cell_segment(self, row: int, column: int, concept: str) -> Segment:
        assert self._workspace is not None
        scenario = self._columns[column]
        state = self._workspace.coverage.cell(concept, scenario)
        glyphs = self._glyphs
        if state is CellState.PRESENT:
            path = story_path(concept, scenario)
            edited, flagged = path in self._workspace.edited, self._workspace.is_flagged(path)
            glyph = glyphs.edited if edited else glyphs.flagged if flagged else glyphs.story
            style = (
                self.get_component_rich_style("matrix--accent", partial=True) if edited or flagged else self.rich_style
            )
        else:
            glyph = glyphs.missing if state is CellState.MISSING else glyphs.unwanted
            style = self.get_component_rich_style("matrix--dim", partial=True)
        if row == self.row and column == self.column:
            return Segment(f"[{glyph}]".ljust(CELL), self.get_component_rich_style("matrix--cursor", partial=True))
        return Segment(f" {glyph}".ljust(CELL), style)

    def _visible_columns(self) -> tuple[int, int]:
        first = int(self.scroll_x) // CELL
        return first, min(len(self._columns), first + (self.size.width - FROZEN) // CELL + 2)


def _short_name(scenario: str | None, line: int) -> str:
    """Three letters of the first word above three of the last: `kit` over `3am`."""
    if scenario is None:
        return ("sto", "rie")[line]
    words = [word for word in scenario.split("_") if word not in {"the", "a", "an", "at", "in", "of"}] or [scenario]
    if line == 0:
        return fit(words[0], 3, "")
    return fit(words[-1] if len(words) > 1 else words[0][3:], 3, "")
