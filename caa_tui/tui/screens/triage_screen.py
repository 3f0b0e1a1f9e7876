"""What the last run says is wrong, and which story files cause it."""

from __future__ import annotations

from typing import cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from caa_tui.text_safety import printable
from caa_tui.tui.content import plain
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.widgets.evidence_pane import EvidenceList, EvidencePane
from caa_tui.tui.widgets.filter_line import FilterLine
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.hint_bar import HintBar
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.training_strip import TrainingStrip
from caa_tui.tui.widgets.triage_rows import KINDS, VIEWS, View, flag_key, flags_of, listing, remarks
from caa_tui.tui.widgets.view_tabs import ViewTabs
from caa_tui.vectors.flags import Flag

NOT_TRAINED = """\
Nothing is trained yet.

Press t to train this corpus. Afterwards this screen lists the concepts whose stories tell different feelings \
(fragmented), that are told like another concept (contaminated) or that are a mixture of others (redundant), with the \
story files that cause it."""
TRAINING = "The first training is running; its flags are listed here when it is done."
NO_REPORT = "The runs so far have no quality report, which the flags come from. Press t to train again with one."
EMPTY: dict[View, str] = {
    "fragmented": "No concept is fragmented: the stories of each concept tell one feeling, as far as this run can see.",
    "contaminated": "No concept is contaminated: none is told so much like another that their vectors coincide.",
    "redundant": "No concept is redundant: no vector is a mixture of the other concepts' vectors.",
    "all": "The run trained no concept.",
}


