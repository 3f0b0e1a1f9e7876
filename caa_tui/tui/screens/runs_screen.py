"""Earlier runs: what each was made with, and what moved from the run before to the one under the cursor."""

from __future__ import annotations

import asyncio

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from caa_tui.errors import UserError
from caa_tui.runs.history import RunComparison, RunRecord, compare_runs
from caa_tui.text_safety import printable
from caa_tui.tui.content import plain
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.tui.widgets.filter_line import FilterLine
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.hint_bar import HintBar
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.row_table import Cell, Column, Row, RowTable
from caa_tui.tui.widgets.training_strip import TrainingStrip
from caa_tui.wording import ago, count, duration

SHOWN_CONCEPTS = 40
COLUMNS = (
    Column("run", 4),
    Column("when", 10),
    Column("outcome", 11),
    Column("model", 10, drop=2),
    Column("layers", 11, drop=3),
    Column("texts", 7, right=True, drop=4),
    Column("read", 4, right=True, drop=5),
    Column("flags", 5, right=True),
    Column("took", 10, right=True, drop=1),
)


class RunsScreen(CaaScreen):
    """The newest run is on top; `E` exports the one under the cursor."""

    KIND = "runs"
    TITLE_WORD = "Runs"
    HELP = """\
Every training of this corpus, newest first. The right side compares the run under the cursor with the finished run
before it: which stories differ, which concepts moved (cosine of the old with the new vector), which flags were solved.
"""
    CSS = """
    RunsScreen #runs-panes { height: 1fr; }
    RunsScreen #runs-pane { width: 13fr; border-right: solid $border-blurred; }
    RunsScreen #comparison-pane { width: 8fr; min-width: 40; padding: 0 1; scrollbar-size-vertical: 1; }
    RunsScreen #comparison { height: auto; }
    RunsScreen.-narrow #runs-pane { border-right: none; }
    """
    BINDINGS = [
        Binding("left_square_bracket", "step_pane(-1)", "Previous pane", show=False),
        Binding("right_square_bracket", "step_pane(1)", "Next pane", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._needle = ""
        self._shown: list[RunRecord] = []

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield PaneTabs({"runs-pane": "Runs", "comparison-pane": "What changed"})
        with Horizontal(id="runs-panes"):
            with Vertical(id="runs-pane", classes="pane"):
                yield RowTable(id="runs")
            with VerticalScroll(id="comparison-pane", classes="pane"):
                yield Static(id="comparison")
        yield FilterLine()
        yield TrainingStrip()
        yield HintBar()

    def on_mount(self) -> None:
        super().on_mount()
        self.table.focus()

    @property
    def table(self) -> RowTable:
        return self.query_one(RowTable)

    @property
    def record(self) -> RunRecord | None:
        """The run under the cursor."""
        return next((record for record in self._shown if record.id == self.table.key), None)

    def show_workspace(self) -> None:
        super().show_workspace()
        rows = [(record, _row(record, self.caa.clock())) for record in self.caa.workspace.runs.history]
        shown = [pair for pair in rows if self._needle in " ".join(cell.text for cell in pair[1].cells).lower()]
        self._shown = [record for record, _ in shown]
        self.table.show(COLUMNS, [row for _, row in shown])
        if self._shown:
            self._compare()
        else:
            self.query_one("#comparison", Static).update(self._nothing())

    def _nothing(self) -> str:
        if self._needle:
            return f"No run contains “{printable(self._needle)}”. Press / to change the filter."
        return "No run yet. Press t to train this corpus."

    def cmd_export(self) -> None:
        record = self.record
        if record is None or record.result is None:
            self.notify("Only a finished run can be exported; put the cursor on one.", markup=False)
            return
        self.caa.open_export(record)

    def cmd_open_story(self) -> None:
        self.query_one(PaneTabs).select("comparison-pane")

    def cmd_filter(self) -> None:
        self.query_one(FilterLine).open()

    def on_filter_line_filtered(self, event: FilterLine.Filtered) -> None:
        self._needle = event.text.lower()
        self.show_workspace()

    def action_step_pane(self, by: int) -> None:
        self.query_one(PaneTabs).step(by)

    def on_row_table_pointed(self) -> None:
        self._compare()

    def on_row_table_chosen(self) -> None:
        self.cmd_open_story()

    @work(group="compare", exclusive=True)
    async def _compare(self) -> None:
        """Reading two runs' vectors takes a moment for large models, so it happens beside the screen."""
        record = self.record
        target = self.query_one("#comparison", Static)
        if record is None:
            return
        if record.result is None:
            target.update(plain(record.message))
            return
        history = self.caa.workspace.runs.history
        before = next((run for run in history if run.result is not None and int(run.id) < int(record.id)), None)
        if before is None:
            target.update("The first finished run: there is nothing to compare it with.")
            return
        try:
            comparison = await asyncio.to_thread(compare_runs, before, record)
        except UserError as error:
            target.update(plain(str(error)))
            return
        target.update(_comparison(comparison, self.caa.glyphs))


def _row(record: RunRecord, now: float) -> Row:
    result = record.result
    try:
        model = record.request.model.rstrip("/").split("/")[-1]
    except UserError:
        model = "?"
    texts = (
        str(int(record.id)),
        ago(now - record.ended),
        record.status.value,
        model,
        " ".join(str(layer) for layer in result.layers) if result else "",
        str(result.stories) if result else "",
        str(result.forwarded_texts) if result else "",
        str(len(record.flags.flags)) if record.flags else "",
        duration(record.ended - record.started),
    )
    return Row(record.id, tuple(Cell(text) for text in texts))


def _comparison(comparison: RunComparison, glyphs: Glyphs) -> Content:
    """Stories first, since they are the cause; then flags; then how far each concept moved."""
    corpus = comparison.corpus
    lines = [Content.styled(f"run {int(comparison.old)} to run {int(comparison.new)}", "bold")]
    for word, paths in (("edited", corpus.changed), ("new", corpus.added), ("gone", corpus.removed)):
        lines += [Content.styled(f"{word:<8}", "$foreground 70%") + plain(path) for path in paths[:12]]
        if len(paths) > 12:
            lines.append(Content(f"        and {len(paths) - 12} more"))
    if not corpus.paths:
        lines.append(Content("the same stories"))
    lines.append(Content(""))
    for concept, kind in comparison.solved:
        lines.append(Content.styled("solved  ", "bold $success") + plain(f"{concept}: {kind}"))
    for concept, kind in comparison.appeared:
        lines.append(Content.styled(f"{glyphs.flagged} new   ", "bold $accent") + plain(f"{concept}: {kind}"))
    if comparison.note:
        lines.append(plain(comparison.note))
        return Content("\n").join(lines)
    lines.append(Content(""))
    lines.append(Content.styled("concept           old·new   agreement      nearest", "bold $foreground 70%"))
    for change in comparison.concepts[:SHOWN_CONCEPTS]:
        cosine = decimal(min(change.cosine.values(), default=None), glyphs, 3)
        agreement = f"{decimal(change.agreement[0], glyphs)} {decimal(change.agreement[1], glyphs)}"
        nearest = f"{decimal(change.nearest[0], glyphs)} {decimal(change.nearest[1], glyphs)}"
        lines.append(Content(f"{printable(change.concept)[:16]:<16}{cosine:>9}   {agreement:<12} {nearest:>9}"))
    rest = len(comparison.concepts) - SHOWN_CONCEPTS
    if rest > 0:
        lines.append(Content(f"and {count(rest, 'concept')} that moved less"))
    return Content("\n").join(lines)
