"""The left side of triage: which view, in which order, at which layer, and what is under the cursor."""

from __future__ import annotations

from typing import cast

from textual.content import Content
from textual.widgets import Static

from caa_tui.corpus.model import Acceptance
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.screens.triage_empty import nothing
from caa_tui.tui.widgets.accepted_rows import accepted_key, accepted_listing
from caa_tui.tui.widgets.all_rows import concept_listing, layers_of, remarks
from caa_tui.tui.widgets.evidence_pane import EvidencePane
from caa_tui.tui.widgets.list_options import ListOptions
from caa_tui.tui.widgets.remarks_text import RemarksText
from caa_tui.tui.widgets.row_table import RowTable, Sort
from caa_tui.tui.widgets.rows import goes_down
from caa_tui.tui.widgets.solved_line import SolvedLine
from caa_tui.tui.widgets.triage_rows import (
    VIEWS,
    Listing,
    View,
    flag_key,
    flag_listing,
    flags_of,
    sort_titles,
)
from caa_tui.tui.widgets.view_tabs import ViewTabs
from caa_tui.vectors.accepted import Judged, judge
from caa_tui.vectors.flags import Flag
from caa_tui.vectors.standing import KINDS
from caa_tui.wording import count


class TriageViews(CaaScreen):
    """Draws the table and what belongs to it; `TriageScreen` puts the parts on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._needle = ""
        self._layer: int | None = None
        """Of the numbers of all concepts; None: where the rules look."""
        self.sort = Sort()
        """Of the view as it is shown."""
        self._taken_back: dict[tuple[str, str], Acceptance] = {}
        """Acceptances taken back since the view of accepted flags was opened; their rows stay until it is left."""

    @property
    def table(self) -> RowTable:
        return self.query_one(RowTable)

    @property
    def evidence(self) -> EvidencePane:
        return self.query_one(EvidencePane)

    @property
    def view(self) -> View:
        return cast("View", self.query_one(ViewTabs).current)

    @property
    def flag(self) -> Flag | None:
        """The flag under the cursor; None in the list of all concepts."""
        if self.view == "accepted":
            return self.judged.flag if self.judged else None
        return next((flag for flag in self.flags if flag_key(flag) == self.table.key), None)

    @property
    def flags(self) -> list[Flag]:
        """The flags of the view, as listed."""
        by_key = {flag_key(flag): flag for flag in self.caa.workspace.runs.flags}
        return [by_key[row.key] for row in self.table.rows if row.key in by_key]

    @property
    def judged(self) -> Judged | None:
        """The acceptance under the cursor."""
        runs = self.caa.workspace.runs
        known = (*runs.judged, *judge(runs.report, self._taken_back.values()))
        return next((one for one in known if accepted_key(one.acceptance) == self.table.key), None)

    def _remembered(self, shown: Listing) -> Sort:
        """What the user chose last, also in an earlier session; as judged where the view has no such column."""
        memory = self.caa.workspace.memory
        titles = {column.title for column in shown.columns}
        return Sort(memory.triage_sort, memory.triage_reverse) if memory.triage_sort in titles else Sort()

    def show_workspace(self) -> None:
        super().show_workspace()
        self._show_tabs()
        self.show_rows()

    def _show_tabs(self) -> None:
        workspace, tabs, report = self.caa.workspace, self.query_one(ViewTabs), self.caa.workspace.report
        tabs.key = workspace.keys.name("other_view")
        counts: dict[View, int] = {}
        if report is not None:
            counts = {kind: len(flags_of(workspace.runs.flags, kind)) for kind in KINDS}
            counts["all"] = len(report.concepts) + len(report.left_out)
        if report is not None or workspace.runs.judged:
            counts["accepted"] = len(workspace.runs.judged)
        tabs.count({str(view): number for view, number in counts.items()})
        self.query_one(SolvedLine).show(workspace.runs, self.caa.glyphs)
        self._show_remarks()

    def _show_remarks(self) -> None:
        """All of them where all concepts are; the flags have the room elsewhere."""
        report = self.caa.workspace.report
        lines = [*self._older_report(), *(remarks(report, self.caa.glyphs) if report else ())]
        if self.view != "all" and len(lines) > 1:
            lines = [lines[0], f"{count(len(lines) - 1, 'more note')} under {VIEWS['all']}"]
        self.query_one(RemarksText).show(lines)

    def _older_report(self) -> list[str]:
        """A newer run without a quality report has vectors but no flags; then these are not its flags."""
        runs = self.caa.workspace.runs
        newer = [record for record in runs.history if record.result is not None and runs.run is not None]
        if runs.run is None or not newer or int(newer[0].id) <= int(runs.run.id):
            return []
        return [f"Run {int(newer[0].id)} has no quality report; these are the flags of run {int(runs.run.id)}."]

    def _listing(self) -> Listing:
        runs, glyphs, view = self.caa.workspace.runs, self.caa.glyphs, self.view
        match view:
            case "all":
                return concept_listing(runs.report, self.shown_layer, self._needle, glyphs)
            case "accepted":
                return accepted_listing(runs, tuple(self._taken_back.values()), self._needle, glyphs)
            case _:
                return flag_listing(view, runs, self._needle, glyphs)

    @property
    def shown_layer(self) -> int | None:
        """The chosen layer, where this run has it."""
        report = self.caa.workspace.report
        return self._layer if report is not None and self._layer in layers_of(report) else None

    def show_rows(self, key: str | None = None) -> None:
        """Draw the view again; the cursor goes to the row named `key`, or stays."""
        shown = self._listing()
        self.set_class(not shown.rows, "-empty")
        if not shown.rows:
            self.query_one("#empty", Static).update(Content(nothing(self.view, self.caa.workspace, self._needle)))
        self.sort = self._remembered(shown)
        self.table.show(shown.columns, shown.rows, key, self.sort, shown.parting)
        self._show_options(shown)
        self.show_evidence()

    def _show_options(self, shown: Listing) -> None:
        keys, sort = self.caa.workspace.keys, self.sort
        options = [(keys.name("triage_sort"), self._order(shown, sort), "triage_sort")]
        report = self.caa.workspace.report
        if self.view == "all" and report is not None:
            layer = self.shown_layer or report.layer
            words = f"layer {layer}, the judged one" if layer == report.layer else f"layer {layer}"
            options.append((keys.name("triage_layer"), words, "triage_layer"))
        elif not self.caa.workspace.read_only:
            words = "take it back" if self.view == "accepted" else "accept with a reason"
            options.append((keys.name("accept_flag"), words, "accept_flag"))
        self.query_one(ListOptions).show(options if shown.rows else [])

    def _order(self, shown: Listing, sort: Sort) -> str:
        if not sort.title:
            return "by name" if self.view in {"all", "accepted"} else "as judged: confirmed first, then the worst"
        down = goes_down(shown.columns, shown.rows, sort)
        numbers = down != sort.reverse
        first = (
            ("the largest first" if down else "the smallest first") if numbers else ("Z first" if down else "A first")
        )
        return f"by {sort.title}, {first}"

    def show_evidence(self) -> None:
        """Draw the right side for the row under the cursor."""
        workspace, glyphs, key = self.caa.workspace, self.caa.glyphs, self.table.key
        flag, judged = self.flag, self.judged
        if judged is not None:
            self.evidence.show_acceptance(judged, workspace, glyphs)
        elif flag is not None:
            self.evidence.show_flag(flag, workspace, glyphs)
        elif key is not None and workspace.report is not None:
            concept = key.removeprefix("all:")
            self.evidence.show_concept(concept, workspace.report, self.shown_layer, workspace, glyphs)
        else:
            self.evidence.show_nothing("")

    def cmd_triage_sort(self) -> None:
        """The next of the usual columns."""
        titles = sort_titles(self.view)
        place = titles.index(self.sort.title) if self.sort.title in titles else 0
        self._sort_by(Sort(titles[(place + 1) % len(titles)]))

    def cmd_triage_reverse(self) -> None:
        """Turn the order round, where there is one besides that of the rules."""
        if self.sort.title:
            self._sort_by(self.sort.after(self.sort.title))
        else:
            key = self.caa.workspace.keys.name("triage_sort")
            self.notify(f"Choose a column first: {key}, or a click on its title.", markup=False, timeout=4)

    def on_row_table_sorted(self, event: RowTable.Sorted) -> None:
        self._sort_by(self.sort.after(event.title))

    def _sort_by(self, sort: Sort) -> None:
        memory = self.caa.workspace.memory
        memory.triage_sort, memory.triage_reverse = sort.title, sort.reverse
        self.caa.workspace.keep_memory()
        self.show_rows()

    def cmd_triage_layer(self) -> None:
        """The next layer, where the view has numbers of several."""
        report = self.caa.workspace.report
        if report is None:
            return
        if self.view != "all":
            key = self.caa.workspace.keys.name("other_view")
            said = f"Flags are judged at layer {report.layer}; other layers are shown for all concepts ({key})."
            self.notify(said, markup=False, timeout=4)
            return
        layers = layers_of(report)
        self._layer = layers[(layers.index(self.shown_layer or report.layer) + 1) % len(layers)]
        self.show_rows()
