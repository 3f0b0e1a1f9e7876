"""Below the triage table: what holds for the whole run, never cut in the middle of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from caa_tui.tui.content import plain

MOST_LINES, NARROW_LINES = 9, 6
"""The table needs the others."""


class RemarksText(VerticalScroll, can_focus=False):
    """As many whole remarks as there is room for; the others are a scroll away."""

    DEFAULT_CSS = """
    RemarksText { height: auto; padding: 0 1; scrollbar-size-vertical: 1; }
    RemarksText #remarks { height: auto; color: $foreground 65%; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._remarks: list[Content] = []

    def compose(self) -> ComposeResult:
        yield Static(id="remarks")

    def show(self, remarks: Sequence[str]) -> None:
        """Draw these, one below the other."""
        self._remarks = [plain(remark) for remark in remarks]
        self.query_one("#remarks", Static).update(Content("\n").join(self._remarks))
        self._fit()

    def on_resize(self, event: events.Resize) -> None:
        self._fit()

    def _fit(self) -> None:
        width = self.query_one("#remarks").size.width
        if not width:
            return
        room = NARROW_LINES if self.screen.has_class("-narrow") else MOST_LINES
        heights = accumulate(remark.get_height({}, width) for remark in self._remarks)
        self.styles.max_height = max((height for height in heights if height <= room), default=room)
