"""Beside the triage table: the verdict on the row under the cursor, and the story files behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.evidence_text import (
    acceptance_text,
    concept_text,
    evidence_row,
    left_out,
    story_row,
    verdict,
)
from caa_tui.tui.workspace import Workspace
from caa_tui.vectors.accepted import Judged
from caa_tui.vectors.flags import Flag, FlagKind, FlagReport
from caa_tui.wording import count

SCORE: dict[FlagKind, str] = {
    "fragmented": "agreement with the concept's other stories; low is bad",
    "contaminated": "how much further it leans to the neighbour than to its own; high is bad",
    "redundant": "how much of it the other concepts explain; high is bad",
    "mislabelled": "how much closer it is to another concept than to its own; high is bad",
    "confounded": "how much of the cause is in it; high is bad",
    "scenario-bound": "share of the others it is told from only with its own scenario's help; high is bad",
    "unreliable": "agreement with the concept's other stories; more stories help, not these",
}
"""What the number before each story means."""
NAMED: dict[FlagKind, tuple[str, str]] = {
    "mislabelled": ("suspicious story", "suspicious stories"),
    "confounded": ("story with the cause in it", "stories with the cause in them"),
}
"""What one story is, and several, where not every story of the concept is there."""


class EvidenceList(OptionList):
    """One story file a row, the worst first."""

    DEFAULT_CSS = """
    EvidenceList { height: 1fr; border: none; background: $surface; scrollbar-size-vertical: 1; padding: 0; }
    EvidenceList:focus { border: none; background-tint: $surface 0%; }
    EvidenceList > .option-list--option { padding: 0 1; }
    EvidenceList:focus > .option-list--option-highlighted { background: $accent 30%; color: $foreground; }
    """
    HELP_TITLE = "Stories behind the row"
    HELP = (
        "The story files behind the row on the left, the one that causes most first. {open_story} opens the "
        "one under the cursor."
    )
    BINDINGS = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "first", "First", show=False),
        Binding("G", "last", "Last", show=False),
    ]

    async def _on_click(self, event: events.Click) -> None:
        """As in the tables: a click points, a click on the row under the cursor chooses."""
        event.prevent_default()
        place = event.style.meta.get("option")
        if place is None:
            return
        if place == self.highlighted:
            self.action_select()
        else:
            self.highlighted = place


class EvidencePane(Vertical):
    """Enter, or a click on the story under the cursor, opens it."""

    DEFAULT_CSS = """
    EvidencePane #verdict-scroll { height: auto; max-height: 50%; padding: 0 1; scrollbar-size-vertical: 1; }
    EvidencePane #verdict { height: auto; }
    EvidencePane #evidence-title { height: auto; margin-top: 1; padding: 0 1; color: $foreground 60%; }
    """

    @dataclass
    class Chosen(Message):
        """A story was chosen with Enter or a click."""

        path: str

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._paths: tuple[str, ...] = ()
        self._shown: object = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="verdict-scroll", can_focus=False):
            yield Static(id="verdict")
        yield Static(id="evidence-title")
        yield EvidenceList(id="evidence", markup=False)

    @property
    def stories(self) -> EvidenceList:
        return self.query_one(EvidenceList)

    @property
    def path(self) -> str | None:
        """The story under the cursor."""
        cursor = self.stories.highlighted
        return self._paths[cursor] if cursor is not None and cursor < len(self._paths) else None

    @property
    def paths(self) -> tuple[str, ...]:
        return self._paths

    def point(self, index: int) -> None:
        """Move the cursor to a row; negative counts from the end."""
        if self._paths:
            self.stories.highlighted = index % len(self._paths)

    def show_flag(self, flag: Flag, workspace: Workspace, glyphs: Glyphs) -> None:
        """The verdict on a concept and its evidence."""
        self._set_evidence(verdict(flag, workspace, glyphs), flag, workspace, glyphs)

    def show_acceptance(self, one: Judged, workspace: Workspace, glyphs: Glyphs) -> None:
        """Why a flag was accepted, and the evidence there is now, or the stories it was judged on."""
        about = acceptance_text(one, workspace, glyphs)
        if one.flag is not None:
            self._set_evidence(about, one.flag, workspace, glyphs)
            return
        paths = tuple(path for path in one.acceptance.stories if path in workspace.corpus.by_path)
        rows = [story_row(workspace.corpus.by_path[path], workspace, glyphs) for path in paths]
        self._set(about, "The stories it was judged on, as they are now:" if rows else "", paths, rows)

    def show_concept(
        self, concept: str, report: FlagReport, layer: int | None, workspace: Workspace, glyphs: Glyphs
    ) -> None:
        """All numbers of a concept and its stories; `layer` None: where the rules look."""
        summary = next((one for one in report.concepts if one.concept == concept), None)
        stories = workspace.corpus.by_concept.get(concept, ())
        rows = [story_row(story, workspace, glyphs) for story in stories]
        shown = report.layer if layer is None else layer
        about = concept_text(summary, report, shown, glyphs) if summary else left_out(concept, report)
        self._set(
            about,
            "The stories, as they are now:" if rows else "It has no story now.",
            tuple(story.path for story in stories),
            rows,
        )

    def show_nothing(self, sentence: str) -> None:
        """No row is under the cursor."""
        self._set(plain(sentence), "", (), [])

    def scroll_text(self, by: int) -> None:
        """Move a verdict that is longer than its half of the pane, without giving up the cursor."""
        self.query_one("#verdict-scroll").scroll_relative(y=by, animate=False)

    def _set_evidence(self, about: Content, flag: Flag, workspace: Workspace, glyphs: Glyphs) -> None:
        rows = [evidence_row(evidence, flag, workspace, glyphs) for evidence in flag.evidence]
        named = NAMED.get(flag.kind, ("story", "stories"))
        title = f"{count(len(rows), *named)}, the worst first: {SCORE[flag.kind]}"
        paths = tuple(evidence.path for evidence in flag.evidence)
        self._set(about, title if rows else "No story stands out.", paths, rows)

    def _set(self, about: Content, title: str, paths: tuple[str, ...], rows: Sequence[Content]) -> None:
        if self._shown == (about, title, paths, rows):
            return
        self._shown = (about, title, paths, rows)
        path = self.path
        self._paths = paths
        self.query_one("#verdict", Static).update(about)
        self.query_one("#evidence-title", Static).update(plain(title))
        self.query_one("#verdict-scroll").scroll_home(animate=False)
        stories = self.stories
        stories.clear_options()
        stories.add_options([Option(row) for row in rows])
        stories.display = bool(rows)
        if rows:
            stories.highlighted = paths.index(path) if path in paths else 0

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.path is not None:
            self.post_message(self.Chosen(self.path))
