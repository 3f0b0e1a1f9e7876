"""The coverage on the corpus screen: drawn in the order the user chose, or why no row of it is there."""

from __future__ import annotations

from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.matrix_model import Order
from caa_tui.tui.widgets.view_tabs import ViewTabs

NO_CONCEPT = """\
This corpus has no concept yet.

Press {new} to write its first story: it goes to stories/, or to a scenario if you name one. A concept is the \
feeling a story tells; tell each in three stories or more, and in two scenarios or more.

Concepts that caa.toml names under [manifest] show up here as rows to be filled."""
READING = "The corpus is being read."
NO_MATCH = "No concept contains {needle}. Press {filter}, then Esc, to see all of them."


class CoverageOrder(CaaScreen):
    """What the corpus screen does to the rows of its matrix."""

    def __init__(self) -> None:
        super().__init__()
        self._needle = ""

    def _show_matrix(self) -> None:
        keys = self.caa.workspace.keys
        empty = NO_CONCEPT.format(new=keys.name("new_story")) if self.caa.workspace.loaded else READING
        if self.caa.workspace.coverage.concepts:
            empty = NO_MATCH.format(needle=self._needle, filter=keys.name("filter"))
        self.query_one(CoverageMatrix).show(self.caa.workspace, self.caa.glyphs, self._needle, empty=empty)

    def cmd_sort_coverage(self) -> None:
        self._sort(Order.remembered(self.caa.workspace.memory.corpus_sort).next())

    def cmd_turn_coverage(self) -> None:
        self._sort(Order.remembered(self.caa.workspace.memory.corpus_sort).turned())

    def on_coverage_matrix_title_clicked(self, event: CoverageMatrix.TitleClicked) -> None:
        self._sort(Order.remembered(self.caa.workspace.memory.corpus_sort).chosen(event.by))

    def _sort(self, order: Order) -> None:
        if self.query_one(ViewTabs).current != "matrix":
            self.notify("Only the coverage can be sorted; these rows stand with the most urgent first.", markup=False)
            return
        self.caa.workspace.memory.corpus_sort = order.text
        self.caa.workspace.keep_memory()
        self._show_matrix()
