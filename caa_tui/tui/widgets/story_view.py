"""The story under the cursor, to read: its facts, its text, what is wrong with it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from caa_tui.corpus.coverage import CellState
from caa_tui.corpus.model import Story, story_path
from caa_tui.text_safety import printable
from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.workspace import Workspace
from caa_tui.wording import count


class StoryView(VerticalScroll):
    """Read-only; Enter in the lists opens the editor."""

    DEFAULT_CSS = """
    StoryView { padding: 0 1; scrollbar-size-vertical: 1; background: $surface; }
    StoryView > #story-facts { height: auto; margin-bottom: 1; }
    StoryView > #story-text { height: auto; }
    StoryView > #story-remarks { height: auto; margin-top: 1; }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="story-facts")
        yield Static(id="story-text")
        yield Static(id="story-remarks")

    def show_path(self, workspace: Workspace, path: str, glyphs: Glyphs) -> None:
        """Show a file of the corpus."""
        story = workspace.corpus.by_path.get(path)
        if story is None:
            self._set(Content(printable(path)), Content(""), _remarks(workspace, path, glyphs))
            return
        self._set(_facts(workspace, story, glyphs), plain(story.text), _remarks(workspace, path, glyphs))

    def show_cell(self, workspace: Workspace, concept: str, scenario: str | None, glyphs: Glyphs) -> None:
        """Show the story of a coverage cell, or what its absence means."""
        state = workspace.coverage.cell(concept, scenario)
        path = story_path(concept, scenario)
        if state is CellState.PRESENT:
            self.show_path(workspace, path, glyphs)
            return
        wanted = "wanted, not written yet" if state is CellState.MISSING else "not asked for"
        text = Content.assemble((printable(path), "bold"), f"\n{wanted}")
        baseline = workspace.corpus.baseline_of(scenario) if scenario else None
        below = plain(baseline.text, "$foreground 70%") if baseline else Content("")
        hint = "Press n to write it." + (" The baseline it should keep to:" if baseline else "")
        self._set(text, Content(hint) if not workspace.read_only else Content(""), below)

    def _set(self, facts: Content, text: Content, remarks: Content) -> None:
        self.query_one("#story-facts", Static).update(facts)
        self.query_one("#story-text", Static).update(text)
        self.query_one("#story-remarks", Static).update(remarks)
        self.scroll_home(animate=False)


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
    for flag, evidence in workspace.runs.evidence_by_path.get(path, ())[:4]:
        head = Content.styled(f"{glyphs.flagged} {flag.kind} ", "$accent")
        lines.append(head + plain(f"{flag.concept}: {evidence.reason}"))
    for finding in workspace.corpus.findings_by_path.get(path, ()):
        lines.append(Content.styled(f"{glyphs.finding} ", "$error") + plain(finding.message))
    return Content("\n").join(lines)
