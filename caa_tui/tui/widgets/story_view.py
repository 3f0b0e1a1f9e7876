"""The story under the cursor, to read: its facts, its text, what is wrong with it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from caa_tui.corpus.coverage import CellState
from caa_tui.corpus.model import BASELINE, Story
from caa_tui.corpus.names import split_story_path
from caa_tui.tui.content import plain
from caa_tui.tui.places import is_unwritten
from caa_tui.tui.theme import Glyphs, with_minus
from caa_tui.tui.workspace import Workspace
from caa_tui.wording import count

REST_SECONDS = 0.1
"""How long the cursor must rest before another story is drawn: a held key moves the cursor, not the text."""


class StoryView(VerticalScroll):
    """Read-only; Enter in the lists opens the editor."""

    DEFAULT_CSS = """
    StoryView { padding: 0 1; scrollbar-size-vertical: 1; background: $surface; }
    StoryView > #story-facts { height: auto; margin-bottom: 1; }
    StoryView > #story-text { height: auto; }
    StoryView > #story-remarks { height: auto; margin-top: 1; }
    """
    HELP_TITLE = "Story"
    HELP = (
        "The story under the cursor, to read, with its length and what is wrong with it. {open_story} in a "
        "list opens it for writing."
    )

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._pause: Timer | None = None
        """Runs while the cursor may still be moving."""
        self._waiting: tuple[Workspace, str, Glyphs] | None = None
        """What is drawn when it rests."""

    def compose(self) -> ComposeResult:
        yield Static(id="story-facts")
        yield Static(id="story-text")
        yield Static(id="story-remarks")

    def follow(self, workspace: Workspace, path: str, glyphs: Glyphs) -> None:
        """Show what the cursor came to, after the cursor itself is drawn; of a quick succession only the last."""
        first = self._waiting is None and self._pause is None
        self._waiting = (workspace, path, glyphs)
        if first:
            self.call_after_refresh(self._catch_up)
        elif self._pause is not None:
            self._pause.reset()

    def _catch_up(self) -> None:
        self._pause = None
        if self._waiting is not None:
            self._pause = self.set_timer(REST_SECONDS, self._catch_up)
            self.show_path(*self._waiting)

    def show_path(self, workspace: Workspace, path: str, glyphs: Glyphs) -> None:
        """Show a file of the corpus, or what it means that there is none."""
        self._waiting = None
        story = workspace.corpus.by_path.get(path)
        remarks = _remarks(workspace, path, glyphs)
        if story is not None:
            self._set(_facts(workspace, story, glyphs), plain(story.text), remarks)
        elif is_unwritten(workspace.corpus, path):
            self._set(*_unwritten(workspace, path), remarks)
        else:
            self._set(plain(path, "bold"), Content(""), remarks)

    def say(self, title: str, text: str) -> None:
        """Show words where there is no file."""
        self._waiting = None
        self._set(plain(title, "bold"), plain(text), Content(""))

    def _set(self, facts: Content, text: Content, remarks: Content) -> None:
        self.query_one("#story-facts", Static).update(facts)
        self.query_one("#story-text", Static).update(text)
        self.query_one("#story-remarks", Static).update(remarks)
        self.scroll_home(animate=False)


def _unwritten(workspace: Workspace, path: str) -> tuple[Content, Content]:
    """What a missing story should be, with the scenario's facts to keep to."""
    scenario, stem = split_story_path(path)
    baseline = workspace.corpus.baseline_of(scenario) if scenario else None
    missing = stem == BASELINE or workspace.coverage.cell(stem, scenario) is CellState.MISSING
    facts = plain(path, "bold") + Content(f"\n{'wanted, not written yet' if missing else 'not asked for'}")
    if baseline is not None:
        facts += Content.styled(f"\nbaseline {count(baseline.words, 'word')}", "$foreground 70%")
    if workspace.read_only:
        return facts, plain(baseline.text, "$foreground 70%") if baseline else Content("")
    text = Content(f"Press {workspace.keys.name('new_story')} to write it.")
    if baseline is not None:
        text += Content(" The baseline it should keep to:\n\n") + plain(baseline.text, "$foreground 70%")
    return facts, text


def _facts(workspace: Workspace, story: Story, glyphs: Glyphs) -> Content:
    lines: list[Content] = [plain(story.path, "bold")]
    if story.path in workspace.edited and workspace.run is not None:
        lines[0] += Content.styled(f"  {glyphs.edited} edited", "$accent")
    baseline = workspace.corpus.baseline_of(story.scenario) if story.scenario else None
    facts = count(story.words, "word")
    if baseline is not None and baseline is not story:
        facts += f" (baseline {baseline.words})"
    lines.append(Content.styled(facts, "$foreground 70%"))
    return Content("\n").join(lines)


def _remarks(workspace: Workspace, path: str, glyphs: Glyphs) -> Content:
    """Flags this story is evidence for, then findings."""
    lines: list[Content] = []
    found = workspace.runs.evidence_by_path.get(path, ())
    for flag, evidence in [pair for pair in found if pair[0].kind != "unreliable"][:4]:
        head = Content.styled(f"{glyphs.flag(confirmed=flag.confirmed)} {flag.kind} ", "$accent")
        lines.append(head + plain(f"{flag.concept}: {with_minus(evidence.reason, glyphs)}"))
    for finding in workspace.corpus.findings_by_path.get(path, ()):
        lines.append(Content.styled(f"{glyphs.finding} ", "$error") + plain(finding.message))
    return Content("\n").join(lines)
