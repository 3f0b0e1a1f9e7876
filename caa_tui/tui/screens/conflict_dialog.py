"""A save that would overwrite what another program wrote: both texts side by side as a diff, and a choice."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from itertools import islice

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from caa_tui.tui.content import plain

STYLES = {"+": "$success", "-": "$error"}
SHOWN_LINES = 400
_SENTENCE = re.compile(r"(?<=[.!?…])[ ]+|\n")
"""A story is often one long line, so lines would say nothing."""


class ConflictDialog(ModalScreen[str]):
    """Answers `keep`, `take` or `cancel`; the text that is not chosen goes to the history."""

    CSS = """
    ConflictDialog .dialog { width: 100; }
    ConflictDialog #diff-scroll { height: auto; max-height: 14; margin-top: 1; background: $surface; padding: 0 1; }
    ConflictDialog #diff { height: auto; }
    """
    BINDINGS = [
        Binding("escape", "answer('cancel')", "Cancel", show=False),
        Binding("k", "answer('keep')", "Keep mine", show=False),
        Binding("t", "answer('take')", "Take theirs", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, message: str, mine: str, theirs: str | None) -> None:
        """`theirs` None: the file is gone or no text any more, so there is nothing to take."""
        super().__init__()
        self._message = message
        self._mine, self._theirs = mine, theirs

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Changed on disk"
            yield Static(plain(self._message))
            if self._theirs is not None:
                yield Static(Content("The text you do not choose is kept in the history."))
                with VerticalScroll(id="diff-scroll"):
                    yield Static(Content("\n").join(_diff(self._mine, self._theirs)), id="diff")
            with Horizontal(classes="buttons"):
                yield Button("Keep mine (k)" if self._theirs is not None else "Create it again (k)", id="keep")
                if self._theirs is not None:
                    yield Button("Take theirs (t)", id="take")
                yield Button("Cancel (esc)", id="cancel", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or "cancel")

    def action_answer(self, answer: str) -> None:
        if answer != "take" or self._theirs is not None:
            self.dismiss(answer)


def _diff(mine: str, theirs: str) -> Iterator[Content]:
    """Sentences that differ: `-` only in the editor, `+` only on disk."""
    yield Content.styled("- yours", STYLES["-"]) + Content("   ") + Content.styled("+ on disk", STYLES["+"])
    lines = difflib.unified_diff(_SENTENCE.split(mine), _SENTENCE.split(theirs), n=1, lineterm="")
    # The first two lines name the files.
    for shown, line in enumerate(line for line in islice(lines, 2, None) if not line.startswith("@@")):
        if shown == SHOWN_LINES:
            yield Content("and more")
            return
        yield plain(f"{line[:1]} {line[1:]}", STYLES.get(line[:1], "$foreground 70%"))