class TriageScreen(CaaScreen):
    """A flag a row on the left, the stories behind it on the right."""

    KIND = "triage"
    TITLE_WORD = "Triage"
    HELP = """\
**Fragmented**: a concept's stories tell different feelings. **Contaminated**: it is told like another concept.
**Redundant**: it is a mixture of others. The right side ranks the story files by how much each causes the flag; Enter
opens the one under the cursor, `n` and `p` go through all of them. `f` changes the view, Tab changes the side.
"""
    CSS = """
    TriageScreen #triage-panes { height: 1fr; }
    TriageScreen #flags-pane { width: 12fr; border-right: solid $border-blurred; }
    TriageScreen #evidence-pane { width: 9fr; min-width: 42; }
    TriageScreen.-all #flags-pane { width: 13fr; }
    TriageScreen.-all #evidence-pane { width: 7fr; min-width: 50; }
    TriageScreen #solved { height: 1; padding: 0 1; display: none; text-wrap: nowrap; text-overflow: ellipsis; }
    TriageScreen #solved.-shown { display: block; }
    TriageScreen #empty { height: 1fr; padding: 1 2; color: $foreground 80%; display: none; }
    TriageScreen #remarks { height: auto; max-height: 9; padding: 0 1; color: $foreground 65%; }
    TriageScreen.-empty #empty { display: block; }
    TriageScreen.-empty #flags { display: none; }
    TriageScreen.-narrow #flags-pane { border-right: none; }
    """
    BINDINGS = [
        Binding("F", "step_view(-1)", "Previous view", show=False),
        Binding("left_square_bracket", "step_pane(-1)", "Previous pane", show=False),
        Binding("right_square_bracket", "step_pane(1)", "Next pane", show=False),
        Binding("right,l", "side('evidence-pane')", "To the stories", show=False),
        Binding("left,h", "side('flags-pane')", "To the flags", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._needle = ""

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield PaneTabs({"flags-pane": "Flags", "evidence-pane": "Stories"})
        with Horizontal(id="triage-panes"):
            with Vertical(id="flags-pane", classes="pane"):
                yield ViewTabs({str(view): word for view, word in VIEWS.items()}, key="f", id="triage-tabs")
                yield Static(id="solved")
                yield Static(id="empty")
                yield RowTable(id="flags")
                yield Static(id="remarks")
            yield EvidencePane(id="evidence-pane", classes="pane")
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
    def evidence(self) -> EvidencePane:
        return self.query_one(EvidencePane)

    @property
    def view(self) -> View:
        return cast("View", self.query_one(ViewTabs).current)

    @property
    def flag(self) -> Flag | None:
        """The flag under the cursor; None in the list of all concepts."""
        return next((flag for flag in self._flags() if flag_key(flag) == self.table.key), None)

    def show_workspace(self) -> None:
        super().show_workspace()
        self._show_tabs()
        self._show_rows()

    def _show_tabs(self) -> None:
        report, tabs = self.caa.workspace.report, self.query_one(ViewTabs)
        for kind in KINDS:
            tabs.label(kind, f"{VIEWS[kind]} {len(flags_of(report, kind))}" if report else VIEWS[kind])
        concepts = len(report.concepts) + len(report.left_out) if report else 0
        tabs.label("all", f"{VIEWS['all']} {concepts}" if report else VIEWS["all"])
        runs, solved = self.caa.workspace.runs, self.query_one("#solved", Static)
        solved.set_class(bool(runs.solved), "-shown")
        if runs.solved and runs.previous is not None:
            names = ", ".join(f"{concept} {kind}" for concept, kind in runs.solved)
            head = f"solved since run {int(runs.previous.id)}: {len(runs.solved)}  "
            solved.update(Content.styled(head, "bold $success") + plain(names, "$foreground 80%"))
        lines = [plain(line) for line in remarks(report, self.caa.glyphs)] if report else []
        self.query_one("#remarks", Static).update(Content("\n").join(lines))

    def _show_rows(self, key: str | None = None) -> None:
        shown = listing(self.view, self.caa.workspace.runs, self._needle, self.caa.glyphs)
        self.set_class(not shown.rows, "-empty")
        if not shown.rows:
            self.query_one("#empty", Static).update(Content(self._nothing()))
        self.table.show(shown.columns, shown.rows, key)
        self._show_evidence()

    def _show_evidence(self) -> None:
        workspace, glyphs, key = self.caa.workspace, self.caa.glyphs, self.table.key
        flag = self.flag
        if flag is not None:
            self.evidence.show_flag(flag, workspace, glyphs)
        elif key is not None and workspace.report is not None:
            self.evidence.show_concept(key.removeprefix("all:"), workspace.report, workspace, glyphs)
        else:
            self.evidence.show_nothing("")

    def _nothing(self) -> str:
        """Why the view is empty, and what to do next."""
        workspace = self.caa.workspace
        if workspace.report is None:
            if workspace.training.active:
                return TRAINING
            finished = any(record.result is not None for record in workspace.runs.history)
            return NO_REPORT if finished else NOT_TRAINED
        if self._needle:
            return f"No row contains “{printable(self._needle)}”. Press / to change the filter."
        others = [VIEWS[kind].lower() for kind in KINDS if kind != self.view and flags_of(workspace.report, kind)]
        after = (
            f"Press f for {' and '.join(others)}." if others else "Nothing is flagged: press E to export the readout."
        )
        return f"{EMPTY[self.view]}\n\n{after}"

    def _flags(self) -> list[Flag]:
        """The flags of the view, as listed."""
        view = self.view
        return [] if view == "all" else flags_of(self.caa.workspace.report, view, self._needle)

    def cmd_other_view(self) -> None:
        self.action_step_view(1)

    def action_step_view(self, by: int) -> None:
        self.query_one(ViewTabs).step(by)

    def action_step_pane(self, by: int) -> None:
        self.query_one(PaneTabs).step(by)

    def action_side(self, pane_id: str) -> None:
        """Give a side the focus, and show it where only one has room."""
        if pane_id == "evidence-pane" and not self.evidence.paths:
            return
        self.query_one(PaneTabs).select(pane_id)

    def on_view_tabs_changed(self) -> None:
        self.set_class(self.view == "all", "-all")
        self._show_rows()
        self.query_one(PaneTabs).select("flags-pane")

    def on_row_table_pointed(self) -> None:
        self._show_evidence()

    def on_row_table_chosen(self) -> None:
        self.cmd_open_story()

    def on_evidence_pane_chosen(self, event: EvidencePane.Chosen) -> None:
        self._open(event.path)

    def on_filter_line_filtered(self, event: FilterLine.Filtered) -> None:
        self._needle = event.text
        self._show_rows()

    def cmd_open_story(self) -> None:
        """The story under the cursor; from the table, the worst one of its row."""
        path = self._path()
        if path is None:
            self.notify("Put the cursor on a flag or a story first.", markup=False)
        else:
            self._open(path)

    async def cmd_edit_external(self) -> None:
        path = self._path()
        if path is None:
            self.notify("Put the cursor on a flag or a story first.", markup=False)
        elif path not in self.caa.workspace.corpus.by_path:
            self._say_gone(path)
        else:
            await self.caa.edit_external(path)

    def cmd_next_flagged(self) -> None:
        self._step_evidence(1)

    def cmd_previous_flagged(self) -> None:
        self._step_evidence(-1)

    def cmd_filter(self) -> None:
        self.query_one(FilterLine).open()

    def _path(self) -> str | None:
        if isinstance(self.focused, EvidenceList):
            return self.evidence.path
        return self.evidence.paths[0] if self.evidence.paths else None

    def _open(self, path: str) -> None:
        if path not in self.caa.workspace.corpus.by_path:
            self._say_gone(path)
            return
        self.caa.open_story(path, self._siblings(), self.flag)

    def _say_gone(self, path: str) -> None:
        self.notify(f"{printable(path)} is not in the corpus any more; press r to retrain.", markup=False)

    def _siblings(self) -> list[str]:
        """What next and previous go through in the editor: every story behind the flags of the view, as listed."""
        paths = [evidence.path for flag in self._flags() for evidence in flag.evidence] or list(self.evidence.paths)
        return [path for path in dict.fromkeys(paths) if path in self.caa.workspace.corpus.by_path]

    def _step_evidence(self, by: int) -> None:
        """The next or previous story, going on to the next or previous row of the table at the end of a list."""
        self.action_side("evidence-pane")
        cursor = self.evidence.stories.highlighted
        place = by + (cursor if cursor is not None else -1)
        if 0 <= place < len(self.evidence.paths):
            self.evidence.point(place)
            return
        keys = [row.key for row in self.table.rows]
        row = (keys.index(self.table.key) if self.table.key in keys else 0) + by
        while 0 <= row < len(keys):
            self._show_rows(keys[row])
            if self.evidence.paths:
                self.evidence.point(0 if by > 0 else -1)
                return
            row += by
        self.notify(
            "That was the last story of this view." if by > 0 else "That was the first.", markup=False, timeout=2
        )
