"""Beside the triage table: the verdict on the row under the cursor, and the story files behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from caa_tui.corpus.model import Story
from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.tui.widgets.triage_rows import NUMBER, bucket_words, judged
from caa_tui.tui.workspace import Workspace
from caa_tui.vectors.flags import ConceptSummary, Evidence, Flag, FlagReport
from caa_tui.wording import count

SCORE = {
    "fragmented": "agreement with the concept's other stories; low is bad",
    "contaminated": "how much further it leans to the neighbour than to its own; high is bad",
    "redundant": "how much of it the other concepts explain; high is bad",
}
SURE = "Confirmed: a measure that does not count stories says the same."
UNSURE = "Rule only: the measure that does not count stories does not confirm it."


class EvidenceList(OptionList):
    """One story file a row, the worst first."""

    DEFAULT_CSS = """
    EvidenceList { height: 1fr; border: none; background: $surface; scrollbar-size-vertical: 1; padding: 0; }
    EvidenceList:focus { border: none; background-tint: $surface 0%; }
    EvidenceList > .option-list--option { padding: 0 1; }
    EvidenceList:focus > .option-list--option-highlighted { background: $accent 30%; color: $foreground; }
    """
    BINDINGS = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "first", "First", show=False),
        Binding("G", "last", "Last", show=False),
    ]


class EvidencePane(Vertical):
    """Enter or a click on a story opens it."""

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
        rows = [_evidence_row(evidence, workspace, glyphs) for evidence in flag.evidence]
        title = f"{count(len(rows), 'story', 'stories')}, the worst first: {SCORE[flag.kind]}"
        paths = tuple(evidence.path for evidence in flag.evidence)
        self._set(_verdict(flag, glyphs), title if rows else "No story stands out.", paths, rows)

    def show_concept(self, concept: str, report: FlagReport, workspace: Workspace, glyphs: Glyphs) -> None:
        """All numbers of a concept and its stories."""
        summary = next((one for one in report.concepts if one.concept == concept), None)
        stories = workspace.corpus.by_concept.get(concept, ())
        rows = [_story_row(story, workspace, glyphs) for story in stories]
        about = _summary(summary, report, glyphs) if summary else _left_out(concept, report)
        self._set(
            about,
            "The stories, as they are now:" if rows else "It has no story now.",
            tuple(story.path for story in stories),
            rows,
        )

    def show_nothing(self, sentence: str) -> None:
        """No row is under the cursor."""
        self._set(plain(sentence), "", (), [])

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


def _verdict(flag: Flag, glyphs: Glyphs) -> Content:
    side = "below" if flag.kind == "fragmented" else "above"
    lines = [
        Content.styled(f"{glyphs.flagged} ", "$accent") + plain(f"{flag.concept}: {flag.kind}", "bold"),
        plain(flag.verdict),
        plain(
            f"{NUMBER[flag.kind]} {judged(flag, glyphs)} at layer {flag.layer}, "
            f"flagged {side} {decimal(flag.threshold, glyphs)}; {count(flag.stories, 'story', 'stories')}",
            "$foreground 70%",
        ),
    ]
    if flag.contributors:
        parts = [f"{decimal(weight, glyphs)} {name}" for name, weight in flag.contributors[:4]]
        lines.append(plain("a mixture of " + ", ".join(parts), "$foreground 70%"))
    lines.append(plain(SURE if flag.confirmed else UNSURE, "$foreground 70%"))
    if flag.caveat:
        lines.append(plain(flag.caveat, "$foreground 60% italic"))
    return Content("\n").join(lines)


def _evidence_row(evidence: Evidence, workspace: Workspace, glyphs: Glyphs) -> Content:
    """Score, file and marks; below it what the story does, and what to read beside it."""
    head = plain(f"{decimal(evidence.score, glyphs):>5}  ", "bold") + plain(evidence.path)
    lines = [head + _marks(evidence.path, workspace, glyphs)]
    lines.append(plain(f"       {evidence.reason}", "$foreground 70%"))
    if evidence.counterpart:
        lines.append(plain(f"       beside it: {evidence.counterpart}", "$foreground 60%"))
    return Content("\n").join(lines)


def _story_row(story: Story, workspace: Workspace, glyphs: Glyphs) -> Content:
    flagged = Content.styled(f"{glyphs.flagged} " if workspace.is_flagged(story.path) else "  ", "$accent")
    words = Content.styled(f"  {count(story.words, 'word')}", "$foreground 60%")
    return flagged + plain(story.path) + words + _marks(story.path, workspace, glyphs)


def _marks(path: str, workspace: Workspace, glyphs: Glyphs) -> Content:
    if path not in workspace.corpus.by_path:
        return Content.styled("  gone", "$error")
    if path in workspace.edited:
        return Content.styled(f"  {glyphs.edited} edited since", "$accent")
    return Content("")


def _left_out(concept: str, report: FlagReport) -> Content:
    reason = report.left_out.get(concept, "it has no story")
    return Content("\n").join((plain(concept, "bold"), plain(f"not trained: {reason}")))


def _summary(summary: ConceptSummary, report: FlagReport, glyphs: Glyphs) -> Content:
    """Every number at every target layer, the judged layer marked."""
    told = f"{count(summary.stories, 'story', 'stories')} in {count(summary.scenarios, 'scenario')}"
    lines = [
        plain(summary.concept, "bold"),
        plain(f"{bucket_words(summary)}; {told}"),
        Content(""),
        Content.styled("  layer   PC  agree  chance  held   R²  neuron", "bold $foreground 70%"),
    ]
    for layer in summary.first_pc:
        mark = glyphs.pointer if layer == str(report.layer) else " "
        columns = (
            (summary.first_pc, 5),
            (summary.agreement, 7),
            (summary.chance, 8),
            (summary.held_out, 6),
            (summary.r_squared, 5),
            (summary.neuron, 8),
        )
        numbers = "".join(f"{decimal(values.get(layer), glyphs):>{width}}" for values, width in columns)
        lines.append(Content(f"{mark} {layer:>5}{numbers}"))
    nearest = [
        f"{layer} {decimal(close[1], glyphs)} {close[0]}"
        for layer, close in summary.nearest.items()
        if close is not None
    ]
    lines.append(plain(f"nearest: {glyphs.separator.join(nearest) or glyphs.gone}", "$foreground 80%"))
    return Content("\n").join(lines)
