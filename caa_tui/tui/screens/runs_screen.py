"""Earlier runs: what each was made with, and what moved between any two of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from caa_tui.corpus.storage import DataFolder
from caa_tui.errors import UserError
from caa_tui.runs.comparison import RunComparison, compare_runs
from caa_tui.runs.differences import SettingDifference, differing_settings
from caa_tui.runs.history import RunRecord
from caa_tui.runs.logs import log_tail
from caa_tui.text_safety import printable
from caa_tui.tui.content import plain
from caa_tui.tui.screens.run_files import DiskUse, RunFilesScreen, disk_use
from caa_tui.tui.widgets.change_lines import ChangeLine, change_lines, ending_lines, nothing_to_compare
from caa_tui.tui.widgets.changes_list import ChangesList
from caa_tui.tui.widgets.concept_changes import ConceptChanges
from caa_tui.tui.widgets.concept_rows import concept_columns
from caa_tui.tui.widgets.filter_line import FilterLine
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.rows import Sort
from caa_tui.tui.widgets.run_rows import next_sort, run_columns, run_rows

LOG_LINES = 200
SETTLE_SECONDS = 0.05
"""A cursor that runs past many runs has none of their files read."""
FRAME_LINES = 3
"""Of the pane of runs besides its rows: the titles, the line about the disk, the line below."""


class RunsScreen(RunFilesScreen):
    """The newest run is on top; below, two runs are compared."""

    KIND = "runs"
    TITLE_WORD = "Runs"
    HELP = """\
