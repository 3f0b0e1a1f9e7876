"""The lines of the coverage matrix as segments: each costs as much as the cells in view, not as the corpus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.segment import Segment
from rich.style import Style

from caa_tui.corpus.coverage import CellState
from caa_tui.corpus.model import story_path
from caa_tui.tui.content import fit
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.matrix_model import Matrix, MatrixRow, Order, SortKey
from caa_tui.tui.workspace import Workspace
from caa_tui.vectors.flags import Flag
from caa_tui.wording import count

HEADER = 3
"""Lines that stay in view: two of headings, one of totals."""
CELL = 4
"""Columns of one scenario."""

_TITLES: tuple[tuple[str, int, SortKey], ...] = (
    ("concept", 15, "name"),
    ("n", 5, "coverage"),
    ("scen", 5, "coverage"),
    ("flags", 7, "flags"),
    ("find", 5, "findings"),
)
"""Title, cells, and what a click on it sorts by; numbers stand on the right."""
NAME = _TITLES[0][1]
"""Columns of a concept's name."""
MARGIN = 1
"""Blank columns on both sides of what stays in view."""
FROZEN = MARGIN + sum(width for _, width, _ in _TITLES) + MARGIN
"""Columns that stay in view."""
Part = tuple[str, Style]
"""A piece of a line."""


@dataclass(frozen=True, slots=True)
class MatrixStyles:
    """How the parts look, each complete: nothing is combined while lines are drawn."""

    base: Style
    dim: Style
    accent: Style
    title: Style
    chosen: Style
    """A title of the column under the cursor, or of the one that sorts."""
    cursor: Style


@dataclass(frozen=True, slots=True)
class Window:
    """The columns in view and the cell under the cursor."""

    columns: range
    row: int
    column: int


@dataclass(frozen=True)
class MatrixLines:
    """Draws one matrix."""

    matrix: Matrix
    order: Order
    workspace: Workspace
    glyphs: Glyphs
    styles: MatrixStyles

    def header(self, line: int, window: Window) -> list[Segment]:
        """One of the lines that stay in view."""
        if line == HEADER - 1:
            return self._totals(window)
        parts = self._titles() if line else [(f"sorted {self.order.words}".ljust(FROZEN - MARGIN), self.styles.dim)]
        for column in window.columns:
            style = self.styles.chosen if column == window.column else self.styles.title
            parts.append((self.matrix.headings[column][line] + " ", style))
        return _merged([(" " * MARGIN, self.styles.base), *parts])

    def concept(self, index: int, window: Window) -> list[Segment]:
        """The row of a concept."""
        parts = self._counts(self.matrix.rows[index], under_cursor=index == window.row)
        return _merged([*parts, *(self._cell(index, column, window) for column in window.columns)])

    def _titles(self) -> list[Part]:
        parts = []
        for title, width, key in _TITLES:
            text = title.ljust(width) if width == NAME else title.rjust(width)
            parts.append((text, self.styles.chosen if key == self.order.by else self.styles.title))
        return [*parts, (" " * MARGIN, self.styles.base)]

    def _totals(self, window: Window) -> list[Segment]:
        matrix, runs = self.matrix, self.workspace.runs
        flags = [flag for found in runs.flags_by_concept.values() for flag in found]
        numbers = (matrix.stories, len(matrix.columns) - 1, *self._marked(flags, len(self.workspace.corpus.findings)))
        words = [" " * MARGIN, fit(count(len(matrix.coverage.concepts), "concept"), NAME, self.glyphs.ellipsis)]
        words += [str(value).rjust(width) for value, (_, width, _) in zip(numbers, _TITLES[1:], strict=True)]
        words += [" " * MARGIN, *(f"{matrix.totals[column]:>3} " for column in window.columns)]
        return [Segment("".join(words), self.styles.dim)]

    def _counts(self, row: MatrixRow, *, under_cursor: bool) -> Iterator[Part]:
        styles, told = self.styles, row.coverage
        yield " " * MARGIN, styles.base
        yield fit(row.concept, NAME, self.glyphs.ellipsis), styles.accent if under_cursor else styles.base
        for number, (_, width, _) in zip((told.stories, told.scenarios), _TITLES[1:3], strict=True):
            yield str(number).rjust(width), styles.base if number else styles.dim
        flags, findings = self._marked(self.workspace.runs.flags_by_concept.get(row.concept, ()), told.findings)
        untold = told.wanted and not told.stories and not flags
        yield ("wanted" if untold else flags).rjust(_TITLES[3][1]), styles.accent
        yield findings.rjust(_TITLES[4][1]) + " " * MARGIN, styles.accent

    def _marked(self, flags: Sequence[Flag], findings: int) -> tuple[str, str]:
        """Numbers with their glyph; nothing for none."""
        glyphs = self.glyphs
        mark = glyphs.flag(confirmed=any(flag.confirmed for flag in flags))
        return (f"{mark}{len(flags)}" if flags else "", f"{glyphs.finding}{findings}" if findings else "")

    def _cell(self, row: int, column: int, window: Window) -> Part:
        glyph, style = self._mark(row, column)
        if row == window.row and column == window.column:
            return f"[{glyph}]".ljust(CELL), self.styles.cursor
        return f" {glyph}".ljust(CELL), style

    def _mark(self, row: int, column: int) -> tuple[str, Style]:
        glyphs, styles, state = self.glyphs, self.styles, self.matrix.state(row, column)
        if state is CellState.MISSING:
            return glyphs.missing, styles.dim
        if state is CellState.UNWANTED:
            return glyphs.unwanted, styles.dim
        path = story_path(self.matrix.rows[row].concept, self.matrix.columns[column])
        if path in self.workspace.edited:
            return glyphs.edited, styles.accent
        if self.workspace.is_flagged(path):
            return glyphs.flag(confirmed=self.workspace.is_confirmed(path)), styles.accent
        return glyphs.story, styles.base


def _merged(parts: Iterable[Part]) -> list[Segment]:
    """One segment for neighbours of one style: what is made of a segment later costs more than joining it."""
    by_style = groupby(parts, key=lambda part: part[1])
    return [Segment("".join(text for text, _ in group), style) for style, group in by_style]


def title_at(x: int) -> SortKey | None:
    """What the title at this column sorts by."""
    x -= MARGIN
    for _, width, key in _TITLES:
        if x < width:
            return key
        x -= width
    return None
