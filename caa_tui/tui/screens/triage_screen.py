"""What the last run says is wrong, and which story files cause it."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from caa_tui.text_safety import printable
from caa_tui.tui.probe_state import Subject
from caa_tui.tui.screens.triage_accepting import TriageAccepting
from caa_tui.tui.widgets.evidence_pane import EvidenceList, EvidencePane
from caa_tui.tui.widgets.filter_line import FilterLine
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.list_options import ListOptions
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.remarks_text import RemarksText
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.solved_line import SolvedLine
from caa_tui.tui.widgets.triage_rows import SHORT, VIEWS, View
from caa_tui.tui.widgets.view_tabs import ViewTabs


class TriageScreen(TriageAccepting):
    """A flag a row on the left, the stories behind it on the right."""

    KIND = "triage"
    TITLE_WORD = "Triage"
    HELP = """\
- **Fragmented**: a concept's stories tell different feelings.
- **Contaminated**: it is told like another concept. **Redundant**: it is a mixture of others.
- **Mislabelled**: a story tells another concept than its own.
- **Confounded**: something else than the feeling tells its stories from the rest, such as their length.
- **Scenario-bound**: its vector means a setting. **Unreliable**: other stories would give another vector.

What tests confirm comes first; what is below the line is worth reading and not proven. The column **rule** is what the
reference's rule says. The right side ranks the story files by how much each causes the flag; Enter opens the one under
the cursor, `{next_flagged}` and `{previous_flagged}` go through all of them. In the editor, next and previous go
through the stories of the view, those of confirmed flags first; where a vector is unreliable, only through its own,
since there is nothing to repair in them. `{other_view}` changes the view, Tab the side. `{accept_flag}` accepts a flag
that is as it should be, with a reason that is kept with the corpus: it leaves the list until it gets clearly worse.
`{triage_sort}`, or a click on a title, sorts; `{triage_layer}` shows all concepts at another layer,
`{layers}` every layer at once.
"""
    CSS = """
    TriageScreen #triage-panes { height: 1fr; }
    TriageScreen #flags-pane { width: 12fr; }
    TriageScreen #evidence-pane { width: 9fr; min-width: 42; }
    TriageScreen.-all #flags-pane { width: 13fr; }
    TriageScreen.-all #evidence-pane { width: 7fr; min-width: 50; }
    TriageScreen #empty { height: 1fr; padding: 1 2; color: $foreground 80%; display: none; }
    TriageScreen #flags { min-height: 5; }
    TriageScreen.-empty #empty { display: block; }
    TriageScreen.-empty #flags { display: none; }
    """
    BINDINGS = [
        Binding("F", "step_view(-1)", "Previous view", show=False),
        Binding("left_square_bracket", "step_pane(-1)", "Previous pane", show=False),
        Binding("right_square_bracket", "step_pane(1)", "Next pane", show=False),
        Binding("right,l", "side('evidence-pane')", "To the stories", show=False),
        Binding("left,h", "side('flags-pane')", "To the flags", show=False),
        Binding("shift+down,ctrl+e", "scroll_text(1)", "Scroll the text above or below a list", show=False),
        Binding("shift+up,ctrl+y", "scroll_text(-1)", "Scroll it back", show=False),
    ]

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield PaneTabs({"flags-pane": "Flags", "evidence-pane": "Stories"})
        yield ViewTabs(_words(VIEWS), short=_words(SHORT), id="triage-tabs")
        with Horizontal(id="triage-panes"):
            with Vertical(id="flags-pane", classes="pane"):
                yield SolvedLine(id="solved")
                yield ListOptions()
                yield Static(id="empty")
                yield RowTable(id="flags")
                yield RemarksText(id="remarks-scroll")
            yield self.divider("flags-pane")
            yield EvidencePane(id="evidence-pane", classes="pane")
        yield from self.foot()

    def on_mount(self) -> None:
        super().on_mount()
        self.table.focus()

    def go_to(self, concept: str | None, scenario: str | None) -> None:
        """Put the cursor on a concept in the list of all; a filter could hide its row, so it goes."""
        if self._needle:
            self.query_one(FilterLine).action_clear_filter()
            self._needle = ""
        self.query_one(PaneTabs).select("flags-pane", focus=False)
        self.query_one(ViewTabs).select("all")
        self.show_rows(f"all:{concept}")
        self.table.focus()

    def cmd_other_view(self) -> None:
        self.action_step_view(1)

    def action_step_view(self, by: int) -> None:
        self.query_one(ViewTabs).step(by)

    def action_step_pane(self, by: int) -> None:
        self.query_one(PaneTabs).step(by)

    def action_scroll_text(self, by: int) -> None:
        """Whatever text of this screen is longer than its place."""
        self.evidence.scroll_text(by)
        self.query_one("#remarks-scroll").scroll_relative(y=by, animate=False)

    def action_side(self, pane_id: str) -> None:
        """Give a side the focus, and show it where only one has room."""
        if pane_id == "evidence-pane" and not self.evidence.paths:
            return
        self.query_one(PaneTabs).select(pane_id)

    def on_view_tabs_changed(self) -> None:
        self.leave_accepted()
        self.set_class(self.view in {"all", "accepted"}, "-all")
        self.show_rows()
        self._show_remarks()
        self.query_one(PaneTabs).select("flags-pane")

    def on_row_table_pointed(self) -> None:
        self.show_evidence()

    def on_row_table_chosen(self) -> None:
        self.cmd_open_story()

    def on_evidence_pane_chosen(self, event: EvidencePane.Chosen) -> None:
        self._open(event.path)

    def on_filter_line_filtered(self, event: FilterLine.Filtered) -> None:
        self._needle = event.text
        self.show_rows()

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

    def cmd_probe_story(self) -> None:
        path = self._path()
        story = self.caa.workspace.corpus.by_path.get(path or "")
        if story is not None:
            self.caa.open_probe(Subject(story.text, story.path))
        elif path is None:
            self.notify("Put the cursor on a flag or a story first.", markup=False)
        else:
            self._say_gone(path)

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
        key = self.caa.workspace.keys.name("retrain")
        self.notify(f"{printable(path)} is not in the corpus any more; press {key} to retrain.", markup=False)

    def _siblings(self) -> list[str]:
        """What next and previous go through in the editor: every story behind the flags of the view, as listed, those
        of confirmed flags first. Stories of an unreliable vector have nothing to repair: only those in view."""
        flags = [] if self.view == "unreliable" else sorted(self.flags, key=lambda flag: not flag.confirmed)
        paths = [evidence.path for flag in flags for evidence in flag.evidence] or list(self.evidence.paths)
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
            self.show_rows(keys[row])
            if self.evidence.paths:
                self.evidence.point(0 if by > 0 else -1)
                return
            row += by
        self.notify(
            "That was the last story of this view." if by > 0 else "That was the first.", markup=False, timeout=2
        )


def _words(words: Mapping[View, str]) -> dict[str, str]:
    return {str(view): word for view, word in words.items()}