Every training of this corpus, newest first. Below, the run under the cursor is held against the finished run before
it, or against the one you choose to compare with: settings, stories and flags that differ on the left, every concept
with its numbers in both runs on the right. **Cosine** is that of the old with the new vector, at the layer where they
differ most; 1.000 means the vector did not move. Enter on a story opens it, a click on a title sorts. Deleted runs are
in the trash, from where they can be restored.
"""
    CSS = """
    RunsScreen #runs-panes { height: 1fr; overflow: hidden hidden; }
    RunsScreen #runs-pane { height: 45%; min-height: 6; border-bottom: solid $border-blurred; }
    RunsScreen #disk { height: 1; padding: 0 1; color: $foreground 60%; text-wrap: nowrap; text-overflow: ellipsis; }
    RunsScreen #changes-row { height: 1fr; }
    RunsScreen #comparison-pane { width: 1fr; min-width: 40; }
    RunsScreen #concepts-pane { width: 2fr; }
    RunsScreen.-narrow #runs-pane { height: 100%; border-bottom: none; }
    RunsScreen.-narrow #changes-row { height: 100%; }
    """
    BINDINGS = [
        Binding("left_square_bracket", "step_pane(-1)", "Previous pane", show=False),
        Binding("right_square_bracket", "step_pane(1)", "Next pane", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._needle = ""
        self._marked: str | None = None
        """Id of the run the others are held against."""
        self._sort = Sort()
        self._shown: list[RunRecord] = []
        self._compared: tuple[RunRecord, RunRecord] | None = None
        """The old and the new run that are drawn."""
        self._comparison: RunComparison | None = None
        self._settings: tuple[SettingDifference, ...] = ()

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield PaneTabs({"runs-pane": "Runs", "comparison-pane": "What changed", "concepts-pane": "Concepts"})
        with Vertical(id="runs-panes"):
            with Vertical(id="runs-pane", classes="pane"):
                yield RowTable(id="runs")
                yield Static(id="disk")
            with Horizontal(id="changes-row"):
                with Vertical(id="comparison-pane", classes="pane"):
                    yield ChangesList(id="changes")
                yield self.divider("comparison-pane")
                yield ConceptChanges(self.caa.glyphs, id="concepts-pane", classes="pane")
        yield from self.foot()

    def on_mount(self) -> None:
        super().on_mount()
        self.table.focus()

    @property
    def table(self) -> RowTable:
        return self.query_one("#runs", RowTable)

    @property
    def changes(self) -> ChangesList:
        return self.query_one(ChangesList)

    @property
    def concepts(self) -> ConceptChanges:
        return self.query_one(ConceptChanges)

    @property
    def record(self) -> RunRecord | None:
        """The run under the cursor."""
        return next((record for record in self._shown if record.id == self.table.key), None)

    @property
    def pair(self) -> tuple[RunRecord, RunRecord] | None:
        """The runs that are compared, the older one first; None when there are no two."""
        record, history = self.record, self.caa.workspace.runs.history
        if record is None or record.result is None:
            return None
        other = next((run for run in history if run.id == self._marked and run.id != record.id), None)
        if other is None:
            other = next((run for run in history if run.result is not None and int(run.id) < int(record.id)), None)
        if other is None:
            return None
        return (other, record) if int(other.id) < int(record.id) else (record, other)

    def show_workspace(self) -> None:
        super().show_workspace()
        self._show_history()

    @work(group="history", exclusive=True)
    async def _show_history(self) -> None:
        """Hundreds of runs have hundreds of files, which are read beside the screen."""
        history = self.caa.workspace.runs.history
        use = await asyncio.to_thread(_read_ahead, history, self.caa.workspace.data)
        if self._marked not in {run.id for run in history}:
            self._marked = None
        # On a narrow screen the sentence beside it, which says what to do, is not in view.
        unknown = not history and self.has_class("-narrow")
        said = self._no_run() if unknown else use.sentence(len(history), self.caa.glyphs)
        self.query_one("#disk", Static).update(plain(said))
        self._show_rows()
        self._compare()

    def _show_rows(self) -> None:
        """The table; what the run under the cursor is held against is marked, so the mark follows the cursor."""
        other = self._other()
        self._draw_rows(other)
        if self._other() != other:
            self._draw_rows(self._other())

    def _draw_rows(self, other: RunRecord | None) -> None:
        history = self.caa.workspace.runs.history
        rows = run_rows(history, self.caa.clock(), self.caa.glyphs, other, self._marked)
        found = [row for row in rows if self._needle in " ".join(cell.text for cell in row.cells[1:]).lower()]
        keys = {row.key for row in found}
        # A cursor on the newest run stays on the newest: that is the one people look at after a training.
        followed = history[0].id if self._shown and self.table.key == self._shown[0].id else None
        self._shown = [run for run in history if run.id in keys]
        self.table.show(run_columns(history), found, followed, sort=self._sort)
        self.query_one("#runs-pane").styles.max_height = max(6, len(found) + FRAME_LINES)

    def _other(self) -> RunRecord | None:
        """What the run under the cursor is held against."""
        pair, record = self.pair, self.record
        return None if pair is None else pair[0] if record is not None and pair[1].id == record.id else pair[1]

    def _nothing(self) -> str:
        keys = self.caa.workspace.keys
        if self._needle:
            return f"No run contains “{printable(self._needle)}”. Press {keys.name('filter')} to change the filter."
        return f"No run yet. Press {keys.name('train')} to train this corpus."

    def _no_run(self) -> str:
        return f"No run yet: {self.caa.workspace.keys.name('train')} trains this corpus"

    def cmd_export(self) -> None:
        record = self.record
        if record is None:
            self._tell("Put the cursor on the run to export first.")
        elif record.result is None:
            self._tell(f"Run {int(record.id)} {_ended(record)} and has no readout; put the cursor on a finished run.")
        else:
            self.caa.open_export(record)

    def cmd_layers(self) -> None:
        self.caa.open_layers(self.record)

    def cmd_probe_with(self) -> None:
        record = self.record
        if record is None or record.result is None:
            self._tell("Only a finished run has vectors to probe with; put the cursor on one.")
        else:
            self.caa.open_probe(run=record)

    def cmd_compare_with(self) -> None:
        record = self.record
        if record is None or record.result is None:
            self._tell("Only a finished run can be compared; put the cursor on one.")
            return
        self._marked = None if self._marked == record.id else record.id
        if self._marked:
            self._tell(f"The run under the cursor is compared with run {int(record.id)} from now on.")
        self._show_rows()
        self._compare()

    def cmd_sort_runs(self) -> None:
        """The table with the focus; on the left side of the comparison, the concepts beside it."""
        if self.table.has_focus:
            self._sort_by(next_sort(run_columns(self.caa.workspace.runs.history), self._sort))
        else:
            self.concepts.sort_by(next_sort(concept_columns(self.caa.glyphs), self.concepts.sort))

    def on_row_table_sorted(self, event: RowTable.Sorted) -> None:
        self._sort_by(self._sort.after(event.title))

    def _sort_by(self, sort: Sort) -> None:
        self._sort = sort
        self._show_rows()

    def cmd_open_story(self) -> None:
        """From the table of runs on to what changed; there, the story under the cursor; a concept's changed story."""
        if self.concepts.table.has_focus:
            self._open_concept(self.concepts.concept)
        elif self.table.has_focus:
            self.query_one(PaneTabs).select("comparison-pane")
        elif self.changes.path is not None:
            self._open(self.changes.path)

    def cmd_filter(self) -> None:
        self.query_one(FilterLine).open()

    def on_filter_line_filtered(self, event: FilterLine.Filtered) -> None:
        self._needle = event.text.lower()
        self.show_workspace()

    def action_step_pane(self, by: int) -> None:
        self.query_one(PaneTabs).step(by)

    def on_row_table_pointed(self) -> None:
        self._show_rows()
        self._compare()

    def on_row_table_chosen(self) -> None:
        self.query_one(PaneTabs).select("comparison-pane")

    def on_changes_list_chosen(self, event: ChangesList.Chosen) -> None:
        self._open(event.path)

    def on_concept_changes_chosen(self, event: ConceptChanges.Chosen) -> None:
        self._open_concept(event.concept)

    def _open(self, path: str) -> None:
        self.caa.open_story(path, self.changes.paths)

    def _open_concept(self, concept: str | None) -> None:
        """Its first story among those that changed, else its first of all."""
        stories = [story.path for story in self.caa.workspace.corpus.by_concept.get(concept or "", ())]
        changed = [path for path in self.changes.paths if path in stories]
        if stories:
            self.caa.open_story((changed or stories)[0], changed or stories)
        elif concept:
            self._tell(f"{concept} has no story now.")

    @work(group="compare", exclusive=True)
    async def _compare(self) -> None:
        """Reading two runs' vectors takes a moment for large models, so it happens beside the screen."""
        record, pair = self.record, self.pair
        if pair is None or record is None:
            self._draw([ChangeLine(Content(self._nothing()))] if record is None else await self._ending(record))
            return
        if pair != self._compared or self._comparison is None:
            await asyncio.sleep(SETTLE_SECONDS)
            try:
                self._comparison = await asyncio.to_thread(compare_runs, *pair)
                self._settings = differing_settings(*pair)
            except UserError as error:
                self._draw([ChangeLine(plain(str(error)))])
                return
            self._compared = pair
        corpus = self.caa.workspace.corpus.by_path
        lines = change_lines(self._comparison, self._settings, corpus, self.caa.glyphs)
        self._draw(lines, self._comparison)

    async def _ending(self, record: RunRecord) -> list[ChangeLine]:
        if record.result is not None:
            key = self.caa.workspace.keys.name("compare_with")
            return [ChangeLine(plain(nothing_to_compare(self.caa.workspace.runs.history, key, self._marked)))]
        return ending_lines(record, await asyncio.to_thread(log_tail, record.log_path, LOG_LINES))

    def _draw(self, lines: list[ChangeLine], comparison: RunComparison | None = None) -> None:
        self.changes.show(lines)
        self.concepts.show(comparison)


def _read_ahead(history: Sequence[RunRecord], data: DataFolder) -> DiskUse:
    """Have the records read what the table shows of them; blocking."""
    for record in history:
        with suppress(UserError):  # a damaged run is listed as far as it can be read
            _ = record.flags, record.request
    return disk_use(data)


def _ended(record: RunRecord) -> str:
    return "failed" if record.status == "failed" else f"was {record.status}"
