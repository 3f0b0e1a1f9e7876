"""A save that would overwrite what another program wrote: both texts side by side as a diff, and a choice."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from caa_tui.corpus.text import count_words
from caa_tui.tui.content import plain
from caa_tui.tui.text_diff import SIGNS, differing, unified
from caa_tui.tui.theme import Glyphs
from caa_tui.wording import count

AROUND = 12
"""Lines of the dialog besides the texts, so that the buttons stay in view on a low screen."""
SIDE_BY_SIDE = 110
"""Columns from which both texts stand beside each other."""


class ConflictDialog(ModalScreen[str]):
    """Answers `keep`, `take` or `cancel`; the text that is not chosen goes to the history."""

    CSS = """
    ConflictDialog .dialog { width: 100; }
    ConflictDialog.-wide .dialog { width: 90%; max-width: 180; }
    ConflictDialog #diff-scroll { height: auto; margin-top: 1; background: $surface; padding: 0 1; }
    ConflictDialog #side-by-side { height: auto; display: none; }
    ConflictDialog.-wide #side-by-side { display: block; }
    ConflictDialog.-wide #diff { display: none; }
    ConflictDialog #diff, ConflictDialog .version { height: auto; }
    ConflictDialog .version { width: 1fr; padding: 0 1; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (SIDE_BY_SIDE, "-wide")]
    BINDINGS = [
        Binding("escape", "answer('cancel')", "Cancel", show=False),
        Binding("k", "answer('keep')", "Keep mine", show=False),
        Binding("t", "answer('take')", "Take theirs", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown", "scroll(10)", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, message: str, mine: str, theirs: str | None, glyphs: Glyphs) -> None:
        """`theirs` None: the file is gone or no text any more, so there is nothing to take."""
        super().__init__()
        self._message = message
        self._mine, self._theirs, self._glyphs = mine, theirs, glyphs

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Changed on disk"
            yield Static(plain(self._message))
            if self._theirs is not None:
                yield Static(Content("The text you do not choose is kept in the history."))
                with VerticalScroll(id="diff-scroll"):
                    yield from self._texts(self._mine, self._theirs)
            with Horizontal(classes="buttons"):
                yield Button("Keep mine (k)" if self._theirs is not None else "Create it again (k)", id="keep")
                if self._theirs is not None:
                    yield Button("Take theirs (t)", id="take")
                yield Button("Cancel (esc)", id="cancel", variant="primary")

    def _texts(self, mine: str, theirs: str) -> ComposeResult:
        """Both forms; which one is in view depends on the width."""
        legend = Content.styled("- yours", SIGNS["-"]) + Content("   ") + Content.styled("+ on disk", SIGNS["+"])
        yield Static(Content("\n").join([legend, *unified(mine, theirs, self._glyphs)]), id="diff")
        with Horizontal(id="side-by-side"):
            titles = (f"Yours, {count(count_words(mine), 'word')}", f"On disk, {count(count_words(theirs), 'word')}")
            for title, text in zip(titles, differing(mine, theirs), strict=True):
                yield Static(Content.styled(title, "bold $accent") + Content("\n\n") + text, classes="version")

    def on_resize(self) -> None:
        for scroll in self.query("#diff-scroll"):
            scroll.styles.max_height = max(3, self.size.height - AROUND)

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or "cancel")

    def action_scroll(self, lines: int) -> None:
        """The texts scroll while a button has the focus."""
        for scroll in self.query("#diff-scroll"):
            scroll.scroll_relative(y=lines, animate=False)

    def action_answer(self, answer: str) -> None:
        if answer != "take" or self._theirs is not None:
            self.dismiss(answer)
