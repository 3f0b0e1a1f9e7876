"""Every corpus problem that is seen without a model, errors first; Enter goes where it is put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList

from caa_tui.corpus.model import Finding, Severity
from caa_tui.tui.content import plain
from caa_tui.tui.messages import StoryPointed
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.choice_list import SHOWN_ROWS, ChoiceList
from caa_tui.tui.widgets.next_list import place_words
from caa_tui.tui.workspace import Workspace
from caa_tui.vectors.next_stories import NextStory

ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
PLACES_NAMED = 5
"""Places that are named for a concept without a story."""


class FindingsList(ChoiceList):
    """One finding a row: severity in a word, then the sentence."""

    HELP_TITLE = "Findings"
    HELP = (
        "Problems of the files that are seen without a model, errors first. {open_story} opens the story a "
        "finding is about."
    )

    @dataclass
    class Chosen(Message):
        """Enter, or a second click."""

        finding: Finding

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._findings: list[Finding] = []
        self._shown: tuple[tuple[Finding, ...], str] | None = None
        """The findings and the filter that were drawn."""

    def show(self, workspace: Workspace, glyphs: Glyphs, needle: str = "") -> None:
        """List the findings whose sentence or path contains the filter."""
        needle, findings = needle.lower(), workspace.corpus.findings
        if self._shown is not None and self._shown[0] is findings and self._shown[1] == needle:
            return
        self._shown = (findings, needle)
        found = sorted(
            (finding for finding in findings if _fits(finding, needle)),
            key=lambda finding: (ORDER[finding.severity], finding.kind, finding.paths),
        )
        self._findings = found[:SHOWN_ROWS]
        empty = "No finding contains this text." if needle and findings else "No findings. The corpus is in order."
        self.fill([_row(finding, glyphs) for finding in self._findings], len(found), empty)

    @property
    def finding(self) -> Finding | None:
        """The one under the cursor."""
        row = self.highlighted
        return self._findings[row] if row is not None and row < len(self._findings) else None

    @property
    def path(self) -> str | None:
        """The file of the finding under the cursor, empty when it has none; None without a finding."""
        return next(iter(self.finding.paths), "") if self.finding else None

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self.has_focus and self.path is not None:
            self.post_message(StoryPointed(self.path))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.finding:
            self.post_message(self.Chosen(self.finding))


def without_file(finding: Finding, following: Sequence[NextStory], new_key: str, glyphs: Glyphs) -> tuple[str, str]:
    """What there is to know about a finding that no file is behind: a title, and what to do.

    `following`: what to write next, the most helpful first; `new_key`: empty where nothing can be written.
    """
    places = [story for story in following if story.stem == finding.concept][:PLACES_NAMED]
    parts = [finding.message]
    if places:
        names = (f"  {place_words(story.stem, story.scenario, glyphs)}" for story in places)
        parts.append("\n".join(("Where it would help most:", *names)))
    if new_key:
        parts.append(f"Press {new_key} to write {'one of them' if places else 'its first story'}.")
    return finding.concept or "The corpus", "\n\n".join(parts)


def _fits(finding: Finding, needle: str) -> bool:
    return needle in finding.message.lower() or any(needle in path.lower() for path in finding.paths)


def _row(finding: Finding, glyphs: Glyphs) -> Content:
    style = "$error" if finding.severity is Severity.ERROR else ""
    mark = glyphs.finding if finding.severity is not Severity.NOTE else " "
    return Content.styled(f"{mark} {finding.severity.value:<8}", style) + plain(finding.message)
