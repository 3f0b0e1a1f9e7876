"""The concepts of two runs side by side: a table, its order, and one concept in detail."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from caa_tui.runs.comparison import RunComparison
from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.concept_rows import (
    about_line,
    concept_columns,
    concept_detail,
    concept_rows,
    sorted_by,
)
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.rows import Sort


class ConceptChanges(Vertical):
    """Every concept of either run, those whose flags changed first, then the one that moved most."""

    DEFAULT_CSS = """
    ConceptChanges #concept-about {
        height: 1; padding: 0 1; color: $foreground 60%; text-wrap: nowrap; text-overflow: ellipsis;
    }
    ConceptChanges #concept-detail { height: auto; max-height: 8; padding: 0 1; margin-top: 1; }
    """
    HELP = "How far each concept moved between the two runs."

    @dataclass
    class Chosen(Message):
        """A concept was chosen with a second click."""

        concept: str

    def __init__(self, glyphs: Glyphs, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._glyphs = glyphs
        self._comparison: RunComparison | None = None
        self.sort = Sort()

    def compose(self) -> ComposeResult:
        yield Static(id="concept-about")
        yield RowTable(id="concepts")
        yield Static(id="concept-detail")

    @property
    def table(self) -> RowTable:
        return self.query_one(RowTable)

    @property
    def concept(self) -> str | None:
        """The one under the cursor."""
        return self.table.key

    def show(self, comparison: RunComparison | None) -> None:
        """Draw a comparison, or nothing."""
        self._comparison = comparison
        self._draw()

    def _draw(self) -> None:
        comparison, glyphs = self._comparison, self._glyphs
        about = about_line(comparison, glyphs, self.sort) if comparison else ""
        self.query_one("#concept-about", Static).update(plain(about))
        rows = concept_rows(comparison, glyphs) if comparison else []
        self.table.show(concept_columns(glyphs) if rows else (), rows, sort=self.sort)
        self._show_detail()

    def sort_by(self, sort: Sort) -> None:
        """Another order, seen from the top."""
        self.sort = sort
        self._draw()
        self.table.cursor = 0

    def _show_detail(self) -> None:
        changes = self._comparison.concepts if self._comparison else ()
        change = next((change for change in changes if change.concept == self.concept), None)
        self.query_one("#concept-detail", Static).update(concept_detail(change, self._glyphs) if change else "")

    def on_row_table_pointed(self, event: RowTable.Pointed) -> None:
        event.stop()
        self._show_detail()

    def on_row_table_chosen(self, event: RowTable.Chosen) -> None:
        event.stop()
        self.post_message(self.Chosen(event.key))

    def on_row_table_sorted(self, event: RowTable.Sorted) -> None:
        event.stop()
        self.sort_by(sorted_by(event.title, self.sort))
