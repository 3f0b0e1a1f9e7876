"""Every corpus problem that is seen without a model, errors first; Enter opens the file."""

from __future__ import annotations

from textual.binding import Binding
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from caa_tui.corpus.model import Finding, Severity
from caa_tui.tui.content import plain
from caa_tui.tui.messages import StoryChosen, StoryPointed
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.workspace import Workspace

ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}

SHOWN_FINDINGS = 1000
"""Rows that are drawn; ten thousand would hold the screen up at every key of the filter."""


class FindingsList(OptionList):
    """One finding a row: severity in a word, then the sentence."""

    DEFAULT_CSS = """
    FindingsList { height: 1fr; border: none; background: $surface; scrollbar-size-vertical: 1; padding: 0 1; }
    FindingsList:focus { border: none; }
    """
    BINDINGS = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "first", "First", show=False),
        Binding("G", "last", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._findings: list[Finding] = []
        self._shown: tuple[tuple[Finding, ...], str] | None = None
        """The findings and the filter that were drawn."""

    def show(self, workspace: Workspace, glyphs: Glyphs, needle: str = "") -> None:
        """List the findings whose sentence or path contains the filter; the cursor keeps its place."""
        needle = needle.lower()
        if self._shown is not None and self._shown[0] is workspace.corpus.findings and self._shown[1] == needle:
            return
        self._shown = (workspace.corpus.findings, needle)
        cursor = self.highlighted or 0
        found = sorted(
            (
                finding
                for finding in workspace.corpus.findings
                if needle in finding.message.lower() or any(needle in path.lower() for path in finding.paths)
            ),
            key=lambda finding: (ORDER[finding.severity], finding.kind, finding.paths),
        )
        self._findings = found[:SHOWN_FINDINGS]
        self.clear_options()
        self.add_options([Option(_row(finding, glyphs)) for finding in self._findings])
        if len(found) > SHOWN_FINDINGS:
            rest = f"and {len(found) - SHOWN_FINDINGS:,} more: press / and type a part of a name to see fewer"
            self.add_option(Option(rest, disabled=True))
        if not self._findings:
            self.add_option(Option("No findings. The corpus is in order.", disabled=True))
        else:
            self.highlighted = min(cursor, len(self._findings) - 1)

    @property
    def path(self) -> str | None:
        """The file of the finding under the cursor."""
        if self.highlighted is None or self.highlighted >= len(self._findings):
            return None
        paths = self._findings[self.highlighted].paths
        return paths[0] if paths else None

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self.path:
            self.post_message(StoryPointed(self.path))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.path:
            self.post_message(StoryChosen(self.path))


def _row(finding: Finding, glyphs: Glyphs) -> Content:
    style = "$error" if finding.severity is Severity.ERROR else "$foreground 70%"
    mark = glyphs.finding if finding.severity is not Severity.NOTE else " "
    return Content.styled(f"{mark} {finding.severity.value:<8}", style) + plain(finding.message)
